"""Results about what trials teach are made again from what they left; and no command writes a manifest that cannot be made again."""

import ast
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import racemate
from racemate import cli
from racemate.exchange import repeat
from racemate.exchange.learned import compare, fit, predict
from racemate.infer import fit as fitting
from racemate.infer.compare import contest, store
from racemate.infer.compare.bridge import Bridge
from racemate.infer.compare.changed.leave import Left
from racemate.infer.compare.changed.reweigh import Moved
from racemate.infer.compare.changed.vary import VARIATIONS
from racemate.infer.fit import Effort, Fit
from racemate.infer.holdout import frozen
from racemate.infer.targets.read import read
from racemate.report.check import calibration, learned
from racemate.report.check.learned import LearnedRun
from racemate.report.holdout.predict import predict as predicted

SOURCE = Path(racemate.__file__).parent
CARD = "expectancy"
WRITERS = {"export-sbml", "export-petab", "hypotheses", "bench", "claims"}
"""Commands that write files without a manifest: they hand out a model, a page or a table, and simulate or fit nothing."""


def stated() -> set[str]:
    """What stands as the command in every manifest that the package writes."""
    constants: dict[str, str] = {}
    named: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if "describe(" not in text and '"command"' not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Dict):
                pairs = zip(node.keys, node.values, strict=True)
                named |= {
                    str(value.value)
                    for key, value in pairs
                    if isinstance(key, ast.Constant) and key.value == "command" and isinstance(value, ast.Constant)
                }
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                constants |= {
                    f"{path}:{each.id}": str(node.value.value) for each in node.targets if isinstance(each, ast.Name)
                }
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "describe":
                first = node.args[0]
                named.add(
                    str(first.value) if isinstance(first, ast.Constant) else constants[f"{path}:{ast.unparse(first)}"]
                )
    return named


def test_every_manifest_that_the_package_writes_can_be_made_again() -> None:
    assert stated() == set(repeat.KINDS)


def test_every_command_that_writes_is_one_that_can_be_made_again_or_writes_no_manifest() -> None:
    kinds = {kind.partition(" ")[0] for kind in repeat.KINDS}
    writing = set()
    for name in cli._COMMANDS:
        command: Any = cli.app[name]
        if any("--out" in argument.names for argument in command.assemble_argument_collection()):
            writing.add(name)
    assert kinds <= writing
    assert writing - kinds - {"rerun"} <= WRITERS, "a command writes something that nothing makes again"


@pytest.mark.slow
def test_sensitivity_is_made_again_from_its_folder_and_a_number_that_differs_is_noticed(tmp_path: Path) -> None:
    own, out = tmp_path / f"{CARD}.toml", tmp_path / "out"
    own.write_text((SOURCE.parents[1] / "hypotheses" / f"{CARD}.toml").read_text())
    assert cli.run(["sensitivity", "--hypothesis", str(own), "--base", "32", "--quiet", "--out", str(out)]) == 0
    own.unlink()
    asked, again = repeat.known(out), repeat.repeat(out)
    assert repeat.same(asked, again)
    table = pd.read_parquet(out / "indices.parquet")
    table.loc[0, "total"] = float(table["total"].iloc[0]) + 1e-9
    table.to_parquet(out / "indices.parquet", index=False)
    assert not repeat.same(asked, again)


def test_calibration_is_asked_for_as_its_manifest_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    goal = read("calibration", ("murrough-2013",))
    told: dict[str, Any] = {"hypothesis": CARD, "trials": goal.scope, "only": list(goal.trials), "sets": 24}
    told |= {"full": 0, "seed": 5, "plant": "halved-errors"}
    asked: list[Any] = []
    monkeypatch.setattr(calibration, "calibration", lambda *given: asked.append(given))
    calibration.repeat({"arguments": told, "started": "then"}, tmp_path, None, 2)
    assert asked == [(CARD, goal, 24, 0, 5, "halved-errors", None, 2, "then")]
    del told["only"]
    with pytest.raises(repeat.RunFolderError, match=r"arguments\.only: found nothing"):
        calibration.repeat({"arguments": told}, tmp_path, None, 2)


@pytest.fixture(scope="module")
def small() -> Fit:
    goal = read(only=("murrough-2013",))
    return fitting.fit(CARD, goal, 3, Effort(chains=2, warmup=30, draws=20, runs=0))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # numpyro and arviz on a newer jax and xarray
def test_a_refused_fit_is_made_again(small: Fit, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not small.verdict.passed
    fit.FitResult(small).save(tmp_path / "fits")
    place = tmp_path / "fits" / CARD
    assert cli.run(["rerun", str(place)]) == 0
    assert "the same numbers to the last bit" in capsys.readouterr().err
    manifest = json.loads((place / "manifest.json").read_text())
    assert manifest["cards"][0]["name"] == CARD
    other = {**manifest["diagnostics"], "rhat": manifest["diagnostics"]["rhat"] + 1e-9}
    (place / "manifest.json").write_text(json.dumps({**manifest, "diagnostics": other}))
    assert not repeat.same(repeat.known(place), fit.FitResult(small))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_accepted_fit_and_what_it_taught_are_held_against_their_tables(
    small: Fit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = replace(small, verdict=replace(small.verdict, reasons=()), manifest={**small.manifest, "refused": []})
    home = tmp_path / "fits"
    fit.FitResult(good).save(home)
    monkeypatch.setattr(fit, "fit", lambda *_: good)
    asked = repeat.known(home / CARD)
    assert repeat.same(asked, repeat.repeat(home / CARD))
    table = home / CARD / "parameters.csv"
    table.write_text(table.read_text().replace("1", "2", 1))
    assert not repeat.same(asked, repeat.repeat(home / CARD))
    table.unlink()
    with pytest.raises(repeat.RunFolderError, match="tables as racemate fit wrote them"):
        repeat.same(asked, repeat.repeat(home / CARD))


def made(home: Path, seed: int = 1) -> dict[str, Any]:
    """A comparison of two cards, of made-up evidence, that rests on two files."""
    cards, trials, rng = ("composite", CARD), ("one", "two"), np.random.default_rng(seed)
    manifest: dict[str, Any] = {"format": contest.FORMAT, "command": "compare", "seed": seed, "sets": 0}
    manifest |= {"evidence": "e", "versions": {"racemate": "0", "jax": "0"}, "fits": {}}
    for card in cards:
        file = home / card / "tree.npz"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(card.encode())
        manifest["fits"][card] = compare.sha256(file.read_bytes()).hexdigest()
    left = [Left(trials, rng.normal(size=2), np.full(2, 0.1), np.full(2, 0.2)) for _ in cards]
    varied = [Moved(*rng.uniform(size=(3, len(VARIATIONS)))) for _ in cards]
    measured = [
        contest.Measured(Bridge(float(rng.normal()), 0.1), one, moved) for one, moved in zip(left, varied, strict=True)
    ]
    return {**contest.numbers(cards, [{}, {}], measured), "confusion": None, "manifest": manifest}


def test_a_comparison_is_made_again_on_the_same_fits_and_the_same_odds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = made(tmp_path)
    compare.weigh(found, [f"{CARD}=3"])
    store.save(tmp_path, found)
    asked: list[Any] = []

    def again(home: Path, *given: Any) -> dict[str, Any]:
        asked.append((home, *given[:3]))
        return made(home)

    monkeypatch.setattr(compare, "contest", again)
    assert cli.run(["rerun", str(tmp_path / "compare.json")]) == 0
    said = capsys.readouterr()
    assert "the same numbers to the last bit" in said.err
    assert "racemate is " in said.err
    assert asked == [(tmp_path, ("composite", CARD), 1, 0)]
    monkeypatch.setattr(compare, "contest", lambda home, *_: made(home, 2))
    assert cli.run(["rerun", str(tmp_path), "--fits", str(tmp_path), "--out", str(tmp_path / "new")]) == 0
    assert "the numbers differ" in capsys.readouterr().err
    assert (tmp_path / "new" / "compare.json").is_file()
    (tmp_path / CARD / "tree.npz").write_bytes(b"another fit")
    assert cli.run(["rerun", str(tmp_path)]) == 2
    assert f"{CARD}/tree.npz: SHA-256: found " in capsys.readouterr().err


def test_what_a_fit_taught_is_told_again_of_that_very_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = made(tmp_path)["manifest"]["fits"][CARD]
    manifest = {"command": "learned", "fit": digest, "fitted": {"targets": 2, "fitted": ["t"]}}
    manifest |= {
        "format": "racemate-run/1",
        "cards": [{"name": CARD}],
        "inputs": {},
        "evidence": "",
        "racemate": "",
        "jax": "",
    }
    manifest |= {"arguments": {"hypothesis": CARD, "fits": "fits", "seed": 4}}
    frames = {"unknowns": pd.DataFrame({"unknown": ["a"], "moved": [0.1]})}
    place = tmp_path / CARD / "learned"
    place.mkdir()
    frames["unknowns"].to_parquet(place / "unknowns.parquet", index=False)
    (place / "manifest.json").write_text(json.dumps(manifest))
    asked: list[Any] = []

    def told(*given: Any) -> LearnedRun:
        asked.append(given)
        return LearnedRun(CARD, frames, manifest)

    monkeypatch.setattr(learned, "learned", told)
    assert repeat.same(repeat.known(place), repeat.repeat(place, jobs=2))
    assert asked == [(tmp_path, CARD, 4, 2)]
    (tmp_path / CARD / "tree.npz").unlink()
    with pytest.raises(repeat.RunFolderError, match="found no fit"):
        repeat.repeat(place)
    with pytest.raises(repeat.RunFolderError, match="nowhere"):
        repeat.repeat(place, fits=tmp_path / "nowhere")


@pytest.mark.slow
def test_sealed_predictions_are_made_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = predicted("prior", trials=["leal-2020"], replicates=6, courses=1, jobs=1)
    file = frozen.write(tmp_path / predict.FILE, done)
    assert cli.run(["rerun", str(file), "--jobs", "1", "--out", str(tmp_path / "again")]) == 0
    said = capsys.readouterr()
    assert "the same numbers to the last bit" in said.err
    assert done.hash in said.out
    assert (tmp_path / "again" / predict.FILE).read_bytes() == file.read_bytes()
    other = replace(done, predictions=(replace(done.predictions[0], replicates=7), *done.predictions[1:]))
    assert not predict.same(repeat.known(frozen.write(tmp_path / "other.json", other)), predict.Sealed(done))


def test_a_folder_with_two_results_and_fits_of_what_has_none_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in (store.NAME, predict.FILE):
        (tmp_path / name).write_text('{"manifest": {"command": "simulate"}}')
    assert cli.run(["rerun", str(tmp_path)]) == 2
    assert "compare.json and predictions.json, allowed: one result; name its file" in capsys.readouterr().err
    assert cli.run(["rerun", str(tmp_path / store.NAME)]) == 2
    assert "arguments: found nothing" in capsys.readouterr().err
    whole = dict.fromkeys(("arguments", "inputs", "cards", "evidence", "racemate", "jax"), "")
    (tmp_path / store.NAME).write_text(json.dumps({"manifest": {"command": "simulate", **whole}}))
    assert cli.run(["rerun", str(tmp_path / store.NAME), "--fits", str(tmp_path)]) == 2
    assert "--fits: found a result of 'simulate'" in capsys.readouterr().err
    (tmp_path / "notes.json").write_text("{}")
    assert cli.run(["rerun", str(tmp_path / "notes.json")]) == 2
    assert "manifest: found none, allowed: one of manifest.json" in capsys.readouterr().err
