"""The command: what a stored contest shows, what prior odds change in it, and what is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from racemate.cli import run
from racemate.infer.compare import contest, store
from racemate.infer.compare.bridge import Bridge
from racemate.infer.compare.changed.leave import Left
from racemate.infer.compare.changed.reweigh import Moved
from racemate.infer.compare.changed.vary import VARIATIONS

CARDS = ("composite", "expectancy")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    trials = ("one", "two")
    as_fitted, behind = np.zeros(len(VARIATIONS)), np.zeros(len(VARIATIONS))
    behind[1] = -6.0
    sure = np.full(len(VARIATIONS), 0.1)
    measured = [
        contest.Measured(
            Bridge(-10.0, 0.1),
            Left(trials, np.array([-4.0, -5.0]), np.full(2, 0.1), np.array([0.2, 0.9])),
            Moved(as_fitted, sure, sure),
        ),
        contest.Measured(
            Bridge(-12.0, 0.1),
            Left(trials, np.array([-7.0, -4.5]), np.full(2, 0.1), np.array([0.2, 0.3])),
            Moved(behind, sure, sure),
        ),
    ]
    found = contest.numbers(CARDS, [{}, {}], measured)
    store.save(tmp_path, {**found, "confusion": None, "manifest": {"format": contest.FORMAT}})
    return tmp_path


def told(home: Path, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
    assert run(["compare", "--fits", str(home), "--json", *more]) == 0
    return json.loads(capsys.readouterr().out)


def test_each_card_s_trials_sum_to_its_total(home: Path, capsys: pytest.CaptureFixture[str]):
    found = told(home, capsys)
    for row in found["cards"]:
        assert {"card", "log_evidence", "error", "loo", "weight", "odds"} <= set(row)
        assert sum(trial["loo"][row["card"]] for trial in found["trials"]) == pytest.approx(row["loo"])
    assert sum(row["odds"] for row in found["cards"]) == pytest.approx(1)
    assert sum(row["weight"] for row in found["cards"]) == pytest.approx(1)


def test_prior_odds_move_the_odds_with_and_without_each_trial(home: Path, capsys: pytest.CaptureFixture[str]):
    before, after = told(home, capsys), told(home, capsys, "--prior-odds", "expectancy=100")
    ratio = [rows["cards"][1]["odds"] / rows["cards"][0]["odds"] for rows in (before, after)]
    assert ratio[1] / ratio[0] == pytest.approx(100)
    without = [rows["trials"][0]["odds_without"] for rows in (before, after)]
    odds = [each["expectancy"] / each["composite"] for each in without]
    assert odds == pytest.approx([np.e, 100 * np.e])  # without the first trial -5 stands against -6


def test_a_variation_moves_evidence_odds_and_verdict(home: Path, capsys: pytest.CaptureFixture[str]):
    before = told(home, capsys)["variations"]
    assert [row["variation"] for row in before] == list(VARIATIONS)
    assert [row["beaten_by"]["expectancy"] for row in before[:2]] == [None, "composite"]
    assert before[1]["log_evidence"] == pytest.approx({"composite": -10.0, "expectancy": -18.0})
    assert before[1]["odds"]["expectancy"] == pytest.approx(1 / (1 + np.exp(8)))
    after = told(home, capsys, "--prior-odds", "expectancy=100")["variations"]
    odds = [rows[1]["odds"]["expectancy"] / rows[1]["odds"]["composite"] for rows in (before, after)]
    assert odds[1] / odds[0] == pytest.approx(100)
    assert run(["compare", "--fits", str(home)]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("narrower"))
    assert line.split() == ["narrower", "0.0", "[8.0]"]


def test_the_tables_say_no_preference_and_name_what_is_not_to_be_believed(
    home: Path, capsys: pytest.CaptureFixture[str]
):
    assert run(["compare", "--fits", str(home)]) == 0
    shown = capsys.readouterr().out
    assert "no preference" in shown
    ranked = shown[: shown.index("Trials")]
    assert "preferred" not in ranked.replace("no preference", "")
    line = next(line for line in shown.splitlines() if line.startswith("two"))
    assert line.endswith("composite")


@pytest.mark.parametrize(
    "words",
    [
        ["--prior-odds", "nobody=2"],
        ["--prior-odds", "expectancy=0"],
        ["--again", "--sets", "-1"],
        ["--again", "--seed", "-1"],
    ],
)
def test_slips_are_refused(home: Path, words: list[str], capsys: pytest.CaptureFixture[str]):
    assert run(["compare", "--fits", str(home), *words]) == 2
    assert "allowed" in capsys.readouterr().err


def test_a_folder_without_fits_or_without_a_contest_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["compare", "--fits", str(tmp_path)]) == 2
    assert run(["compare", "--fits", str(tmp_path), "--again"]) == 2
    assert run(["compare", "--again"]) == 2
    assert "--fits" in capsys.readouterr().err
