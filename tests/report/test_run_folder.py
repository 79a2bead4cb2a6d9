"""A run folder is written whole or not at all, and nothing that a run did not write is ever removed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from racemate.report.run.folder import FORMAT, Run, RunFolderError, check, read_manifest, records, write_file


@dataclass(frozen=True)
class Written(Run):
    """A run of two numbers."""

    manifest: Mapping[str, Any] = field(default_factory=lambda: {"format": FORMAT, "command": "replicate"})
    inputs: Mapping[str, bytes] = field(default_factory=dict)

    def tables(self) -> dict[str, pd.DataFrame]:
        return {"simulated": pd.DataFrame({"median": [1.5, np.nan], "n": [3, 4]})}

    def figures(self) -> dict[str, Any]:
        return {}


def listed(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_what_is_written_is_what_the_manifest_lists(tmp_path: Path) -> None:
    run = Written(inputs={"inputs/cards/own.toml": b"name = 'own'"})
    paths = run.save(tmp_path / "deep" / "run")
    assert listed(tmp_path / "deep" / "run") == sorted(read_manifest(tmp_path / "deep" / "run")["files"])
    assert all(path.is_file() for path in paths)
    assert (tmp_path / "deep" / "run" / "inputs" / "cards" / "own.toml").read_bytes() == b"name = 'own'"


def test_a_missing_number_is_null_and_never_nan() -> None:
    assert Written().as_object()["simulated"] == [{"median": 1.5, "n": 3}, {"median": None, "n": 4}]
    assert json.dumps(records(pd.DataFrame({"a": pd.array([1, None], dtype="Float64")})), allow_nan=False)


def test_an_earlier_run_of_the_same_command_is_replaced(tmp_path: Path) -> None:
    Written(inputs={"inputs/old.toml": b""}).save(tmp_path / "run")
    Written().save(tmp_path / "run")
    assert listed(tmp_path / "run") == ["manifest.json", "simulated.csv", "simulated.parquet"]
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_another_command_is_not_replaced(tmp_path: Path) -> None:
    Written().save(tmp_path / "run")
    with pytest.raises(RunFolderError, match="a run of 'replicate'"):
        Written({"format": FORMAT, "command": "simulate"}).save(tmp_path / "run")


def test_a_folder_in_which_somebody_keeps_notes_needs_force_and_keeps_them(tmp_path: Path) -> None:
    Written().save(tmp_path / "run")
    (tmp_path / "run" / "notes.md").write_text("mine")
    with pytest.raises(RunFolderError, match=r"notes\.md, which no run wrote"):
        Written().save(tmp_path / "run")
    Written().save(tmp_path / "run", force=True)
    assert (tmp_path / "run" / "notes.md").read_text() == "mine"


def test_a_run_that_fails_while_it_writes_leaves_the_former_one(tmp_path: Path) -> None:
    class Broken(Written):
        def figures(self) -> dict[str, Any]:
            raise ZeroDivisionError

    Written().save(tmp_path / "run")
    before = listed(tmp_path / "run")
    with pytest.raises(ZeroDivisionError):
        Broken().save(tmp_path / "run")
    assert listed(tmp_path / "run") == before
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_an_empty_folder_is_used(tmp_path: Path) -> None:
    check(tmp_path, "replicate")
    Written().save(tmp_path)
    assert "manifest.json" in listed(tmp_path)


def test_a_place_under_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(RunFolderError, match="--out"):
            check(place, "replicate")


def test_one_file_is_written_whole(tmp_path: Path) -> None:
    write_file(tmp_path / "new" / "card.html", b"one")
    with pytest.raises(RunFolderError, match="--force"):
        write_file(tmp_path / "new" / "card.html", b"two")
    write_file(tmp_path / "new" / "card.html", b"two", force=True)
    assert (tmp_path / "new" / "card.html").read_bytes() == b"two"
    assert listed(tmp_path) == ["new/card.html"]
