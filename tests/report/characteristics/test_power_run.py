"""A power run: bad sizes refused before anything is drawn, numbers that repeat, tables, a curve and a manifest that says what was meant."""

import json
from pathlib import Path
from typing import Any

import pytest

import racemate
from racemate import cli
from racemate.evidence.finding import EvidenceError
from racemate.report.characteristics.run import PowerRun, power
from racemate.report.run.folder import read_manifest
from racemate.trial.characteristics.characterise import COLUMNS
from tests.cli.small import write_trial
from tests.trial.characteristics.designs import trial

CARD = "opioid-permissive"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_trial(tmp_path_factory.mktemp("trials") / "own")


@pytest.fixture(scope="module")
def run(own: Path) -> PowerRun:
    return power(own, CARD, (5, 10), 6, 3, analyses=["two-sample-t", "mmrm"], beside=10, typical=True)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"people": ()}, "at least one number of people"),
        ({"people": (1,)}, "at least 2 per arm"),
        ({"people": (0,)}, "a whole number from 1"),
        ({"people": (20, 10)}, "ascending"),
        ({"people": (10, 10)}, "each size once"),
        ({"replicates": 0}, "a whole number from 1"),
        ({"beside": 1}, "at least 2 per arm"),
        ({"target": 1.0}, "a share between 0 and 1"),
        ({"target": 0.8, "people": (10,)}, "two sizes"),
        ({"courses": 0}, "a whole number from 1"),
        ({"hypotheses": [CARD, CARD]}, "each once"),
    ],
)
def test_what_cannot_be_run_is_refused(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(EvidenceError) as caught:
        power(trial(), **asked)
    assert said in str(caught.value)


@pytest.mark.slow
def test_every_measure_of_every_size_and_analysis_is_there(run: PowerRun) -> None:
    table = run.characteristics
    assert tuple(table.columns) == COLUMNS
    measured = {(row["analysis"], row["people"]) for row in run.rows("characteristics") if row["measure"] == "power"}
    assert measured == {(test, n) for test in ("two-sample-t", "mmrm") for n in (5, 10)}
    shares = table[table.measure.isin(["power", "type I error", "coverage", "undefined"])]
    assert shares.value.between(0, 1).all()
    assert (shares.monte_carlo_error > 0).all()


@pytest.mark.slow
def test_it_repeats_to_the_last_bit_on_any_number_of_threads(run: PowerRun, own: Path) -> None:
    again = power(own, CARD, (5, 10), 6, 3, analyses=["two-sample-t", "mmrm"], beside=10, typical=True, jobs=1)
    assert again.rows("characteristics") == run.rows("characteristics")


@pytest.mark.slow
def test_the_manifest_says_what_was_meant(run: PowerRun) -> None:
    told = run.manifest
    assert (told["command"], told["success"]) == ("power", "power")
    assert "severity.drug_at_24h" in told["null_world"]["zero"]
    assert (told["endpoint"]["first"], told["endpoint"]["second"]) == ("ketamine", "saline")
    assert told["arms_differ_in"] == []
    estimands = {line["analysis"]: line["estimand"] for line in told["estimands"]}
    assert "Summary: difference of mean changes." in estimands["two-sample-t"]
    assert "adjusted for the baseline by the mixed model for repeated measures" in estimands["mmrm"]
    lost = [row["analysis"] for row in run.rows("characteristics") if row["measure"] == "mixed model not converged"]
    assert lost == ["mmrm", "mmrm"]
    assert "--typical --analysis two-sample-t --analysis mmrm" in told["command_line"]


@pytest.mark.slow
def test_the_command_prints_and_writes(own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "power"
    small = (
        "--hypothesis",
        CARD,
        "--replicates",
        "6",
        "--beside",
        "10",
        "--seed",
        "3",
        "--no-progress",
        "--people",
        "5,10",
    )
    assert cli.run(["power", str(own), *small, "--out", str(out)]) == 0
    text = capsys.readouterr().out
    for word in ("Assurance: share of virtual trials", "Null world", "type I error", "coverage", "no dosing advice"):
        assert word in text
    assert "nan" not in text
    assert {path.name for path in out.iterdir()} >= {"characteristics.csv", "sizes.csv", "figure.svg", "manifest.json"}
    line = read_manifest(out)["command_line"].split(" ", 1)[1]
    assert "--people 5,10" in line
    assert cli.run(["power", str(own), *small, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["characteristics"]


@pytest.mark.parametrize(
    "given",
    [("--people", "many"), ("--courses", "some"), ("--analysis", "guess"), ("--people", "40,20"), ("--at", "soon")],
)
def test_the_command_refuses_with_a_sentence(given: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["power", "transform-2", *given, "--no-progress"]) == 2
    assert "allowed" in capsys.readouterr().err


def test_the_face_of_the_package_has_it() -> None:
    assert racemate.power is power
