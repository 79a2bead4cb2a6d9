"""Two-by-two tables, alone and over strata."""

from typing import Any, Literal

import numpy as np
import pytest
from scipy import stats

from racemate.trial.analysis.categorical import table

Four = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def counts(rng: np.random.Generator, many: int) -> Four:
    a, b = rng.integers(3, 40, many), rng.integers(3, 40, many)
    return rng.binomial(a, 0.4), a, rng.binomial(b, 0.3), b


def test_fisher_and_chi_squared_agree_with_scipy(rng: np.random.Generator) -> None:
    k, a, h, b = counts(rng, 200)
    exact = table.fisher(k, a, h, b)
    plain, yates = table.chi_squared(k, a, h, b), table.chi_squared(k, a, h, b, corrected=True)
    for r in range(200):
        cells = [[k[r], a[r] - k[r]], [h[r], b[r] - h[r]]]
        assert exact[r] == pytest.approx(stats.fisher_exact(cells)[1], rel=1e-9)
        if 0 < k[r] + h[r] < a[r] + b[r]:
            for found, corrected in ((plain, False), (yates, True)):
                judge: Any = stats.chi2_contingency(cells, correction=corrected)
                assert [found.chi_squared[r], found.p[r]] == pytest.approx([judge.statistic, judge.pvalue])


def test_no_event_at_all_is_no_evidence() -> None:
    assert table.fisher([0], 5, 0, 7) == pytest.approx(1)
    assert np.isnan(table.chi_squared([0], 5, 0, 7).p[0])
    assert np.isnan(table.fisher([0], 0, 2, 7)[0])


def test_one_stratum_is_the_plain_table() -> None:
    k, a, h, b = 30, 80, 18, 75
    cells: Any = [np.array([[x]]) for x in (k, a, h, b)]
    assert table.odds_ratio(*cells).estimate[0] == pytest.approx(k * (b - h) / (h * (a - k)))
    woolf = np.sqrt(1 / k + 1 / (a - k) + 1 / h + 1 / (b - h))
    assert table.odds_ratio(*cells).se[0] == pytest.approx(woolf)
    p, q = k / a, h / b
    plain = np.sqrt(p * (1 - p) / a + q * (1 - q) / b)
    assert table.risk_difference(*cells).estimate[0] == pytest.approx(p - q)
    assert table.risk_difference(*cells, variance="greenland-robins").se[0] == pytest.approx(plain)
    assert table.risk_difference(*cells).se[0] == pytest.approx(plain, rel=0.01)


def test_a_stratum_with_one_arm_alone_changes_nothing() -> None:
    cells: Any = [np.array([row], dtype=float) for row in ((5, 9), (20, 30), (3, 6), (22, 28))]
    more: Any = [np.concatenate([x, [[y]]], axis=1) for x, y in zip(cells, (4, 9, 0, 0), strict=True)]
    for pooled in (table.odds_ratio, table.risk_difference, table.cochran_mantel_haenszel):
        np.testing.assert_allclose(pooled(*more), pooled(*cells))


def drawn(rng: np.random.Generator, many: int, gap: float) -> Four:
    base, people = np.array([0.2, 0.35, 0.5]), np.array([30, 24, 16])
    a, b = np.tile(people, (many, 1)), np.tile(people - 3, (many, 1))
    return rng.binomial(a, base + gap), a, rng.binomial(b, base), b


@pytest.mark.parametrize("gap", [0.0, 0.2])
@pytest.mark.parametrize("variance", ["sato", "greenland-robins"])
def test_a_difference_over_strata_is_held_by_its_interval(
    rng: np.random.Generator, gap: float, variance: Literal["sato", "greenland-robins"]
) -> None:
    found = table.risk_difference(*drawn(rng, 5000, gap), variance=variance)
    assert found.estimate.mean() == pytest.approx(gap, abs=4 * found.estimate.std() / 5000**0.5)
    cover = np.mean((found.low <= gap) & (gap <= found.high))
    # Large-sample intervals with seventy people an arm: half a percent off, and four standard errors.
    assert cover == pytest.approx(0.95, abs=0.006 + 4 * np.sqrt(0.05 * 0.95 / 5000))


def test_under_the_null_one_in_twenty_is_found(rng: np.random.Generator) -> None:
    cells, error = drawn(rng, 5000, 0.0), 4 * np.sqrt(0.05 * 0.95 / 5000)
    assert np.mean(table.cochran_mantel_haenszel(*cells).p < 0.05) == pytest.approx(0.05, abs=error + 0.005)
    totals = [x.sum(axis=1) for x in cells]
    assert np.mean(table.chi_squared(*totals).p < 0.05) == pytest.approx(0.05, abs=error + 0.01)
    assert np.mean(table.fisher(*totals) < 0.05) < 0.05 + error
