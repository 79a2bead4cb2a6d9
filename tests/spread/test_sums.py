"""Sums of answers: the same from processes and from a tree on a cluster, a lost worker's work done again, and errors told."""

import operator
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from racemate.spread import sums as module
from racemate.spread.cluster import _answer
from racemate.spread.hand import LostError
from racemate.spread.sums import FAN, HEARD, height, sums
from tests.spread.tasks import add, die, die_once, idle, refuse, who

JOBS = list(range(20))
WHOLE = sum(10 + job for job in JOBS)
MANY = (
    pytest.param({"count": 1}, id="here"),
    pytest.param({"count": 3}, id="processes"),
    pytest.param({"scheduler": "local:2"}, id="cluster", marks=pytest.mark.slow),
)


def found(where: dict[str, Any], **asked: Any) -> list[tuple[Sequence[int], int]]:
    return list(sums(add, operator.add, 10, JOBS, **where, **asked))


def test_no_work_is_no_trouble() -> None:
    assert not list(sums(add, operator.add, 10, []))


@pytest.mark.parametrize("where", MANY)
def test_every_job_is_in_one_sum(where: dict[str, Any]) -> None:
    told: list[int] = []
    parts = found(where, follow=told.append)
    assert sorted(job for jobs, _ in parts for job in jobs) == JOBS
    assert all(answer == sum(10 + job for job in jobs) for jobs, answer in parts)
    assert sum(answer for _, answer in parts) == WHOLE
    assert told == sorted(told)


@pytest.mark.slow
def test_workers_add_as_high_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FAN", 3)
    monkeypatch.setattr(module, "HEARD", 3)
    parts = found({"scheduler": "local:2"})
    assert sorted(len(jobs) for jobs, _ in parts) == [2, 9, 9]
    assert sum(answer for _, answer in parts) == WHOLE


def test_who_asks_hears_of_few_sums_however_many_jobs_there_are() -> None:
    for jobs in (1, HEARD, FAN * HEARD, FAN * HEARD + 1, 10**6):
        assert jobs <= HEARD * FAN ** height(jobs)
    assert (height(1), height(FAN * HEARD), height(FAN * HEARD + 1)) == (1, 1, 2)


@pytest.mark.parametrize("where", MANY)
def test_what_a_job_raises_is_raised_here(where: dict[str, Any]) -> None:
    with pytest.raises(FloatingPointError, match="job 1: found nan"):
        list(sums(refuse, operator.add, None, range(4), **where))


@pytest.mark.slow
def test_answers_that_a_lost_worker_held_are_made_again(tmp_path: Path) -> None:
    parts = list(sums(die_once, operator.add, str(tmp_path), range(6), scheduler="local:2"))
    assert [(list(jobs), answer) for jobs, answer in parts] == [(list(range(6)), 150)]
    assert (tmp_path / "died").exists()


@pytest.mark.slow
def test_workers_that_are_always_lost_are_told() -> None:
    with pytest.raises(LostError, match="ended from outside"):
        list(sums(die, operator.add, None, range(2), scheduler="local:1"))


@pytest.mark.slow
def test_a_cluster_that_stands_is_left_in_peace_when_the_one_who_listens_stops(tmp_path: Path) -> None:
    from distributed import Client, LocalCluster

    def stop(_: int) -> None:
        if any(tmp_path.iterdir()):
            raise KeyboardInterrupt

    there: Any = LocalCluster(1, threads_per_worker=1, dashboard_address=":0")
    with there, Client(there) as client:
        with pytest.raises(KeyboardInterrupt):
            list(sums(idle, operator.add, str(tmp_path), JOBS, scheduler=there.scheduler_address, follow=stop))
        assert not client.run_on_scheduler(lambda dask_scheduler: list(dask_scheduler.tasks))


@pytest.mark.slow
def test_a_job_that_is_called_off_is_lost() -> None:
    from distributed import Client, LocalCluster

    there: Any = LocalCluster(1, processes=False, dashboard_address=":0")
    with there, Client(there) as client:
        job = client.submit(add, 1, 1, workers="nowhere")
        client.cancel([job])
        found = _answer(job)
    assert isinstance(found.error, LostError)
    assert "called off" in str(found.error)


@pytest.mark.parametrize(("where", "alone"), [({"count": 1}, True), ({"count": 2}, False)])
def test_what_one_process_can_do_is_done_here(where: dict[str, Any], alone: bool) -> None:
    done = {process for _, process in sums(who, operator.add, 0.0, JOBS[:4], **where)}
    assert (done == {os.getpid()}) is alone


def test_one_job_is_done_here() -> None:
    assert [process for _, process in sums(who, operator.add, 0.0, JOBS[:1])] == [os.getpid()]


def test_a_process_that_is_lost_is_told() -> None:
    with pytest.raises(LostError, match="exit 3"):
        list(sums(die, operator.add, None, range(2), count=2))


def test_the_one_who_listens_stops_the_processes(tmp_path: Path) -> None:
    def stop(_: int) -> None:
        if any(tmp_path.iterdir()):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(sums(idle, operator.add, str(tmp_path), JOBS, count=2, follow=stop))
    for file in tmp_path.iterdir():
        with pytest.raises(ProcessLookupError):
            os.kill(int(file.name), 0)
