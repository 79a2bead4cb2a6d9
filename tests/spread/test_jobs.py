"""Jobs spread over processes or a cluster: the same answers, errors told, a lost worker's work done again, and nobody left behind."""

import io
import os
import pickle
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from multiprocessing import active_children
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from racemate.evidence.finding import EvidenceError, Finding
from racemate.spread.charge import Charge, Raised
from racemate.spread.hand import LostError, serve
from racemate.spread.jobs import spread
from tests.spread.tasks import add, die, die_once, idle, is_ready, ready, refuse, who

SUMS = {k: 10 + k for k in range(5)}
MANY = (pytest.param({"processes": 2}, id="processes"), pytest.param({"scheduler": "local:2"}, id="cluster"))


class UnsendableError(Exception):
    """Cannot be sent, whatever a library teaches errors in general."""

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("not to be sent")


def answers(task: Callable[[Any, Any], Any], *asked: Any) -> list[Any]:
    """What comes back for what is asked; `serve` ends by itself where its input does."""
    out = io.BytesIO()
    charge = pickle.dumps(sys.path) + pickle.dumps(Charge(task, "held"))
    serve(io.BytesIO(charge + b"".join(map(pickle.dumps, asked))), out, lambda: None)
    out.seek(0)
    found = []
    while out.tell() < len(out.getvalue()):
        found.append(pickle.load(out))
    return found


def unsendable(held: Any, job: Any) -> Any:
    raise UnsendableError("this and that")


def test_no_work_is_no_trouble() -> None:
    assert not list(spread(add, 10, []))


def test_without_processes_all_is_done_here() -> None:
    assert dict(spread(add, 10, range(5), 0)) == SUMS


def test_an_error_is_an_answer() -> None:
    first, second, third = answers(refuse, 0, 1, 2)
    assert (first, third) == (0, 2)
    assert isinstance(second, Raised)
    assert isinstance(second.error, FloatingPointError)
    assert "in refuse" in "".join(second.error.__notes__)


def test_an_error_that_cannot_be_sent_is_told_in_words() -> None:
    (found,) = answers(unsendable, 0)
    assert isinstance(found.error, RuntimeError)
    assert "this and that" in str(found.error)


def test_a_refusal_is_sent_as_it_is() -> None:
    refusal = EvidenceError("file.toml", "field", "this", "that", [Finding("other.toml", "field", "one", "two")])
    refusal.add_note("where it was raised")
    sent = pickle.loads(pickle.dumps(refusal))
    assert type(sent) is EvidenceError
    assert (sent.findings, str(sent), sent.__notes__) == (refusal.findings, str(refusal), refusal.__notes__)


_AWAY = Event()
_SINK: list[int] = []


def wait(held: Any, job: Any) -> str:
    os.close(_SINK.pop())
    assert _AWAY.wait(5), "nobody noticed"
    return "late"


def test_who_asked_is_gone_and_it_is_noticed_while_a_job_is_done() -> None:
    source, sink = os.pipe()
    _SINK.append(sink)
    os.write(sink, pickle.dumps(sys.path) + pickle.dumps(Charge(wait, None)) + pickle.dumps(0))
    with os.fdopen(source, "rb") as asked:
        serve(asked, io.BytesIO(), _AWAY.set)
    assert _AWAY.is_set()


def test_the_one_who_listens_stops_the_work(tmp_path: Path) -> None:
    def heed() -> None:
        if any(tmp_path.iterdir()):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(spread(idle, str(tmp_path), range(2), 2, heed=heed))
    ended([int(file.name) for file in tmp_path.iterdir()])


@pytest.mark.slow
@pytest.mark.parametrize("where", MANY)
def test_others_give_what_this_process_gives(where: dict[str, Any]) -> None:
    assert dict(spread(add, 10, range(5), **where)) == SUMS


@pytest.mark.slow
@pytest.mark.parametrize("where", MANY)
def test_what_a_job_raises_is_raised_here(where: dict[str, Any]) -> None:
    with pytest.raises(FloatingPointError, match="job 1: found nan"):
        list(spread(refuse, None, range(4), **where))


@pytest.mark.slow
@pytest.mark.parametrize("where", MANY)
def test_work_is_dealt_out_to_all(where: dict[str, Any]) -> None:
    done = Counter(process for _, process in spread(who, 0.1, range(12), **where))
    assert len(done) == 2
    assert min(done.values()) >= 4


@pytest.mark.parametrize("where", MANY)
def test_processes_are_made_ready(where: dict[str, Any]) -> None:
    assert all(done for _, done in spread(is_ready, None, range(3), ready=ready, **where))


@pytest.mark.slow
@pytest.mark.parametrize("where", MANY)
def test_workers_that_are_always_lost_are_told(where: dict[str, Any]) -> None:
    with pytest.raises(LostError, match="ended from outside"):
        list(spread(die, None, range(2), **where))
    assert not active_children(), "one that was just started again is left behind"


@pytest.mark.slow
def test_the_work_of_a_lost_worker_of_a_cluster_is_done_again(tmp_path: Path) -> None:
    found = dict(spread(die_once, str(tmp_path), range(6), scheduler="local:2"))
    assert found == {k: 10 * k for k in range(6)}
    assert (tmp_path / "died").exists()


@pytest.mark.parametrize("scheduler", ["nowhere", "local:0", "local:many", "tcp://127.0.0.1:9"])
def test_what_is_no_cluster_is_refused(scheduler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("racemate.spread.cluster._WAIT_S", 1)
    with pytest.raises(EvidenceError, match="--scheduler"):
        list(spread(add, 10, range(5), scheduler=scheduler))


ASKING = """
from tests.spread.tasks import idle
from racemate.spread.jobs import spread
list(spread(idle, {folder!r}, range(2), 2))
"""


@pytest.mark.slow
def test_processes_end_with_the_one_who_asked(tmp_path: Path) -> None:
    script = tmp_path / "asking.py"
    script.write_text(ASKING.format(folder=str(tmp_path)))
    asking = subprocess.Popen([sys.executable, script], env={**os.environ, "PYTHONPATH": str(Path.cwd())})
    while len(workers := [int(file.name) for file in tmp_path.iterdir() if file.name.isdecimal()]) < 2:
        assert asking.poll() is None
        time.sleep(0.1)
    asking.kill()
    asking.wait()
    ended(workers)


def ended(processes: list[int]) -> None:
    """All of them are gone before long."""
    until = time.monotonic() + 30
    while any(map(alive, processes)):
        assert time.monotonic() < until
        time.sleep(0.1)


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
