"""Reports of the checks: verdicts from made-up ranks, figures that can be drawn, and what the commands refuse."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from racemate.cli import run
from racemate.cli.learned import calibration as shown
from racemate.infer.check.ranks import Agreement, Moments, Rank
from racemate.infer.check.sensitivity import Indices
from racemate.report.check.calibration import HIGHEST, CalibrationRun
from racemate.report.check.learned import LearnedRun
from racemate.report.check.sensitivity import SensitivityRun

STATED = {"cards": [{"name": "card"}], "command": "calibration", "fault": None}
NAMES = ("a", "b", "log likelihood")


def made(spread: float) -> CalibrationRun:
    rng = np.random.default_rng(7)
    ranks = [
        Rank(
            (rng.beta(spread, spread, 3) * (HIGHEST + 1)).astype(np.int64),
            np.zeros(3),
            np.zeros(3),
            np.ones(3),
            np.full(3, 90.0),
            0,
        )
        for _ in range(100)
    ]
    told = Moments(np.zeros(3), np.ones(3), np.full(3, 0.05), np.full(3, 0.05))
    return CalibrationRun(NAMES, ranks, [Agreement(told, told, ())], STATED)


def test_uniform_ranks_pass_and_others_are_named():
    assert made(1.0).result["passed"]
    failed = made(3.0)
    assert failed.result["not_uniform"] == list(NAMES)
    assert "NOT UNIFORM" in shown.told(failed)


def test_a_calibration_is_written_whole(tmp_path: Path):
    files = made(1.0).save(tmp_path / "out")
    names = {path.name for path in files}
    assert {"manifest.json", "quantities.csv", "histogram.csv", "agreement.csv", "figure.svg", "heights.svg"} <= names
    table = pd.read_csv(tmp_path / "out" / "histogram.csv")
    assert np.asarray(table.groupby("quantity")["count"].sum()).tolist() == [100] * 3


def test_indices_are_told_with_the_largest_first(tmp_path: Path):
    part = np.array([[0.1, 0.2], [0.6, 0.5]])
    mean, sd = np.array([-9.0, -3.0]), np.array([2.0, 1.0])
    found = Indices(("a", "b"), (("dose", 1), ("dose", 28)), part, part, part, part, part, part, mean, sd)
    told = SensitivityRun(found, {**STATED, "command": "sensitivity", "acting": 2})
    assert told.indices["parameter"].tolist() == ["b", "a", "b", "a"]
    assert told.outcomes["sum_total"].to_numpy() == pytest.approx([0.7, 0.7])
    assert (tmp_path / "out" / "figure.png") in told.save(tmp_path / "out")


def test_a_fit_s_figures_can_be_drawn(tmp_path: Path):
    rows = [{"trial": "t", "z": z, "predicted_from": kind} for kind in ("prior", "posterior") for z in (-1.0, 7.0)]
    lost = [
        {"day": day, "draw": 0, "drug_lost": 0.4, "hope_lost": hope, "change_lost": 0.3}
        for day in (1, 14)
        for hope in (0.1, np.nan)
    ]
    told = LearnedRun(
        "card",
        {"targets": pd.DataFrame(rows), "naltrexone": pd.DataFrame(lost)},
        {**STATED, "command": "learned", "fitted": {"targets": 4, "fitted": ["t"]}},
    )
    assert (tmp_path / "out" / "naltrexone.svg") in told.save(tmp_path / "out")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["calibration", "--sets", "3"], "at least 20"),
        (["calibration", "--full", "300"], "from 0 to 200"),
        (["calibration", "--plant", "gremlins"], "halved-errors"),
        (["calibration", "--seed", "-1"], "seed"),
        (["calibration", "--only", "williams-2018"], "hold-out"),
        (["sensitivity", "--base", "100"], "power of two"),
        (["sensitivity", "--hypothesis", "unheard-of"], "unheard-of"),
        (["learned", "--fits", "nowhere"], "racemate fit"),
    ],
)
def test_the_commands_refuse_with_a_sentence(words: list[str], said: str, capsys: pytest.CaptureFixture[str]):
    assert run(words) == 2
    assert said in capsys.readouterr().err
