"""The commands that hand data out: tables for people, JSON for programs, folders for other software."""

import json
from pathlib import Path
from typing import Any

import pytest

from racemate import cli
from tests.exchange.tables import SIDECAR_TEXT

SMALL = ("--people", "12", "--replicates", "3", "--seed", "2", "--no-progress")


def said(arguments: list[str], capsys: pytest.CaptureFixture[str], code: int = 0) -> str:
    assert cli.run(arguments) == code
    return capsys.readouterr().out


@pytest.mark.slow
def test_side_effects_are_told_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(["safety", "williams-2018", *SMALL, "--out", str(tmp_path / "safety")], capsys)
    for word in (
        "CADSS above 4",
        "placebo + ketamine",
        "Mean peak in a session",
        "Urinary symptoms",
        "no dosing advice",
    ):
        assert word in text
    assert "nan" not in text
    written = {path.name for path in (tmp_path / "safety").iterdir()}
    assert {"events.csv", "courses.csv", "sessions.csv", "benefit.csv", "urinary.csv", "manifest.json"} <= written
    told: Any = json.loads(said(["safety", "williams-2018", *SMALL, "--json"], capsys))
    assert {row["event"] for row in told["events"]} >= {"nausea", "MOAA/S below 5"}
    assert "jnj-urinary-page" in told["manifest"]["sources"]
    assert said(["cite", str(tmp_path / "safety")], capsys)


def test_a_folder_of_something_else_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for command in (["safety", "williams-2018"], ["export", "williams-2018"], ["dose", "doses.csv"]):
        assert cli.run([*command, "--out", str(tmp_path)]) == 2
        assert "--out" in capsys.readouterr().err
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("command", [["safety"], ["export"]])
def test_an_unknown_trial_is_refused(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([*command, "williams-2081"]) == 2
    assert "did you mean 'williams-2018'?" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["dose", "export", "safety"])
def test_help_says_what_a_command_is_for(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--seed" in said([command, "--help"], capsys)


def test_the_command_refuses_a_table_without_units(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "doses.csv").write_text("ID,TIME,AMT\n1,0,5\n")
    assert cli.run(["dose", str(tmp_path / "doses.csv")]) == 2
    assert "units: found no such file" in capsys.readouterr().err
    (tmp_path / "doses.toml").write_text(SIDECAR_TEXT)
    assert cli.run(["dose", str(tmp_path / "doses.csv"), "--replicates", "0"]) == 2
    assert "allowed: a whole number from 1" in capsys.readouterr().err
    assert cli.run(["dose", str(tmp_path / "none.csv")]) == 2
