"""What people carry from session to session and what placebo arms report: closed forms, the counts they came from, and what was left out."""

from typing import Any

import numpy as np
import pytest
from evidence.derive import carried as derive
from scipy.stats import multivariate_normal, norm

from racemate.evidence.library import library
from racemate.trial.analysis.statistics import exact_interval
from racemate.trial.harms import background, counts, propensity, reported

REPLICATES = 400
RECORD = derive.read()


@pytest.mark.parametrize("rho", [0.3, 0.92])
def test_two_tied_sessions_are_a_normal_pair(rho: float) -> None:
    chance = 0.14
    limit = float(norm.ppf(chance))
    pair: Any = multivariate_normal
    both = pair.cdf([limit, limit], mean=[0, 0], cov=[[1, rho], [rho, 1]])
    assert propensity.ever(chance, rho, 2) == pytest.approx(2 * chance - float(both), abs=1e-5)


def test_sessions_that_are_not_tied_are_strangers_and_one_session_is_its_chance() -> None:
    assert propensity.ever(0.2, 1e-9, 8) == pytest.approx(1 - 0.8**8, abs=1e-3)
    assert propensity.ever(0.2, 0.9, 1) == pytest.approx(0.2, abs=1e-5)
    assert propensity.ever(0.0, 0.9, 8, 0.1) == pytest.approx(0.1, abs=1e-5)


def test_the_chance_of_a_session_gives_its_share_of_people_back() -> None:
    share, rho = np.array([0.05, 0.3, 0.9]), np.array([0.5, 0.92, 0.8])
    chance = propensity.per_session(share, rho, 8, np.array([0.01, 0.1, 0.1]))
    assert propensity.ever(chance, rho, 8, np.array([0.01, 0.1, 0.1])) == pytest.approx(share, abs=1e-6)
    assert (chance < share).all()
    assert propensity.per_session(np.array([0.1]), np.array([0.9]), 8, np.array([0.2])) == pytest.approx(0, abs=1e-6)


def test_numbers_of_one_person_are_uniform_and_tied_within_an_event_only() -> None:
    ids, turn = np.arange(20_000, dtype=np.uint64), np.arange(2, dtype=np.uint64)[:, None]
    told = propensity.carried(7, "one", "session", ids, turn, 0.8)
    assert np.quantile(told, [0.1, 0.5, 0.9]) == pytest.approx([0.1, 0.5, 0.9], abs=0.01)
    assert np.corrcoef(norm.ppf(told))[0, 1] == pytest.approx(0.8, abs=0.015)
    other = propensity.carried(7, "one", "background", ids, 0, 0.8)
    assert np.corrcoef(norm.ppf(told[0]), norm.ppf(other))[0, 1] == pytest.approx(0.8, abs=0.015)
    stranger = propensity.carried(7, "two", "session", ids, 0, 0.8)
    assert np.corrcoef(norm.ppf(told[0]), norm.ppf(stranger))[0, 1] == pytest.approx(0, abs=0.03)
    some = propensity.carried(7, "one", "session", ids[:50], turn, 0.8)
    assert (some == told[:, :50]).all()


def test_the_evidence_holds_what_is_derived_today() -> None:
    """When the numbers behind them change, run evidence/derive/carried.py and enter what it prints."""
    known = {name: library().anchor(name).value for name in (*reported.TIED.values(), background.FADING)}
    assert known["within-person-sedation"] == pytest.approx(derive.of_alertness(RECORD), abs=0.001)
    ties = list(derive.of_events(RECORD).values())
    assert max(ties) - min(ties) < 0.03
    odds = np.exp(np.mean(np.log(ties) - np.log1p(-np.array(ties))))
    assert library().anchor("within-person-event").value == pytest.approx(odds / (1 + odds), abs=0.001)
    assert known[background.FADING] == pytest.approx(derive.fading(RECORD)[0], abs=0.002)


@pytest.mark.parametrize(("event", "field"), [("nausea", "ec50_nausea"), ("alertness", "ec50_sedation")])
def test_half_saturations_rest_on_the_chances_derived_today(event: str, field: str) -> None:
    expected = f"{derive.chances(RECORD)[event]:.4f}"
    assert any(expected in claim.note for claim in library().parameter(f"score.{field}").claims)


def test_the_label_agrees_with_the_programme_on_how_sedation_comes_again() -> None:
    """Not put in: 48 to 61 % of people over eight sessions, from 34.7 % of sessions."""
    low, high = (derive.tie(0.347, 1, share, 8) for share in (0.61, 0.48))
    rho = propensity.within("within-person-sedation", 3, 2000)
    assert np.quantile(rho, 0.025) < low < high < np.quantile(rho, 0.975)


def test_no_held_out_trial_is_counted() -> None:
    for trial in (*counts.COUNTED, *(trial for trial, _ in reported.LEARNED_FROM)):
        assert library().trial(trial).use != "hold-out"
    for event in (*reported.EVENTS, reported.NAUSEA):
        assert all(row.use != "hold-out" for trial in counts.COUNTED for row in counts.rows(trial, event))


@pytest.mark.parametrize(
    ("trial", "arm", "event", "put_in"),
    [
        ("aspire-2", "esketamine + standard of care", "dizziness", True),
        ("aspire-2", "esketamine + standard of care", "nausea", False),
        ("aspire-2", "placebo + standard of care", "nausea", True),
        ("sustain-2", "esketamine + antidepressant", "nausea", True),
        ("sustain-2", "esketamine + antidepressant", "headache", False),
        ("transform-2", "placebo + antidepressant", "nausea", False),
    ],
)
def test_a_row_says_whether_the_rates_were_learned_from_it(trial: str, arm: str, event: str, put_in: bool) -> None:
    assert reported.published(library().trial(trial))["", arm, event]["published_put_in"] is put_in


def test_reported_events_lie_where_the_trials_that_were_counted_have_them() -> None:
    rates = reported.rates(3, REPLICATES)
    assert set(rates) == {*reported.EVENTS, reported.NAUSEA, *reported.PLACEBO}
    for event in reported.EVENTS:
        one = rates[event]
        told = {trial: [counts.count(trial, event, arms) for arms in both] for trial, both in counts.COUNTED.items()}
        counted = [pair for pair in told.values() if all(n for _, n in pair)]
        assert len(counted) >= 2, event
        plain = one.background.chance(4.0)
        drug = propensity.ever(one.chance, one.background.within, 8, plain)
        for k, chance in ((0, drug), (1, plain)):
            low, high = np.percentile(chance, [1, 99])
            ends = [exact_interval(int(pair[k][0]), int(pair[k][1])) for pair in counted]
            assert all(low < upper and lower < high for lower, upper in ends), (event, k)
            shares = [pair[k][0] / pair[k][1] for pair in counted]
            assert min(shares) - 0.01 < np.median(chance) < max(shares) + 0.01, (event, k)
        assert (drug >= plain - 1e-6).all()


def test_a_background_comes_mostly_early() -> None:
    one = reported.rates(3, REPLICATES)[reported.NAUSEA].background
    load = -np.log1p(-np.array([one.chance(weeks) for weeks in (1.0, 4.0, 16.0)]))
    assert load[1] == pytest.approx(one.load)
    assert np.median(load[0] / load[1]) == pytest.approx(0.25 ** library().anchor(background.FADING).value, rel=0.03)
    assert np.median(load[2] - load[1]) < np.median(load[1]) * 1.1


def test_a_pool_of_trials_that_agree_keeps_the_least_spread_between_them() -> None:
    mean, sd = counts.predictive(np.array([1.0, 1.0, 1.0]), np.array([0.1, 0.2, 0.4]), 0.35)
    total = sum(1 / (v + 0.35**2) for v in (0.1, 0.2, 0.4))
    assert (mean, sd) == pytest.approx((1.0, np.sqrt(0.35**2 + 1 / total)))
    # DerSimonian and Laird by hand: weights 10 and 10, mean 1, Q 20, so tau squared is (20 - 1) / (20 - 200 / 20).
    mean, sd = counts.predictive(np.array([0.0, 2.0]), np.array([0.1, 0.1]), 0.35)
    assert (mean, sd) == pytest.approx((1.0, np.sqrt(1.9 + (1.9 + 0.1) / 2)))
