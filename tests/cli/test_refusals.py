"""Bad input is refused with exit code 2, one line on standard error that says what was found and what is allowed, and no data."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from racemate import cli
from racemate.evidence.library import read_library
from tests.cli.small import OUTCOMES, PROTOCOL, write_trial

SPRAY = ("simulate", "--drug", "esketamine", "--route", "intranasal")
INFUSION = ("simulate", "--drug", "ketamine", "--route", "iv")


def refused(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What a refused command says; it must exit with 2 and leave standard output empty."""
    assert cli.run(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("racemate: ")
    assert "Traceback" not in said.err
    return said.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["replicate", "wiliams-2018"], "did you mean 'williams-2018'"),
        (["replicate", "williams-2018", "--hypothesis", "opiod-permissive"], "did you mean 'opioid-permissive'"),
        (["replicate", "williams-2018", "--hypothesis", "opioid-permissive:sideways"], "variant: found 'sideways'"),
        (["replicate", "williams-2018", "--people", "0"], "people: found 0, allowed: a whole number from 1"),
        (["replicate", "williams-2018", "--replicates", "0"], "replicates: found 0"),
        (["replicate", "williams-2018", "--replicates", "many"], "many"),
        (["replicate", "williams-2018", "--seed", "-1"], "seed: found -1"),
        (["replicate", "williams-2018", "--jobs", "0"], "--jobs: found 0"),
        (["replicate", "williams-2018", "--colour", "red"], "--colour"),
        (["replicate"], "TRIAL"),
        (["replikate", "williams-2018"], "replikate"),
        ([*SPRAY, "--dose", "-84 mg"], "dose: found '-84 mg', allowed: an amount above zero"),
        ([*SPRAY, "--dose", "0 mg"], "dose: found '0 mg', allowed: an amount above zero"),
        ([*SPRAY, "--dose", "84"], "dose: found '84'"),
        ([*SPRAY, "--dose", "84 mL"], "dose: found '84 mL', allowed: an amount above zero in ug, mg, g"),
        ([*SPRAY, "--dose", "nan mg"], "dose: found 'nan mg'"),
        (
            [*SPRAY, "--dose", "0.5 mg/kg"],
            "dose: found '0.5 mg/kg', allowed: mg by intranasal; per kg by iv, im, sc only",
        ),
        (
            [*SPRAY, "--dose", "84 mg", "--schedule", "now and then"],
            "schedule: found 'now and then', allowed: \"once\"",
        ),
        ([*SPRAY, "--dose", "84 mg", "--people", "0"], "people: found 0"),
        ([*SPRAY, "--dose", "84 mg", "--duration", "40 min"], "duration: found '40 min', allowed: none by intranasal"),
        ([*INFUSION, "--dose", "0.5 mg/kg", "--duration", "-1 h"], "duration: found '-1 h'"),
        (
            [*INFUSION, "--dose", "0.5 mg/kg", "--duration", "3 h", "--schedule", "every 2 h for 3 doses"],
            "duration: found '3 h', allowed: at most the 2 h between two doses",
        ),
        (["simulate", "--drug", "esketamin", "--route", "iv", "--dose", "20 mg"], "did you mean 'esketamine'"),
        (
            ["simulate", "--drug", "naltrexone", "--route", "iv", "--dose", "50 mg"],
            "route: found 'iv' for naltrexone, allowed: one of oral",
        ),
        (["trials", "show", "murrough-2012"], "did you mean 'murrough-2013'"),
        (["evidence", "show", "occupancy.kd_nmda_x"], "did you mean 'occupancy.kd_nmda_s'"),
        (["evidence", "--link", "ocupancy"], "did you mean 'occupancy'"),
        (["hypotheses", "show", "hnk"], "one of composite"),
        (["hypotheses", "show", "missing.toml"], "no such file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_slip_is_named(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert told in refused(arguments, capsys)


def test_a_folder_that_is_no_run_is_not_cited(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "manifest.json" in refused(["cite", str(tmp_path)], capsys)
    (tmp_path / "manifest.json").write_text('{"format": "another"}')
    assert "another file of that name" in refused(["rerun", str(tmp_path)], capsys)


def test_a_place_that_cannot_be_written_is_refused_before_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("mine")
    for place in (tmp_path / "file", tmp_path / "file" / "run"):
        assert "--out" in refused(["replicate", "williams-2018", "--out", str(place)], capsys)
    assert (tmp_path / "file").read_text() == "mine"


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    assert "not empty" in refused(["replicate", "williams-2018", "--out", str(tmp_path)], capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_card_is_not_written_over_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "card.html").write_text("mine")
    assert "--force" in refused(["hypotheses", "show", "composite", "--out", str(tmp_path / "card.html")], capsys)


@pytest.mark.parametrize(
    ("slip", "mended", "told"),
    [
        ('amount = "0.5 mg/kg"', 'amount = "-0.5 mg/kg"', "amount: found '-0.5 mg/kg'"),
        ('amount = "0.5 mg/kg"', 'amount = "0.5 mg/m2"', "amount: found '0.5 mg/m2'"),
        ('sessions = "day 1"', 'sessions = "whenever"', "sessions: found 'whenever'"),
        ('route  = "iv"', 'route  = "nose"', "route of ketamine"),
        ('scale = "madrs"', 'scale = "mardrs"', "did you mean 'madrs'"),
        ('[trial]', '[trail]', "trail"),
        ('context = "saline"', 'context = "saline', "protocol.toml"),
    ],
)  # fmt: skip
def test_a_protocol_of_ones_own_is_read_with_its_file_and_field(
    slip: str, mended: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_trial(tmp_path / "own", PROTOCOL.replace(slip, mended, 1))
    said = refused(["replicate", str(folder)], capsys)
    assert told in said
    assert "protocol.toml" in said


def test_a_nan_in_an_outcome_is_refused_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_trial(tmp_path / "own", outcomes=OUTCOMES.replace(",-14,", ",nan,"))
    said = refused(["replicate", str(folder)], capsys)
    assert "outcomes.csv: line 2.value: found nan" in said


def test_a_nan_in_the_evidence_stops_every_command(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    evidence = tmp_path / "evidence"
    shutil.copytree(repository / "evidence", evidence)
    rows = evidence / "trials" / "williams-2018" / "outcomes.csv"
    rows.write_text(rows.read_text().replace(",58.3,percent", ",nan,percent", 1))
    monkeypatch.setenv("RACEMATE_EVIDENCE", str(evidence))
    read_library.cache_clear()
    assert "outcomes.csv: line 3.value: found nan, allowed: a finite number" in refused(
        ["replicate", "williams-2018"], capsys
    )
    assert "found nan" in refused(["evidence"], capsys)


def test_an_unexpected_fault_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    from racemate.report import known

    def broken(use: str) -> None:
        raise ZeroDivisionError("a fault of the program")

    monkeypatch.setattr(known, "trials", broken)
    with pytest.raises(ZeroDivisionError):
        cli.run(["trials"])
