"""The commands that look things up: tables for people, JSON for programs, and exit codes for scripts."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from racemate import cli
from racemate.evidence.library import library, read_library


def said(arguments: list[str], capsys: pytest.CaptureFixture[str], code: int = 0) -> str:
    assert cli.run(arguments) == code
    return capsys.readouterr().out


def data(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(said([*arguments, "--json"], capsys))


def test_every_trial_is_listed_and_one_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert {row["id"] for row in data(["trials"], capsys)} == set(library().trials)
    text = said(["trials", "show", "williams-2018"], capsys)
    assert "7/12, 58 % [28, 85]" in text
    assert "regression to the mean" in text
    shown = data(["trials", "show", "williams-2018"], capsys)
    assert len(shown["observed"]) == len(library().trial("williams-2018").observations)


def test_evidence_is_searched_by_text_link_and_doubt(capsys: pytest.CaptureFixture[str]) -> None:
    every = data(["evidence"], capsys)
    assert {row["name"] for row in every} == set(library().stated)
    doubtful = data(["evidence", "--doubtful"], capsys)
    assert 0 < len(doubtful) < len(every)
    assert all(row["doubtful"] for row in doubtful)
    assert {row["link"] for row in data(["evidence", "--link", "circuit"], capsys)} == {"circuit"}
    names = {row["name"] for row in data(["evidence", "memantine"], capsys)}
    assert (
        names == {row["name"] for row in data(["evidence", "--search", "memantine"], capsys)} > {"channel.ki_memantine"}
    )
    assert "occupancy.kd_nmda_s" in {row["name"] for row in data(["evidence", "--search", "ebert-1997"], capsys)}


def test_a_trial_and_a_number_are_cited_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert "2018.18020138" in said(["cite", "williams-2018"], capsys)
    cited = data(["cite", "channel.ki_pcp"], capsys)
    assert {one["id"] for one in cited} == set(library().number("channel.ki_pcp").sources)
    assert cli.run(["cite", "wiliams-2018"]) == 2
    assert (
        "a folder that a run wrote with --out, or a known name; did you mean 'williams-2018'?"
        in capsys.readouterr().err
    )


def test_a_number_is_shown_with_every_claim(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(["evidence", "show", "occupancy.kd_nmda_s"], capsys)
    for claim in library().parameter("occupancy.kd_nmda_s").claims:
        assert claim.source in text
    assert data(["evidence", "show", "occupancy.kd_nmda_s"], capsys)["prior"]["law"] == "lognormal"


def test_cards_are_listed_shown_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "opioid-permissive" in {row["name"] for row in data(["hypotheses"], capsys)}
    text = said(["hypotheses", "show", "opioid-permissive"], capsys)
    assert "mor_gate_upstream" in text
    assert "Embarrassed by" in text
    assert "mor_gate_upstream" in data(["hypotheses", "show", "opioid-permissive"], capsys)["edges"]


def test_check_is_silent_about_sound_evidence_and_names_a_fault(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    evidence = tmp_path / "evidence"
    shutil.copytree(repository / "evidence", evidence)
    dose = evidence / "parameters" / "dose.toml"
    dose.write_text(
        dose.read_text()
        .replace("[dose.f_nasal]", "[dose.f_nasall]")
        .replace("dose.f_nasal.claim", "dose.f_nasall.claim")
    )
    monkeypatch.setenv("RACEMATE_EVIDENCE", str(evidence))
    read_library.cache_clear()
    assert cli.run(["check"]) == 2
    told = capsys.readouterr()
    assert (
        "dose.f_nasall: found a parameter no link asks for, allowed: a known name; did you mean 'dose.f_nasal'?"
        in told.out
    )
    assert "faults" in told.err


def test_the_doctor_finds_this_machine_well(capsys: pytest.CaptureFixture[str]) -> None:
    rows = {row["what"]: row for row in data(["doctor"], capsys)}
    assert {"racemate", "python", "jax", "engine", "evidence", "hypotheses", "figures", "compiled programs"} <= set(
        rows
    )
    assert all(row["works"] for row in rows.values())


def test_a_reader_that_leaves_early_is_no_failure() -> None:
    pipe = f"{sys.executable} -m racemate evidence | head -n 1; echo ${{PIPESTATUS[0]}}"
    run = subprocess.run(["bash", "-c", pipe], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "0"
    assert run.stderr == ""


def test_python_m_racemate_is_the_command() -> None:
    run = subprocess.run([sys.executable, "-m", "racemate", "--version"], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == cli.version("racemate")


def test_help_says_that_it_gives_no_advice(capsys: pytest.CaptureFixture[str]) -> None:
    assert "no dosing advice" in " ".join(said(["--help"], capsys).split())
