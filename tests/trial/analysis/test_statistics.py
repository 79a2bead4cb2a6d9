"""The statistics agree with an independent implementation, replicate by replicate."""

import time

import numpy as np
import pytest
from scipy import stats

from racemate.trial.analysis import statistics

R, N = 40, 23


@pytest.fixture
def data(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x = rng.normal(30, 5, (R, N))
    return x, 0.6 * x + rng.normal(-4, 6, (R, N)), rng.random((R, N)) < 0.6


def test_paired_t_agrees_with_scipy(data: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    x, y, mask = data
    found = statistics.paired_t(x, y, mask)
    for r in range(R):
        expected = stats.ttest_rel(x[r][mask[r]], y[r][mask[r]])
        assert [found.t[r], found.p[r], found.df[r]] == pytest.approx(
            [expected.statistic, expected.pvalue, expected.df]
        )


def test_two_sample_t_agrees_with_scipy(data: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    x, y, mask = data
    found = statistics.two_sample_t(x, y, mask, ~mask)
    for r in range(R):
        t, p = stats.ttest_ind(x[r][mask[r]], y[r][~mask[r]])
        assert [found.t[r], found.p[r]] == pytest.approx([t, p])


def test_analysis_of_covariance_agrees_with_least_squares(data: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    x, y, _ = data
    group = np.arange(N) % 3
    masks = [np.tile(group == k, (R, 1)) for k in range(3)]
    fit = statistics.ancova([y] * 3, [x] * 3, masks)
    found = statistics.compare(fit, 2, 0)
    for r in range(R):
        design = np.column_stack([group == k for k in range(3)] + [x[r]]).astype(float)
        beta, residual, _, _ = np.linalg.lstsq(design, y[r], rcond=None)
        df = N - 4
        contrast = np.array([-1, 0, 1, 0.0])
        se = np.sqrt(residual[0] / df * contrast @ np.linalg.inv(design.T @ design) @ contrast)
        p = 2 * stats.t.sf(abs(contrast @ beta) / se, df)
        assert [found.difference[r], found.se[r], found.p[r]] == pytest.approx([contrast @ beta, se, p])
        assert fit.means[1][r] == pytest.approx(beta[1] + beta[3] * x[r].mean())


def test_summaries_agree_with_numpy(data: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    x, y, mask = data
    for r in range(R):
        kept = x[r][mask[r]]
        assert statistics.mean(x, mask)[r] == pytest.approx(kept.mean())
        assert statistics.sd(x, mask)[r] == pytest.approx(kept.std(ddof=1))
        assert statistics.median(x, mask)[r] == pytest.approx(np.median(kept))
        pooled = (kept.var(ddof=1) * (len(kept) - 1) + y[r][~mask[r]].var(ddof=1) * ((~mask[r]).sum() - 1)) / (N - 2)
        d = (kept.mean() - y[r][~mask[r]].mean()) / np.sqrt(pooled)
        assert statistics.effect_size(x, y, mask, ~mask)[r] == pytest.approx(d)


def test_nobody_and_one_person_leave_a_statistic_undefined() -> None:
    x = np.array([[1.0, 2.0, 4.0]] * 2)
    mask = np.array([[False, False, False], [True, False, False]])
    assert np.isnan(statistics.mean(x, mask)[0])
    assert np.isnan(statistics.median(x, mask)[0])
    assert np.isnan(statistics.sd(x, mask)).all()
    assert np.isnan(statistics.paired_t(x, x + 1, mask).p).all()
    assert np.isnan(statistics.two_sample_t(x, x, mask, ~mask).p[0])


def test_no_error_at_all_is_certainty_either_way() -> None:
    x = np.zeros((1, 5))
    everyone = np.ones((1, 5), dtype=bool)
    assert statistics.paired_t(x, x, everyone).p == pytest.approx(1)
    assert statistics.paired_t(x, x + 2, everyone).p == pytest.approx(0)


def test_the_last_observation_is_carried_forward_but_not_the_baseline() -> None:
    values = np.array([[30.0, 31, 32], [20, 21, 22], [10, 11, 12], [5, 6, 7]])
    seen = np.array([[1, 1, 1], [1, 0, 1], [1, 0, 0], [0, 0, 0]], dtype=bool)
    out, have = statistics.carried_forward(values, seen)
    assert out[3].tolist()[::2] == [10, 22]
    assert have[3].tolist() == [True, False, True]


def test_the_exact_interval_agrees_with_scipy() -> None:
    for events, n in ((0, 5), (7, 12), (5, 5), (17, 26)):
        expected = stats.binomtest(events, n).proportion_ci(method="exact")
        assert statistics.exact_interval(events, n) == pytest.approx((expected.low, expected.high))
    assert statistics.exact_interval(7, 12) == pytest.approx((0.277, 0.848), abs=1e-3)


def test_a_thousand_replicates_take_less_than_a_second(rng: np.random.Generator) -> None:
    x = rng.normal(30, 5, (1000, 223))
    y = rng.normal(20, 9, (1000, 223))
    arm = rng.random((1000, 223)) < 0.5
    start = time.perf_counter()
    statistics.compare(statistics.ancova([y, y], [x, x], [arm, ~arm]), 0, 1)
    statistics.two_sample_t(y, y, arm, ~arm)
    statistics.median(y, arm)
    assert time.perf_counter() - start < 1
