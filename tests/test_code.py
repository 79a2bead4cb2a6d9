"""The hash that kept results are found by follows the code, all of it and nothing else."""

from pathlib import Path

import pytest

from racemate import code as written
from racemate.code import TRIALS, code


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "chain" / "inner").mkdir(parents=True)
    (tmp_path / "chain" / "inner" / "deep.py").write_text("x = 1\n")
    (tmp_path / "model.py").write_text("y = 1\n")
    monkeypatch.setattr(written, "__file__", str(tmp_path / "code.py"))
    code.cache_clear()
    yield tmp_path
    code.cache_clear()


def test_a_line_in_a_folder_below_changes_it(package: Path):
    before = code("chain", "model.py")
    code.cache_clear()
    (package / "chain" / "inner" / "deep.py").write_text("x = 2\n")
    assert code("chain", "model.py") != before


def test_what_was_not_asked_for_does_not(package: Path):
    before = code("chain")
    code.cache_clear()
    (package / "model.py").write_text("y = 2\n")
    assert code("chain") == before


def test_a_part_that_is_not_there_is_refused(package: Path):
    with pytest.raises(FileNotFoundError, match=r"severity\.py"):
        code("severity.py")


def test_every_part_of_trials_is_there():
    assert len(code(*TRIALS)) == 64
