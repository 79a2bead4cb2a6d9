"""A crowd from the command line: counts alone, the same after a stop and again, and errors before anything runs."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from racemate import cli
from racemate.report.run import crowd as running
from racemate.trial.crowd import work
from tests.cli.small import write_trial

SIZE = ["--replicates", "3", "--people", "4", "--quiet", "--summary"]


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_trial(tmp_path_factory.mktemp("trials") / "own")


@pytest.fixture(scope="module")
def run(trial: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "first"
    assert cli.run(["replicate", str(trial), *SIZE, "--out", str(out)]) == 0
    return out


def test_a_run_leaves_counts_of_everybody_and_no_begun_folder(run: Path) -> None:
    manifest = json.loads((run / "manifest.json").read_text())
    table = pd.read_parquet(run / "simulated.parquet")
    assert manifest["people_simulated"] == 24
    assert manifest["grid"]["composite"]["windows"] > 0
    assert not run.with_name("first.begun").exists()
    baseline = table[(table.outcome == "madrs") & (table.hours == 0)]
    assert baseline.n.tolist() == [12, 12]
    assert set(table.statistic) == {"value", "change", "response", "share"}


def test_a_stopped_run_goes_on_and_ends_the_same(
    trial: Path, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "CHUNK", 8)
    whole = work.Crowd.chunk
    made: list[int] = []

    def stopping(self: work.Crowd, number: int) -> Any:
        if len(made) == 2:
            raise KeyboardInterrupt
        made.append(number)
        return whole(self, number)

    out = tmp_path / "again"
    monkeypatch.setattr(work.Crowd, "chunk", stopping)
    with pytest.raises(KeyboardInterrupt):
        running.crowd(str(trial), people=4, replicates=3, jobs=1, begun=out.with_name("again.begun"))
    monkeypatch.setattr(work.Crowd, "chunk", whole)
    assert cli.run(["replicate", str(trial), *SIZE, "--out", str(out)]) == 0
    assert (out / "simulated.csv").read_bytes() == (run / "simulated.csv").read_bytes()
    assert not out.with_name("again.begun").exists()


def test_it_is_made_again_to_the_last_bit(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["rerun", str(run)]) == 0
    assert "the same numbers to the last bit" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--all"], "allowed: one trial"),
        (["williams-2018", "--courses", "3"], "allowed: one trial"),
        (["williams-2018", "--replicates", "0"], "a whole number from 1"),
        (["williams-2018", "--people", "0"], "a whole number from 1"),
    ],
)
def test_what_cannot_be_run_is_refused(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["replicate", *words, "--summary"]) == 2
    assert told in capsys.readouterr().err
