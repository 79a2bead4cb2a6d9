"""Everybody checked: who is off is found, solved on finer windows and listed, in any company the same."""

from dataclasses import replace

import numpy as np
import pytest

from racemate.model import bind
from racemate.people.cohort import draw
from racemate.readings.numeric import SLOW
from racemate.simulate.check.everybody import Check
from racemate.simulate.plan import Condition, Dose, Plan
from racemate.simulate.run import pilot_grid
from racemate.simulate.solve import machine, solve

PEOPLE = 40
TOLERANCE = 1e-5
STATES = [f"state.{name}" for name in SLOW]


def infusion(people):
    ones = np.ones(people)
    return Plan(
        people,
        (Dose(0.0, "ketamine", "iv", 37.5 * ones, 40 / 60),),
        (Condition(0, 2, "session", ones), Condition(0, 100, "awake", ones)),
        np.array([2.0, 24.0]),
        np.full(people, 1e6),
    )


@pytest.fixture(scope="module")
def model():
    return bind("composite")


@pytest.fixture(scope="module")
def people(model):
    return draw(model, 5, np.arange(PEOPLE), np.arange(PEOPLE)).table


@pytest.fixture(scope="module")
def built(model):
    return machine(model, infusion(1))


@pytest.fixture(scope="module")
def grids(model, built):
    """A grid too coarse for what is asked, watching from a hundredth of it on; the same without a watch; and a tight one."""
    coarse = replace(pilot_grid(built, model, infusion(1), 1e-2), tolerance=TOLERANCE)
    assert coarse.watch is not None
    watching = replace(coarse, watch=coarse.watch._replace(limit=TOLERANCE / 100))
    return watching, replace(coarse, watch=None), replace(pilot_grid(built, model, infusion(1), 1e-8), watch=None)


def solved(built, model, table, grid, leader=None):
    count = table.shape[1]
    return solve(built, model, table, np.ones((2, count)), infusion(count), grid, STATES, None, 2, leader)


def check(found) -> Check:
    assert found.check is not None
    return found.check


def states(found):
    return np.stack([found[name] for name in STATES], axis=1)


def test_who_is_off_is_found_and_replaced(built, model, people, grids):
    watching, blind, tight = grids
    found, plain, exact = (solved(built, model, people, grid) for grid in (watching, blind, tight))
    assert plain.check is None
    error = watching.watch.error
    before, after = (error(states(one), states(exact)) for one in (plain, found))
    off = check(found).person[check(found).outlier]
    assert set(np.flatnonzero(before > 2 * TOLERANCE)) <= set(off) <= set(np.flatnonzero(before > TOLERANCE / 2))
    assert 0 < len(off) < PEOPLE
    assert after.max() < 2 * TOLERANCE
    assert np.allclose(check(found).before[check(found).outlier], before[off], rtol=0.2)
    kept = np.setdiff1d(np.arange(PEOPLE), off)
    assert np.array_equal(states(found)[..., kept], states(plain)[..., kept])


def test_the_company_changes_no_bit_of_who_is_replaced(built, model, people, grids):
    all_of = solved(built, model, people, grids[0])
    off = check(all_of).person[check(all_of).outlier]
    some = np.concatenate([off[::-1][:3], np.setdiff1d(np.arange(PEOPLE), off)[:2]])
    few = solved(built, model, people[:, some], grids[0])
    assert np.array_equal(states(few), states(all_of)[..., some])
    assert check(few).person[check(few).outlier].tolist() == [0, 1, 2]


def test_who_follows_an_outlier_is_replaced_with_it(built, model, people, grids):
    alone = solved(built, model, people, grids[0])
    worst = int(check(alone).person[np.argmax(check(alone).before)])
    found = solved(built, model, people, grids[0], np.full(PEOPLE, worst))
    assert check(found).person.tolist() == [worst]
    assert np.array_equal(states(found), np.repeat(states(alone)[..., worst : worst + 1], PEOPLE, axis=-1))


def test_what_a_run_tells_counts_all_and_lists_the_worst(built, model, people, grids):
    told = solved(built, model, people, grids[0]).solved()["check"]
    assert told["outliers"] == len(told["worst"]) <= told["looked_at_again"] <= PEOPLE
    sizes = [row["before"] for row in told["worst"]]
    assert sizes == sorted(sizes, reverse=True)
    assert all(row["after"] < row["before"] for row in told["worst"])


def test_checks_of_two_parts_of_a_course_are_one():
    first = Check(1e-3, np.array([2, 5]), np.array([1e-2, 1e-4]), np.array([1e-4, 1e-4]))
    second = Check(1e-3, np.array([1, 5]), np.array([1e-5, 2e-2]), np.array([1e-5, 1e-5]))
    both = first.joined(second)
    assert both.person.tolist() == [1, 2, 5]
    assert both.before.tolist() == [1e-5, 1e-2, 2e-2]
    assert both.outlier.tolist() == [False, True, True]
    assert both.of(np.array([9, 8, 7, 6, 5, 4])).person.tolist() == [4, 7, 8]
