"""Intervals of shares: published examples, scipy, and coverage."""

import numpy as np
import pytest
from scipy import stats

from racemate.trial.analysis.categorical import interval


def test_the_examples_of_newcombe() -> None:
    """Table II of Newcombe 1998 (Stat Med 17:873), methods 6 and 10, as remembered."""
    for counts, score, hybrid in (
        ((56, 70, 48, 80), (0.0528, 0.3382), (0.0524, 0.3339)),
        ((9, 10, 3, 10), (0.1700, 0.8406), (0.1705, 0.8090)),
    ):
        found = [float(x) for x in (*interval.miettinen_nurminen(*counts), *interval.newcombe(*counts))]
        assert found == pytest.approx([*score, *hybrid], abs=6e-5)


@pytest.mark.parametrize("method", ["exact", "wilson"])
def test_a_share_agrees_with_scipy(method: str) -> None:
    for n in (1, 2, 7, 30):
        for k in range(n + 1):
            judge = stats.binomtest(k, n).proportion_ci(method=method)
            found = [float(x) for x in getattr(interval, method)(k, n)]
            assert found == pytest.approx([judge.low, judge.high], abs=1e-12)


def test_nobody_has_no_interval_and_more_events_than_people_are_refused() -> None:
    for method in (interval.exact, interval.wilson):
        assert np.isnan([float(x) for x in method(0, 0)]).all()
    for method in (interval.newcombe, interval.miettinen_nurminen):
        assert np.isnan([float(x) for x in method(0, 0, 3, 5)]).all()
    with pytest.raises(ValueError, match="allowed: 0 to n"):
        interval.wilson(3, 2)


def test_the_interval_turns_round_with_its_arms() -> None:
    low, high = interval.miettinen_nurminen([3, 0, 9], 10, [7, 1, 9], 12)
    lower, upper = interval.miettinen_nurminen([7, 1, 9], 12, [3, 0, 9], 10)
    np.testing.assert_allclose([low, high], [-upper, -lower], atol=1e-9)


def test_nineteen_in_twenty_intervals_hold_the_truth(rng: np.random.Generator) -> None:
    k, h = rng.binomial(60, 0.4, 5000), rng.binomial(50, 0.2, 5000)
    for method in (interval.miettinen_nurminen, interval.newcombe):
        low, high = method(k, 60, h, 50)
        # Counts are whole, so coverage is not 95 % exactly; a percent and four standard errors either way.
        assert np.mean((low <= 0.2) & (high >= 0.2)) == pytest.approx(0.95, abs=0.01 + 4 * 0.0031)
