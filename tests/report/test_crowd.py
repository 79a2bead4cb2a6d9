"""A crowd from the command line: counts alone, the same after a stop and again, and errors before anything runs."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from racemate import cli
from racemate.evidence.finding import EvidenceError
from racemate.evidence.library import library
from racemate.report.run import crowd as running
from racemate.simulate.check import memory
from racemate.spread.hand import Hand
from racemate.trial.crowd.work import Crowd, Ledger
from racemate.trial.published import protocol_of
from tests.trial.fake import FakeWorld

SIZE = ["--replicates", "3", "--people", "4", "--quiet", "--summary"]


@pytest.fixture(scope="module")
def run(trial: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "first"
    assert cli.run(["replicate", str(trial), *SIZE, "--out", str(out)]) == 0
    return out


def grid(run: Path) -> dict[str, Any]:
    """How the people of a run were solved."""
    return json.loads((run / "manifest.json").read_text())["grid"]


def test_a_run_leaves_counts_of_everybody_and_no_begun_folder(run: Path) -> None:
    manifest = json.loads((run / "manifest.json").read_text())
    table = pd.read_parquet(run / "simulated.parquet")
    assert manifest["people_simulated"] == 24
    solved = manifest["grid"]["composite"]
    assert solved["windows"] > 0
    assert set(solved["check"]) == {"looked_at_again", "outliers", "error"}
    assert not run.with_name("first.begun").exists()
    baseline = table[(table.outcome == "madrs") & (table.hours == 0)]
    assert baseline.n.tolist() == [12, 12]
    assert set(table.statistic) == {"value", "change", "response", "share"}


def test_a_stopped_run_goes_on_and_ends_the_same(
    trial: Path, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "CHUNK", 8)

    def stop(_card: str, done: int, _total: int) -> None:
        if done >= 8:
            raise KeyboardInterrupt

    out = tmp_path / "again"
    with pytest.raises(KeyboardInterrupt):
        running.crowd(str(trial), people=4, replicates=3, jobs=1, begun=out.with_name("again.begun"), progress=stop)
    assert cli.run(["replicate", str(trial), *SIZE, "--out", str(out)]) == 0
    assert (out / "simulated.csv").read_bytes() == (run / "simulated.csv").read_bytes()
    assert grid(out) == grid(run), "how well the people were solved who were done before the stop is told as well"
    assert not out.with_name("again.begun").exists()


def test_an_interrupt_tells_where_the_counts_are(
    trial: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = Ledger.add

    def stopping(self: Ledger, chunks: Any, found: Any) -> None:
        whole(self, chunks, found)
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "CHUNK", 8)
    monkeypatch.setattr(Ledger, "add", stopping)
    asked = ["replicate", str(trial), *SIZE, "--jobs", "1"]
    assert cli.run([*asked, "--out", str(tmp_path / "run")]) == 130
    assert f"counts so far stay in {tmp_path / 'run.begun'}" in capsys.readouterr().err
    assert cli.run(asked) == 130
    assert "interrupted; nothing was written" in capsys.readouterr().err


def test_a_process_that_is_ended_from_outside_is_told_in_one_line(
    trial: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = Hand.do

    def killed(self: Hand, job: Any) -> Any:
        self.end()
        return asked(self, job)

    monkeypatch.setattr(running, "CHUNK", 8)
    monkeypatch.setattr(Hand, "do", killed)
    assert cli.run(["replicate", str(trial), *SIZE, "--jobs", "2", "--out", str(tmp_path / "run")]) == 1
    said = capsys.readouterr()
    assert said.err.startswith("racemate: a process that worked was ended from outside (exit -9)")
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert not any(tmp_path.iterdir()), "nothing is half written"


def test_other_code_does_not_go_on(trial: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {"trial": str(trial), "people": 4, "replicates": 3, "jobs": 1, "begun": tmp_path}
    running.crowd(**asked)
    monkeypatch.setattr(running, "code", lambda *_: "other")
    with pytest.raises(EvidenceError, match="counts of another run"):
        running.crowd(**asked)


@pytest.mark.slow
@pytest.mark.parametrize("where", [["--jobs", "2"], ["--scheduler", "local:2"]], ids=["processes", "cluster"])
def test_others_make_the_same_bytes(
    trial: Path, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: list[str]
) -> None:
    monkeypatch.setattr(running, "CHUNK", 8)
    out = tmp_path / "others"
    assert cli.run(["replicate", str(trial), *SIZE, "--out", str(out), *where]) == 0
    for name in ("simulated.csv", "simulated.parquet"):
        assert (out / name).read_bytes() == (run / name).read_bytes()
    assert grid(out) == grid(run)


def test_memory_is_that_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Crowd(protocol_of(library().trial("transform-2")), FakeWorld(), 1, 1000, None, least=500)
    here = [running.room(one, None, where) for where in ("local:1", "local:3", "tcp://there:1")]
    assert here[0] is not None
    assert here[1:] == [3 * here[0] - 2 * running._SHARED, None]
    assert [running.room(one, jobs, None) for jobs in (0, 1, 3)] == [here[0], *here[:2]]
    monkeypatch.setattr(memory, "free", lambda: here[0])
    with pytest.raises(EvidenceError, match="fewer workers"):
        running.room(one, None, "local:3")
    with pytest.raises(EvidenceError, match="fewer --jobs"):
        running.room(one, 9, None)


def test_it_is_made_again_to_the_last_bit(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["rerun", str(run)]) == 0
    assert "the same numbers to the last bit" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "TRIAL: found nothing"),
        (["--all"], "found --all, allowed: one trial"),
        (["williams-2018", "--courses", "3"], "found --courses, allowed: one trial"),
        (["williams-2018", "--scheduler", "nowhere"], "address: found 'nowhere', allowed: local"),
        (["williams-2018", "--replicates", "0"], "a whole number from 1"),
        (["williams-2018", "--people", "0"], "a whole number from 1"),
    ],
)
def test_what_cannot_be_run_is_refused(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["replicate", *words, "--summary"]) == 2
    assert told in capsys.readouterr().err
