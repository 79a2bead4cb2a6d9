"""Grids: windows that fill each segment, few in a quiet stretch, fewer at a looser tolerance, and errors that follow it."""

import numpy as np
import pytest

from racemate.model import bind
from racemate.simulate.grid import TOLERANCE, TRIAL_TOLERANCE
from racemate.simulate.plan import Condition, Dose, Plan
from racemate.simulate.run import pilot_grid
from racemate.simulate.solve import machine
from racemate.simulate.timeline import timeline

ONE = np.ones(1)
PLAN = Plan(
    1,
    (Dose(0.0, "ketamine", "iv", 37.5 * ONE, 40 / 60),),
    (Condition(0, 2, "session", ONE), Condition(0, 2000, "awake", ONE)),
    np.array([1.0, 24.0, 167.3, 336.0, 1001.7]),
    np.full(1, 1e6),
)


@pytest.fixture(scope="module")
def model():
    return bind("composite")


@pytest.fixture(scope="module")
def built(model):
    return machine(model, PLAN)


@pytest.mark.parametrize("tolerance", [TOLERANCE, TRIAL_TOLERANCE])
def test_windows_fill_every_segment(model, built, tolerance):
    grid = pilot_grid(built, model, PLAN, tolerance)
    cut = timeline(PLAN, built.layouts, model.typical.dose, model.typical.dose)
    assert [sum(lengths) for lengths in grid.lengths] == [2 * segment.ticks for segment in cut.segments]
    assert all(length >= 2 for lengths in grid.lengths for length in lengths)
    assert grid.error < 3 * tolerance


def test_a_quiet_month_is_a_handful_of_windows_wherever_its_visits_lie(model, built):
    grid = pilot_grid(built, model, PLAN, TRIAL_TOLERANCE)
    assert len(grid.lengths[-1]) <= 5
    assert grid.windows < pilot_grid(built, model, PLAN, TOLERANCE).windows
