"""Analysis of covariance with covariates and strata: what can be told, what cannot, and how often it errs."""

import numpy as np
import pytest

from racemate.trial.analysis import covariance, statistics

R, N = 30, 60


def test_one_covariate_is_the_plain_analysis(rng: np.random.Generator) -> None:
    x, arm = rng.normal(30, 5, (R, N)), rng.integers(0, 3, (R, N))
    y, mask = 0.5 * x + rng.normal(0, 6, (R, N)), rng.random((R, N)) < 0.9
    fit = covariance.analysed(y, arm, mask, [x])
    plain = statistics.ancova([y] * 3, [x] * 3, [mask & (arm == k) for k in range(3)])
    np.testing.assert_allclose(covariance.compared(fit, 2, 0).p, statistics.compare(plain, 2, 0).p, rtol=1e-8)
    np.testing.assert_allclose(covariance.adjusted_mean(fit, 1).difference, plain.means[1])


def test_without_covariates_and_with_two_arms_it_is_the_t_test(rng: np.random.Generator) -> None:
    y, arm = rng.normal(0, 6, (R, N)), rng.integers(0, 2, (R, N))
    found = covariance.compared(covariance.analysed(y, arm, np.ones_like(arm, dtype=bool)), 0, 1)
    np.testing.assert_allclose(found.p, statistics.two_sample_t(y, y, arm == 0, arm == 1).p)


def test_a_covariate_told_twice_changes_nothing_and_costs_one_degree(rng: np.random.Generator) -> None:
    y, x, arm = rng.normal(0, 6, (R, N)), rng.normal(1e4, 1, (R, N)), rng.integers(0, 2, (R, N))
    mask = np.ones_like(arm, dtype=bool)
    once, twice = (covariance.compared(covariance.analysed(y, arm, mask, [x] * k), 0, 1) for k in (1, 2))
    np.testing.assert_allclose(once.p, twice.p, rtol=1e-6)
    assert (once.df == twice.df).all()


def test_an_arm_without_people_cannot_be_compared(rng: np.random.Generator) -> None:
    y, arm = rng.normal(0, 6, (2, N)), np.tile(np.arange(N) % 3, (2, 1))
    mask = np.array([[True] * N, list(np.arange(N) % 3 != 1)])
    fit = covariance.analysed(y, arm, mask, [rng.normal(0, 1, (2, N))])
    found = covariance.compared(fit, 1, 0)
    assert np.isfinite(found.p[0])
    assert np.isnan(found.p[1])
    assert np.isfinite(covariance.compared(fit, 2, 0).p).all()


def test_under_the_null_one_in_twenty_is_found(rng: np.random.Generator) -> None:
    many, n = 4000, 40
    arm, site = rng.integers(0, 2, (many, n)), rng.integers(0, 3, (many, n))
    x, age, mask = rng.normal(30, 5, (many, n)), rng.normal(45, 10, (many, n)), rng.random((many, n)) < 0.9
    y = 0.6 * x - 0.1 * age + 2 * site + rng.normal(0, 7, (many, n))
    one = covariance.analysed(y, arm, mask, [x, age], [site])
    many_slopes = covariance.analysed(y, arm, mask, [x, age], [site], slopes=True)
    for p in (covariance.compared(one, 1, 0).p, covariance.larger_fits_better(one, many_slopes).p):
        # Four standard errors of a share of one in twenty: a wrong test by a percent fails, chance does not.
        assert np.mean(p < 0.05) == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / many))
