"""Three numbers per course of improvement: how much of one infusion's course they hold."""

from collections.abc import Sequence
from types import ModuleType

import numpy as np
import pytest

from tests.published.folder import Row, script, unchanged

pytestmark = pytest.mark.slow

DECLARED = {("improvement", "a_minus_b_days")}
TYPICAL, WORST = 0.10, 0.40
"""Shares of the magnitude by which the closed form may miss a course, as root mean square over three weeks and anywhere in them.
Loose on purpose: 3 and 7 %, and 9 and 31 % (two hours after the dose), were measured."""


@pytest.fixture(scope="module")
def told() -> ModuleType:
    return script("nunes-singh-2024")


@pytest.fixture(scope="module")
def rows(told: ModuleType) -> Sequence[Row]:
    return told.compare()


def number(rows: Sequence[Row], curve: str, quantity: str) -> float:
    return next(float(row["here"]) for row in rows if (row["curve"], row["quantity"]) == (curve, quantity))


def test_the_numbers_lie_where_the_paper_looked(rows: Sequence[Row]) -> None:
    """A declared miss that has healed fails too: then the README and this set say so."""
    missed = {(str(row["curve"]), str(row["quantity"])) for row in rows if row["agrees"] == "no"}
    assert missed == DECLARED


@pytest.mark.parametrize("curve", ["improvement", "drug"])
def test_the_closed_form_holds_the_course(rows: Sequence[Row], curve: str) -> None:
    assert number(rows, curve, "rms_residual_per_g") < TYPICAL
    assert number(rows, curve, "worst_residual_per_g") < WORST
    assert number(rows, curve, "t_peak_h") < 24


def test_a_course_of_that_form_is_recovered(told: ModuleType) -> None:
    days = np.arange(0, 21, 1 / 12)
    found = told.fit(days, told.response(days, 0.5, 5.0, 0.2))
    assert found["g"] == pytest.approx(0.5, rel=1e-6)
    assert found["a_minus_b_days"] == pytest.approx(4.8, rel=1e-6)
    assert found["t_peak_h"] == pytest.approx(24 * told.peak(5.0, 0.2), rel=1e-6)


def test_the_form_peaks_at_its_magnitude(told: ModuleType) -> None:
    assert told.response(told.peak(5.0, 1.0), 0.5, 5.0, 1.0) == pytest.approx(0.5, rel=1e-12)
    assert told.peak(5.0, 1.0) == pytest.approx(2.0118, rel=1e-4)


def test_the_committed_table_is_todays(rows: Sequence[Row]) -> None:
    unchanged("nunes-singh-2024", rows)
