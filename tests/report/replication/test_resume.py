"""A run that is stopped anywhere and started again ends with the bytes of one that was never stopped; other settings are refused."""

from pathlib import Path
from typing import Any

import pytest

from racemate.evidence.finding import EvidenceError
from racemate.model import Model
from racemate.report.replication.store import MACHINE
from racemate.report.run.folder import RunFolderError
from tests.report.replication.small import PARTS, run, world, write_two
from tests.trial.fake import FakeWorld

pytestmark = pytest.mark.slow


class Killed(BaseException):
    """What no part of the program catches."""


def contents(folder: Path) -> dict[str, bytes]:
    """Every file but the log of the machine, by its path."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.name != MACHINE)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def dying(after: int) -> Any:
    """Worlds that together run so many times and then die in the middle of a run."""
    left = [after]

    class Dying(FakeWorld):
        def run(self, cohort: Any, plan: Any, readings: Any, progress: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return super().run(cohort, plan, readings, progress)

    def make(model: Model) -> FakeWorld:
        healthy = world(model)
        return Dying(healthy.name, effect=healthy.effect)

    return make


@pytest.fixture(scope="module")
def trials(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_two(tmp_path_factory.mktemp("trials"))


@pytest.fixture(scope="module")
def whole(trials: list[Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What an uninterrupted run leaves."""
    out = tmp_path_factory.mktemp("runs") / "whole"
    run(trials, out)
    return contents(out)


def test_a_run_leaves_parts_tables_and_a_report(whole: dict[str, bytes]) -> None:
    assert sum(name.startswith("parts/") for name in whole) == PARTS
    tables = {
        f"{name}.{kind}"
        for name in ("trials", "results", "coverage", "verdict", "simulated")
        for kind in ("csv", "parquet")
    }
    assert tables | {"manifest.json", "report.html", "residuals.svg"} <= set(whole)


@pytest.mark.parametrize("after", range(PARTS))
def test_killed_at_any_part_and_started_again_the_bytes_are_the_same(
    after: int, trials: list[Path], whole: dict[str, bytes], tmp_path: Path
) -> None:
    with pytest.raises(Killed):
        run(trials, tmp_path / "run", worlds=dying(after))
    left = contents(tmp_path / "run")
    assert sum(name.startswith("parts/") for name in left) == after
    assert "report.html" not in left
    run(trials, tmp_path / "run", worlds=dying(PARTS - after))
    assert contents(tmp_path / "run") == whole


def test_killed_again_and_again(trials: list[Path], whole: dict[str, bytes], tmp_path: Path) -> None:
    for _ in range(PARTS - 1):
        with pytest.raises(Killed):
            run(trials, tmp_path / "run", worlds=dying(1))
    run(trials, tmp_path / "run", worlds=dying(1))
    assert contents(tmp_path / "run") == whole


def test_stopped_by_progress_and_started_again_on_more_threads(
    trials: list[Path], whole: dict[str, bytes], tmp_path: Path
) -> None:
    def stop(now: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(trials, tmp_path / "run", progress=stop)
    run(trials, tmp_path / "run", jobs=3)
    assert contents(tmp_path / "run") == whole


def test_a_spoilt_part_and_a_half_written_file_are_made_again(
    trials: list[Path], whole: dict[str, bytes], tmp_path: Path
) -> None:
    run(trials, tmp_path / "run")
    parts = sorted((tmp_path / "run" / "parts").rglob("*.npz"))
    parts[0].write_bytes(parts[0].read_bytes()[:-40])
    parts[1].write_bytes(b"")
    parts[2].with_name(f".{parts[2].name}.77.partial").write_bytes(b"half")
    run(trials, tmp_path / "run", worlds=dying(2))
    assert contents(tmp_path / "run") == whole


def test_a_record_kept_in_memory_saves_the_same_bytes(
    trials: list[Path], whole: dict[str, bytes], tmp_path: Path
) -> None:
    run(trials).save(tmp_path / "run")
    assert contents(tmp_path / "run") == whole


def test_other_settings_are_refused_and_nothing_is_touched(
    trials: list[Path], whole: dict[str, bytes], tmp_path: Path
) -> None:
    run(trials, tmp_path / "run")
    for asked in ({"seed": 2}, {"replicates": 9}, {"courses": None}):
        with pytest.raises(RunFolderError, match=r"arguments: found .* as the run in that folder was begun, or a new"):
            run(trials, tmp_path / "run", **asked)
    assert contents(tmp_path / "run") == whole


def test_a_folder_of_something_else_is_refused_unless_forced_and_stays(trials: list[Path], tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(RunFolderError, match="a folder that is not empty"):
        run(trials, tmp_path)
    run(trials, tmp_path, force=True)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_trial_that_cannot_be_run_is_listed_with_its_reason(trials: list[Path], tmp_path: Path) -> None:
    class Broken(FakeWorld):
        def run(self, cohort: Any, plan: Any, readings: Any, progress: Any) -> Any:
            del cohort, plan, readings, progress
            raise FloatingPointError("person 3: found nan")

    def make(model: Model) -> FakeWorld:
        return Broken(model.hypothesis.name)

    found = run(trials, tmp_path / "run", worlds=make)
    assert [row["reason"] for row in found.status] == ["person 3: found nan"] * 2
    assert not found.runs
    assert "person 3: found nan" in (tmp_path / "run" / "report.html").read_text()


def test_what_nobody_can_run_is_refused(trials: list[Path]) -> None:
    for asked, words in (
        ({"replicates": 0}, "replicates: found 0"),
        ({"courses": 0}, "courses: found 0"),
        ({"trials": [trials[0], trials[0]]}, "twice"),
    ):
        with pytest.raises(EvidenceError, match=words):
            run(**{"trials": trials, **asked})
