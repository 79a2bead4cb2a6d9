"""Residuals and coverage are the arithmetic they say they are, and a number that was put in is not counted as agreed with."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from racemate.report.replication.agreement import coverage, interval, residual
from racemate.report.run.stated import bound, ends, error
from tests.report.replication.small import CARDS, run, write_two

ROW: dict[str, Any] = {
    "statistic": "observed-change", "value": -10.0, "spread_kind": "none", "spread": None, "low": None, "high": None, "n": None,
}  # fmt: skip


def row(**told: Any) -> dict[str, Any]:
    return {**ROW, **told}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, None),
        ({"spread_kind": "se", "spread": 1.5}, 1.5),
        ({"spread_kind": "sd", "spread": 8.0, "n": 16}, 2.0),
        ({"spread_kind": "sd", "spread": 8.0}, None),
        ({"spread_kind": "sd", "spread": 8.0, "n": 16, "statistic": "sd"}, None),
        ({"spread_kind": "range95", "low": -13.92, "high": -6.08}, 2.0),
        ({"spread_kind": "exact95", "low": 27.7, "high": 84.8}, 14.57),
        ({"spread_kind": "iqr", "low": -12.0, "high": -8.0}, None),
    ],
)
def test_the_standard_error_is_read_where_the_paper_tells_it(told: dict[str, Any], expected: float | None) -> None:
    found = error(row(**told))
    assert found == (None if expected is None else pytest.approx(expected, abs=0.01))


def test_an_interval_is_the_stated_one_else_two_errors_wide() -> None:
    assert ends(row(spread_kind="range95", low=-12.0, high=-9.0)) == (-12.0, -9.0)
    assert ends(row(spread_kind="se", spread=1.0)) == pytest.approx((-11.96, -8.04), abs=0.001)
    assert ends(row()) == (None, None)


def test_a_bound_is_told_from_a_number() -> None:
    assert bound(row(spread_kind="range", value=0.05, low=0.0, high=0.05))
    assert not bound(row(spread_kind="range", value=3.0, low=1.0, high=9.0))


def test_a_residual_is_the_distance_over_the_scatter() -> None:
    values = np.array([-3.0, 0.0, 3.0])
    assert residual(7.0, values) == pytest.approx(7 / 3)
    assert residual(-7.0, values) == pytest.approx(-7 / 3)


def test_a_ratio_is_compared_on_the_log_scale() -> None:
    values = np.exp(np.array([-1.0, 0.0, 1.0]))
    assert residual(np.e**2, values, logarithmic=True) == pytest.approx(2.0)
    assert residual(0.0, values, logarithmic=True) is None
    assert residual(0.5, np.array([0.0, 0.25]), logarithmic=True) is None, "one positive value has no scatter"


def test_without_scatter_there_is_no_residual() -> None:
    assert residual(1.0, np.array([2.0, 2.0])) is None
    assert residual(1.0, np.array([2.0])) is None


def test_intervals_are_central_and_nested() -> None:
    values = np.arange(101.0)
    assert interval(values, 50) == (25.0, 75.0)
    assert interval(values, 80) == pytest.approx((10.0, 90.0))
    assert interval(values, 95) == pytest.approx((2.5, 97.5))


def told(trial: str, use: str, inside: tuple[bool, bool, bool], distance: float | None, **more: Any) -> dict[str, Any]:
    shares = dict(zip(("inside50", "inside80", "inside95"), inside, strict=True))
    return {"trial": trial, "use": use, "hypothesis": "a", "counted": True, "residual": distance, **shares, **more}


def test_coverage_counts_rows_and_trials_apart_by_use() -> None:
    rows = [
        told("one", "calibration", (True, True, True), 0.5),
        told("one", "calibration", (False, True, True), -1.5),
        told("one", "calibration", (False, False, True), None),
        told("two", "calibration", (False, False, False), 3.0),
        told("two", "hold-out", (True, True, True), 0.0),
        told("two", "calibration", (True, True, True), 0.0, counted=False),
        told("two", "calibration", (True, True, True), 0.0, hypothesis="b"),
    ]
    found = {(one["hypothesis"], one["use"]): one for one in coverage(rows, ("a", "b"))}
    here = found["a", "calibration"]
    assert (here["trials"], here["rows"]) == (2, 4)
    assert [here[f"inside{share}"] for share in (50, 80, 95)] == [0.25, 0.5, 0.75]
    assert here["by_trial80"] == pytest.approx((2 / 3 + 0) / 2)
    assert here["error80"] == pytest.approx(np.std([2 / 3, 0], ddof=1) / np.sqrt(2))
    assert here["mean_residual"] == pytest.approx(2 / 3)
    assert here["rms_residual"] == pytest.approx(np.sqrt((0.25 + 2.25 + 9) / 3))
    assert found["a", "hold-out"]["rows"] == 1
    assert "error50" not in found["a", "hold-out"], "one trial has no scatter between trials"
    assert found["b", "calibration"]["inside95"] == 1
    assert found["b", "context"] == {"hypothesis": "b", "use": "context", "trials": 0, "rows": 0}


def test_intervals_of_a_calibrated_simulation_hold_what_they_say() -> None:
    rng = np.random.default_rng(1)
    inside = []
    for _ in range(2000):
        values, seen = rng.normal(size=400), rng.normal()
        inside.append([low <= seen <= high for low, high in (interval(values, share) for share in (50, 80, 95))])
    assert np.mean(inside, axis=0) == pytest.approx([0.5, 0.8, 0.95], abs=0.03)


@pytest.mark.slow
def test_each_published_row_stands_beside_its_own_answer(tmp_path: Path) -> None:
    found = run(write_two(tmp_path), replicates=40)
    rows = found.rows("results")
    assert list(dict.fromkeys(row["hypothesis"] for row in rows)) == list(CARDS)
    assert {row["use"] for row in rows} == {"calibration", "context"}
    shown = [row for row in rows if (row["trial"], row["hypothesis"]) == ("first", CARDS[0])]
    assert [row["counted"] for row in shown] == [True, True, True, False]
    assert shown[-1]["reason"] == "the outcome of a test, not a size"
    simulated = [row for row in found.rows("simulated") if (row["trial"], row["hypothesis"]) == ("first", CARDS[0])]
    for one in shown:
        same = [row for row in simulated if all(row[name] == one[name] for name in ("statistic", "arm", "hours"))]
        assert [(row["median"], row["low"], row["high"]) for row in same] == [
            (one["median"], one["low95"], one["high95"])
        ]
    ketamine = shown[0]
    assert ketamine["observed_se"] == pytest.approx(9 / np.sqrt(5))
    scatter = ketamine["sd"]
    assert ketamine["residual"] == pytest.approx((-14 - ketamine["median"]) / scatter)


@pytest.mark.slow
def test_the_report_says_what_it_rests_on_and_asks_nobody_for_anything(tmp_path: Path) -> None:
    found = run(write_two(tmp_path))
    page = found.report()
    assert page.index(f"Parameters: {found.manifest['parameters']}.") < page.index("Agreement by card")
    assert "<script" not in page
    assert "http" not in page.replace("http://www.w3.org/", "")
    for text in (
        'href="#first"',
        'id="first"',
        "Nobody ran this trial.",
        "calibration",
        "<svg",
        "ketamine better on day 2",
        "What each comparison estimates",
    ):
        assert text in page
    names = [part.split('"')[0] for part in page.split(' id="')[1:]]
    assert len(names) == len(set(names)), "two things of one name in one page"
