"""The arithmetic of the benchmarks: equal error and paired ratios, on made-up solvers whose answer is known."""

import math

import pytest

from benchmarks.measure.equal import LADDER, TARGET, Rung, climb, loosest
from benchmarks.measure.ratio import paired, spread
from benchmarks.part.versus import missed


def rung(tolerance: float, error: float) -> Rung:
    return Rung(tolerance, error, 1.0, 1.0)


def test_the_middle_of_runs_is_their_median() -> None:
    found = spread([3.0, 1.0, 10.0])
    assert (found.middle, found.low, found.high, found.rounds) == (3.0, 1.0, 10.0, 3)


def test_a_ratio_is_taken_round_by_round() -> None:
    """A machine that slows by ten in one round changes both times and no ratio."""
    found = paired([1.0, 10.0, 1.0], [4.0, 40.0, 5.0])
    assert (found.middle, found.low, found.high) == (4.0, 4.0, 5.0)


def test_rounds_that_do_not_pair_are_refused() -> None:
    with pytest.raises(ValueError, match="2 and 1 rounds"):
        paired([1.0, 1.0], [1.0])
    with pytest.raises(ValueError, match="not positive"):
        paired([0.0], [1.0])
    with pytest.raises(ValueError, match="no runs"):
        spread([])


def test_the_loosest_tolerance_that_meets_the_target_is_taken() -> None:
    found = loosest([rung(1e-4, 1e-4), rung(1e-5, 2e-5), rung(1e-6, 9e-6), rung(1e-7, 1e-7)])
    assert found is not None
    assert found.tolerance == 1e-6


def test_a_solver_that_missed_says_whether_it_had_time() -> None:
    late, never = ([rung(tolerance, 2 * TARGET) for tolerance in LADDER[:n]] for n in (4, len(LADDER)))
    assert (
        missed(late)
        == "no error of at most 1e-05 down to a tolerance of 3e-04, where the time for trying was spent; least 2.0e-05"
    )
    assert "time" not in missed(never)


def test_a_lucky_tolerance_is_not_taken() -> None:
    """At 1e-4 the error happens to be small, at 1e-5 it is not: neither counts."""
    found = loosest([rung(1e-4, 1e-6), rung(1e-5, 2e-5), rung(1e-6, 1e-6)])
    assert found is not None
    assert found.tolerance == 1e-6


@pytest.mark.parametrize("worst", [1.0, math.nan, math.inf])
def test_a_solver_that_is_wrong_at_its_tightest_meets_no_target(worst: float) -> None:
    assert loosest([rung(1e-4, 1e-7), rung(1e-8, worst)]) is None


def test_a_climb_that_is_sure_ends() -> None:
    found = climb(lambda tolerance: rung(tolerance, tolerance), lambda: 0.0, budget_s=1.0, until=0.0, sure=3)
    assert [one.tolerance <= TARGET for one in found].count(True) == 3
    assert found[-1].tolerance == pytest.approx(1e-6)


def test_a_climb_ends_where_the_error_is_small_enough() -> None:
    found = climb(lambda tolerance: rung(tolerance, 10 * tolerance), lambda: 0.0, budget_s=1.0, until=1e-7)
    assert [one.tolerance for one in found] == [one for one in LADDER if one > 0.9e-8]


@pytest.mark.parametrize(("budget", "rungs", "met"), [(2.5, 7, False), (5.5, 9, True)])
def test_a_climb_out_of_time_goes_on_only_for_the_target(budget: float, rungs: int, met: bool) -> None:
    """Each rung takes a second and the ninth meets the target: after twice the budget it is given up, and met it is enough."""
    clock = iter(range(100))
    found = climb(lambda tolerance: rung(tolerance, 9 * tolerance), lambda: next(clock), budget, until=0.0)
    assert len(found) == rungs
    assert any(one.error <= TARGET for one in found) == met
