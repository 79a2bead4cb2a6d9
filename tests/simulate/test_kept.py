"""Remembered grids: found again by another process, never for another world, and never in the way."""

import json

import pytest

from racemate.simulate import kept
from racemate.simulate.check.watch import Watch
from racemate.simulate.grid import Grid

GRID = Grid(((4, 5), (6,)), 1.5e-8, 1e-6, Watch((1.0, 0.1), (0.5, 2e-3), 1e-7))
KEY = ("layouts", "plan", "", 1e-6)


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def test_a_grid_comes_back_as_it_was():
    assert kept.recall(KEY) is None
    kept.remember(KEY, GRID)
    assert kept.recall(KEY) == GRID
    assert kept.recall((*KEY[:3], 1e-7)) is None


def test_other_evidence_or_code_is_another_world(monkeypatch):
    kept.remember(KEY, GRID)
    monkeypatch.setattr(kept, "_world", lambda: "another")
    assert kept.recall(KEY) is None


def test_a_broken_file_is_found_anew(place):
    kept.remember(KEY, GRID)
    (file,) = place.rglob("*.json")
    file.write_text(json.dumps({"levels": 3}), encoding="utf-8")
    assert kept.recall(KEY) is None


def test_a_place_that_cannot_be_written_is_only_slower(place, monkeypatch):
    blocked = place / "file"
    blocked.write_text("not a folder", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    kept.remember(KEY, GRID)
    assert kept.recall(KEY) is None
