"""A run from the command line: what it prints, what it writes, how it is repeated and cited, and what an interruption leaves."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from racemate import cli
from tests.cli.small import PROTOCOL, SIZE, write_trial

pytestmark = pytest.mark.slow
ROWS = {
    "simulated": {"hypothesis", "arm", "outcome", "statistic", "time", "median", "low", "high", "n"},
    "verdict": {"hypothesis", "pattern", "probability", "monte_carlo_error"},
}


@pytest.fixture(scope="module")
def run(trial: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder that the tests below only read."""
    out = tmp_path_factory.mktemp("runs") / "first"
    assert cli.run(["replicate", str(trial), *SIZE, "--out", str(out), "--quiet"]) == 0
    return out


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return json.loads(capsys.readouterr().out, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))


def test_json_is_one_object_with_the_promised_rows(trial: Path, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["replicate", str(trial), *SIZE, "--json"]) == 0
    found = printed(capsys)
    assert set(found) == {"manifest", "observed", "simulated", "verdict", "factors"}
    for name, columns in ROWS.items():
        assert found[name]
        assert all(columns <= set(row) for row in found[name])
    assert [row["value"] for row in found["observed"]] == [-14, -5, 60, 0.03]
    written = pd.read_parquet(run / "simulated.parquet")
    assert [row["median"] for row in found["simulated"]] == written["median"].tolist()


def test_a_run_folder_holds_manifest_tables_and_figures(run: Path) -> None:
    manifest = json.loads((run / "manifest.json").read_text())
    there = {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()}
    assert there == set(manifest["files"])
    tables = {
        f"{name}.{kind}" for name in ("observed", "simulated", "verdict", "factors") for kind in ("csv", "parquet")
    }
    assert tables | {"figure.svg", "figure.png", "figure.html", "manifest.json"} <= there
    for name in (
        "racemate",
        "python",
        "jax",
        "platform",
        "command_line",
        "seed",
        "evidence",
        "cards",
        "grid",
        "seconds",
    ):
        assert manifest[name], name
    assert manifest["cards"][0]["name"] == "opioid-permissive"
    assert "priors" in manifest["parameters"]
    assert manifest["grid"]["opioid-permissive"]["error"] < 1e-6
    assert list(run.parent.iterdir()) == [run], "the run left something beside its folder"


def test_tables_of_both_kinds_hold_the_same(run: Path) -> None:
    for name in ("simulated", "verdict"):
        text, binary = pd.read_csv(run / f"{name}.csv"), pd.read_parquet(run / f"{name}.parquet")
        assert list(text.columns) == list(binary.columns)
        assert text.shape == binary.shape


def test_the_screen_shows_observed_beside_simulated(trial: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["replicate", str(trial), *SIZE]) == 0
    said = capsys.readouterr().out
    for text in (
        "= -14.0 (sd 9.0)",
        "= 3/5, 60 % [15, 95]",
        "Monte-Carlo error",
        "priors",
        "no dosing advice",
        "Nobody ran this trial",
        "What each comparison estimates",
    ):
        assert text in said
    assert "\x1b" not in said


def test_a_run_is_repeated_from_its_folder_alone(
    run: Path, trial: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    hidden = trial.rename(tmp_path / "moved")
    try:
        assert cli.run(["rerun", str(run), "--out", str(tmp_path / "again")]) == 0
    finally:
        hidden.rename(trial)
    assert "the same numbers to the last bit" in capsys.readouterr().err
    first, again = (pd.read_parquet(place / "simulated.parquet") for place in (run, tmp_path / "again"))
    pd.testing.assert_frame_equal(first, again, check_exact=True)


def test_another_seed_gives_other_numbers(trial: Path, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    size = [*SIZE[:-3], "--seed", "4", "--no-progress"]
    assert cli.run(["replicate", str(trial), *size, "--json"]) == 0
    other = [row["median"] for row in printed(capsys)["simulated"]]
    assert other != pd.read_parquet(run / "simulated.parquet")["median"].tolist()


def test_a_run_is_replaced_by_the_same_command_and_by_no_other(
    trial: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    command = ["replicate", str(trial), *SIZE, "--out", str(out), "--quiet"]
    assert cli.run(command) == 0
    before = (out / "manifest.json").stat().st_ino
    assert cli.run(command) == 0
    assert (out / "manifest.json").stat().st_ino != before
    capsys.readouterr()
    dose = ["simulate", "--drug", "esketamine", "--route", "intranasal", "--dose", "28 mg", "--people", "4", "--out"]
    assert cli.run([*dose, str(out)]) == 2
    assert "a run of 'replicate'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("form", "mark"),
    [("text", "Murrough"), ("bibtex", "@article{murrough-2013,"), ("csl-json", '"id": "murrough-2013"')],
)
def test_a_run_cites_what_it_touched(form: str, mark: str, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["cite", str(run), "--format", form]) == 0
    said = capsys.readouterr().out
    assert mark in said
    for source in ("Klein", "Perez-Ruixo"):
        assert source in said or source.lower() in said, "a source of the card, and of the kinetics"
    assert "occupancy of opiate receptors by naltrexone" not in said, "naltrexone was not given"


def test_a_course_is_followed_from_plasma_to_mood(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dose = ["simulate", "--drug", "ketamine", "--route", "iv", "--dose", "0.5 mg/kg", "--people", "12", "--no-progress"]
    assert cli.run([*dose, "--json", "--out", str(tmp_path / "run")]) == 0
    found = printed(capsys)
    assert set(found) == {"manifest", "observed", "simulated"}
    rows = found["simulated"]
    told = {row["outcome"] for row in rows}
    assert all(ROWS["simulated"] <= set(row) for row in rows)
    assert {"madrs", "cadss", "occupancy_nmda", "occupancy_mor", "plasma_ketamine_s", "plasma_ketamine"} <= told
    assert not told & {"plasma_naltrexone", "plasma_midazolam"}
    peak = max((row for row in rows if row["outcome"] == "plasma_ketamine"), key=lambda row: row["median"])
    assert 0.6 < peak["hours"] < 0.9, "the peak is where the infusion ends"
    assert 60 < peak["median"] < 300
    for row in rows:
        assert row["low"] <= row["low50"] <= row["median"] <= row["high50"] <= row["high"]
    assert (tmp_path / "run" / "figure.svg").is_file()


def test_workers_of_a_cluster_make_the_same_bytes(trial: Path, tmp_path: Path) -> None:
    two = ["replicate", str(trial), "--hypothesis", "composite", "--hypothesis", "expectancy", *SIZE[2:], "--quiet"]
    places = {"here": [], "there": ["--scheduler", "local:2"]}
    for name, where in places.items():
        assert cli.run([*two, *where, "--out", str(tmp_path / name)]) == 0
    files = [file.name for file in (tmp_path / "here").iterdir() if file.suffix in (".csv", ".parquet", ".svg")]
    assert "simulated.csv" in files
    for name in files:
        assert (tmp_path / "there" / name).read_bytes() == (tmp_path / "here" / name).read_bytes(), name
    grids = [json.loads((tmp_path / name / "manifest.json").read_text())["grid"] for name in places]
    assert json.dumps(grids[0]) == json.dumps(grids[1]), "in the same order"
    assert grids[0]["composite"]["windows"] > 0


@pytest.fixture(scope="module")
def every(trial: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], Path]:
    """Two trials run together, and the command that ran them."""
    root = tmp_path_factory.mktemp("every")
    other = write_trial(root / "other", PROTOCOL.replace('"day 4"', '"day 8"'))
    command = ["replicate", "--all", "--trial", str(trial), "--trial", str(other), *SIZE, "--out", str(root / "run")]
    assert cli.run([*command, "--quiet"]) == 0
    return command, root / "run"


def test_all_trials_leave_one_report(every: tuple[list[str], Path], capsys: pytest.CaptureFixture[str]) -> None:
    command, out = every
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file() and path.name != "machine.json"}
    assert {path.name for path in before} >= {"report.html", "results.csv", "coverage.csv", "manifest.json"}
    assert cli.run([*command, "--json"]) == 0
    found = printed(capsys)
    assert set(found) == {"manifest", "trials", "coverage", "verdict"}
    assert [row["trial"] for row in found["trials"]] == ["own", "other"]
    assert found["manifest"]["courses"] == 3
    assert "seconds" not in found["manifest"]
    assert {path: path.read_bytes() for path in before} == before, "a finished run was not left as it was"
    log = json.loads((out / "machine.json").read_text())["runs"]
    assert [run["parts_made"] for run in log] == [2, 0]


def test_the_screen_shows_agreement_and_where_the_report_is(
    every: tuple[list[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    command, out = every
    assert cli.run(command) == 0
    said = capsys.readouterr().out
    assert "Parameters: from the prospective posterior" in said
    assert f"Report: {out / 'report.html'}" in said


def test_all_trials_with_other_settings_are_refused(
    every: tuple[list[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    command, _ = every
    assert cli.run([*command, "--people", "4"]) == 2
    assert "or a new folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--all", "williams-2018"], "TRIAL: found 'williams-2018' with --all"),
        ([], "TRIAL: found nothing"),
        (["williams-2018", "--trial", "saad-2020"], "--trial: found saad-2020"),
        (["--all", "--courses", "few"], "--courses: found 'few'"),
        (["--all", "--courses", "0"], "--courses: found '0'"),
        (["--all", "--trial", "wiliams-2018"], "did you mean 'williams-2018'"),
        (["--all", "--replicates", "0"], "replicates: found 0"),
        (["williams-2018", "--scheduler", "local:0"], "--scheduler: workers: found '0', allowed: local"),
        (["williams-2018", "--replicates", "1", "--scheduler", "nowhere"], "address: found 'nowhere', allowed: local"),
        (["--all", "--trial", "leal-2020", "--scheduler", "nowhere"], "address: found 'nowhere', allowed: local"),
    ],
)
def test_what_all_trials_cannot_mean_is_refused(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["replicate", *words]) == 2
    assert said in capsys.readouterr().err


def test_an_interrupt_that_a_library_swallowed_is_raised_at_the_next_progress(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from racemate.cli.talk.screen import Stop

    before, hook = signal.getsignal(signal.SIGINT), sys.unraisablehook
    try:
        stop = Stop()
        stop.heed("card", 1, 2)
        _interrupted_while_python_cleans_up()
        with pytest.raises(KeyboardInterrupt):
            stop.heed("card", 2, 2)
        assert capsys.readouterr().err == ""
    finally:
        signal.signal(signal.SIGINT, before)
        sys.unraisablehook = hook


def _interrupted_while_python_cleans_up() -> None:
    class Callback:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    Callback()


def test_an_interrupted_run_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "racemate",
        "replicate",
        "williams-2018",
        "--replicates",
        "5000",
        "--out",
        str(tmp_path / "run"),
    ]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ))
    time.sleep(8)
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=120)
    assert run.returncode == 130, err
    assert out == ""
    assert err.strip() == "racemate: interrupted; nothing was written"
    assert list(tmp_path.iterdir()) == []
