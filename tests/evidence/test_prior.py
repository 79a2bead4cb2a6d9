"""A prior's quantiles and moments, against scipy's own laws."""

import math

import numpy as np
import pytest
from scipy import stats

from racemate.evidence.prior import Prior

SHARES = np.linspace(0.001, 0.999, 201)


def test_a_lognormal_is_scipys() -> None:
    prior = Prior("lognormal", math.log(0.3), 0.4, 1e-9, 1e9, "umol/L")
    law = stats.lognorm(0.4, scale=0.3)
    np.testing.assert_allclose(prior.quantile(SHARES), law.ppf(SHARES), rtol=1e-9)
    assert prior.median == pytest.approx(0.3)
    assert prior.sd == pytest.approx(law.std(), rel=1e-6)
    assert prior.inside == pytest.approx(1)


def test_a_cut_normal_is_scipys() -> None:
    prior = Prior("normal", 1.0, 2.0, 0.0, 2.5, "1")
    law = stats.truncnorm(-0.5, 0.75, loc=1, scale=2)
    np.testing.assert_allclose(prior.quantile(SHARES), law.ppf(SHARES), rtol=1e-9)
    assert prior.sd == pytest.approx(law.std(), rel=1e-3)
    assert prior.inside == pytest.approx(stats.norm.cdf(0.75) - stats.norm.cdf(-0.5))


def test_a_half_normal_is_scipys() -> None:
    prior = Prior("half-normal", 0.0, 1.5, 0.0, 100.0, "1")
    law = stats.halfnorm(scale=1.5)
    np.testing.assert_allclose(prior.quantile(SHARES), law.ppf(SHARES), rtol=1e-9)
    assert prior.median == pytest.approx(law.median())
    assert prior.sd == pytest.approx(law.std(), rel=1e-3)
    assert prior.inside == pytest.approx(1)


def test_a_logit_normal_is_an_expit_of_a_normal() -> None:
    prior = Prior("logit-normal", 0.2, 1.1, 0.0, 1.0, "1")
    expected = 1 / (1 + np.exp(-stats.norm(0.2, 1.1).ppf(SHARES)))
    np.testing.assert_allclose(prior.quantile(SHARES), expected, rtol=1e-12)


def test_draws_stay_in_range_and_rise() -> None:
    prior = Prior("lognormal", 0.0, 3.0, 0.5, 2.0, "1")
    draws = prior.quantile(np.linspace(0, 1, 1001))
    assert draws[0] == 0.5
    assert draws[-1] == pytest.approx(2.0, rel=1e-12)
    assert bool(np.all(np.diff(draws) > 0))


def test_a_fixed_number_does_not_move() -> None:
    prior = Prior("fixed", 237.73, 0.0, 200, 300, "g/mol")
    assert prior.quantile(SHARES).tolist() == [237.73] * len(SHARES)
    assert prior.sd == 0
    assert prior.inside == 1


@pytest.mark.parametrize("share", [-0.1, 1.1, math.nan])
def test_a_share_outside_0_to_1_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="shares from 0 to 1"):
        Prior("normal", 0.0, 1.0, -9, 9, "1").quantile(share)
