"""Every kind of run folder is repeated from itself alone, and a number that differs is noticed."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from racemate import cli
from racemate.posterior import save
from racemate.report.run.folder import read_manifest
from tests.cli.small import write_trial
from tests.exchange.tables import SIDECAR_TEXT

pytestmark = pytest.mark.slow
CARD = ("--hypothesis", "opioid-permissive")
SMALL = ("--people", "4", "--replicates", "2", "--seed", "3")
KINDS = {
    "replicate": ["replicate", "{trial}", *CARD, *SMALL],
    "replicate --all": ["replicate", "--all", "--trial", "{trial}", *CARD, *SMALL],
    "simulate": ["simulate", "--drug", "ketamine", "--route", "im", "--dose", "35 mg", *CARD, "--people", "4"],
    "power": ["power", "{trial}", *CARD, "--people", "4", "--replicates", "2", "--beside", "4", "--typical"],
    "dose": ["dose", "{table}", *CARD, "--replicates", "2"],
    "export": ["export", "{trial}", *CARD, *SMALL],
    "safety": ["safety", "{trial}", *CARD, *SMALL],
}
DOSES = "ID,TIME,EVID,AMT,CMT\n1,0,1,35,1\n1,26,0,.,.\n"
TABLE = {"simulate": "simulated", "power": "characteristics", "dose": "simulated", "export": "adqs", "safety": "events"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_of_any_kind_is_repeated_from_its_folder_alone(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trial, table = write_trial(tmp_path / "own"), tmp_path / "doses.csv"
    table.write_text(DOSES)
    table.with_suffix(".toml").write_text(SIDECAR_TEXT)
    out, again = tmp_path / "run", tmp_path / "again"
    words = [word.format(trial=trial, table=table) for word in KINDS[kind]]
    assert cli.run([*words, "--posterior", "prior", "--no-progress", "--quiet", "--out", str(out)]) == 0
    for place in (trial, table, table.with_suffix(".toml")):
        place.rename(place.with_name(f"{place.name}-moved"))
    capsys.readouterr()
    assert cli.run(["rerun", str(out), "--json", "--out", str(again)]) == 0
    said = capsys.readouterr()
    assert "the same numbers to the last bit" in said.err
    told = json.loads(said.out)["manifest"]
    assert told["command"] == kind
    assert told["arguments"]["posterior"] == "prior"
    assert (told["posteriors"], "nothing is fitted" in told["parameters"]) == ({}, True)
    assert read_manifest(again)["command"] == kind
    _alter(out / f"{TABLE.get(kind, 'simulated')}.parquet")
    assert cli.run(["rerun", str(out), "--no-progress"]) == 0
    assert "the numbers differ" in capsys.readouterr().err


def _alter(path: Path) -> None:
    """Move one number of a table by a little."""
    table = pd.read_parquet(path)
    name = table.select_dtypes("float").dropna(axis=1, how="all").columns[0]
    row = table[name].first_valid_index()
    table.loc[row, name] = float(table.loc[row, name]) + 1e-9  # pyright: ignore[reportArgumentType] a number
    table.to_parquet(path, index=False)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("bench", "command: found 'bench'"),
        ("fit", "manifest.json: card: found nothing"),
        ("power", "manifest.json: arguments: found nothing"),
    ],
)
def test_a_folder_that_holds_no_run_is_refused(
    command: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"format": "racemate-run/1", "command": command}))
    assert cli.run(["rerun", str(tmp_path)]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("replicate", "replicate --all")])
def test_a_run_draws_from_the_posterior_that_was_asked_for(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draws = np.random.default_rng(1).uniform(0.3, 0.5, (50, 1))
    save(tmp_path / "mine" / f"{CARD[1]}.npz", ("severity.emax",), draws, {"evidence": "abc"})
    trial, table = write_trial(tmp_path / "own"), tmp_path / "doses.csv"
    table.write_text(DOSES)
    table.with_suffix(".toml").write_text(SIDECAR_TEXT)
    words = [word.format(trial=trial, table=table) for word in KINDS[kind]]
    found = {}
    for name in (str(tmp_path / "mine"), "prior"):
        assert cli.run([*words, "--posterior", name, "--json", "--quiet"]) == 0
        found[name] = json.loads(capsys.readouterr().out)
    fitted, plain = found.values()
    assert fitted["manifest"]["posteriors"][CARD[1]]["name"] == "mine"
    assert "from the mine posterior; " in fitted["manifest"]["parameters"]
    assert plain["manifest"]["posteriors"] == {}
    assert {**fitted, "manifest": None} != {**plain, "manifest": None}, "the posterior moved no number"
    assert cli.run([*words, "--posterior", "nowhere"]) == 2
    assert "posterior: name: found 'nowhere'" in capsys.readouterr().err
