"""Time to an event: small cases by hand, the null, a hazard ratio that was put in, and speed."""

import time

import numpy as np
import pytest

from racemate.trial.analysis import survival

LEUKAEMIA = ((6, 6, 6, 7, 10, 13, 16, 22, 23), (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35))
"""6-mercaptopurine: weeks to relapse, and weeks of those still in remission (Freireich and others 1963)."""
PLACEBO = (1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23)


def leukaemia() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    weeks = np.array([[*LEUKAEMIA[0], *LEUKAEMIA[1], *PLACEBO]], dtype=float)
    event = np.array([[True] * len(LEUKAEMIA[0]) + [False] * len(LEUKAEMIA[1]) + [True] * len(PLACEBO)])
    drug = np.arange(weeks.shape[1])[None, :] < sum(map(len, LEUKAEMIA))
    return weeks, event, drug


def test_the_leukaemia_trial_of_the_textbooks() -> None:
    weeks, event, drug = leukaemia()
    curve = survival.kaplan_meier(weeks, event, drug, 10)
    assert curve.share[0] == pytest.approx(0.7529, abs=5e-5)
    assert curve.se[0] == pytest.approx(0.0963, abs=5e-5)
    assert survival.median_time(weeks, event, drug)[0] == 23
    assert survival.median_time(weeks, event, ~drug)[0] == 8
    found = survival.log_rank(weeks, event, drug, ~drug)
    assert found.chi_squared[0] == pytest.approx(16.79, abs=0.005)
    assert found.expected[0] == pytest.approx(19.25, abs=0.005)
    assert np.log(survival.hazard_ratio(weeks, event, ~drug, drug).ratio[0]) == pytest.approx(1.572, abs=5e-4)


def test_who_does_not_count_and_in_which_order_people_come_changes_nothing(rng: np.random.Generator) -> None:
    weeks, event, drug = leukaemia()
    order = rng.permutation(weeks.shape[1])
    wide = [
        np.concatenate([x[:, order], other], axis=1)
        for x, other in zip((weeks, event), (np.full((1, 5), np.nan), np.ones((1, 5), bool)), strict=True)
    ]
    first, second = (np.concatenate([x[:, order], np.zeros((1, 5), bool)], axis=1) for x in (drug, ~drug))
    for test in (survival.log_rank, survival.hazard_ratio):
        for one, two in zip(test(weeks, event, drug, ~drug), test(wide[0], wide[1], first, second), strict=True):
            np.testing.assert_allclose(one, two)
    assert survival.median_time(wide[0], wide[1], first)[0] == 23


def test_what_is_not_known_is_nan() -> None:
    weeks = np.array([[1.0, 2.0, 3.0, 4.0]])
    nobody, everyone = np.zeros((1, 4), bool), np.ones((1, 4), bool)
    assert np.isnan(survival.kaplan_meier(weeks, everyone, nobody, 2).share[0])
    assert np.isnan(survival.kaplan_meier(weeks, nobody, everyone, 5).share[0])
    assert survival.kaplan_meier(weeks, everyone, everyone, 5).share[0] == 0
    assert np.isnan(survival.median_time(weeks, nobody, everyone)[0])
    half = np.array([[True, True, False, False]])
    assert np.isnan(survival.hazard_ratio(weeks, half, half, ~half).ratio[0])


def test_under_the_null_one_in_twenty_is_found_and_a_hazard_ratio_is_found_again(rng: np.random.Generator) -> None:
    many, n = 3000, 80
    arm, site = np.tile(np.arange(n) % 2 == 0, (many, 1)), rng.integers(0, 2, (many, n))
    for ratio in (1.0, 0.5):
        rate = 0.1 * np.where(arm, ratio, 1.0) * (1 + site)
        when, left = rng.exponential(1 / rate), rng.uniform(2, 20, (many, n))
        t, event = np.minimum(when, left), when <= left
        hazard = survival.hazard_ratio(t, event, arm, ~arm, site)
        cover = np.mean((hazard.low < ratio) & (ratio < hazard.high))
        # Wald's interval is a few parts in a thousand off with forty events.
        assert cover == pytest.approx(0.95, abs=4 * np.sqrt(0.05 * 0.95 / many) + 0.005)
        assert np.log(hazard.ratio).mean() == pytest.approx(
            np.log(ratio), abs=4 * np.log(hazard.ratio).std() / many**0.5 + 0.02
        )
        if ratio == 1:
            p = survival.log_rank(t, event, arm, ~arm, site).p
            assert np.mean(p < 0.05) == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / many) + 0.005)


def test_two_hundred_replicates_of_a_large_trial_take_less_than_three_seconds(rng: np.random.Generator) -> None:
    t, event, arm = rng.exponential(20, (200, 700)), rng.random((200, 700)) < 0.5, rng.random((200, 700)) < 0.5
    start = time.perf_counter()
    survival.log_rank(t, event, arm, ~arm)
    survival.hazard_ratio(t, event, arm, ~arm)
    survival.kaplan_meier(t, event, arm, 10)
    assert time.perf_counter() - start < 3
