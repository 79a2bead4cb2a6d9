"""Power is that of the noncentral t, errors come at their level, intervals hold the truth, and the size asked for is the formula's."""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import nct
from scipy.stats import t as student

from racemate.evidence.finding import EvidenceError
from racemate.trial.characteristics.characterise import Characteristics
from racemate.trial.characteristics.endpoint import choose
from racemate.trial.characteristics.nested import first, only
from racemate.trial.characteristics.tested import analyse
from racemate.trial.replicate import conduct
from tests.trial.characteristics.designs import found, number, trial
from tests.trial.fake import FakeWorld

EFFECT, SIZES, REPLICATES = 0.35, (10, 20, 40), 1000
T, ADJUSTED = "two-sample-t", "ancova"
WIDE = 4
"""Monte-Carlo errors that a right number is not expected to leave (once in 16,000)."""


@pytest.fixture(scope="module")
def told() -> Characteristics:
    return found(trial(), EFFECT, SIZES, REPLICATES, (T, ADJUSTED, "fisher"))


def theory(n: float, difference: float, sd: float, alpha: float = 0.05) -> float:
    """Power of a two-sample t test on the side of the difference (textbook: noncentral t)."""
    df = 2 * n - 2
    return float(nct.sf(student.isf(alpha / 2, df), df, abs(difference) / sd / np.sqrt(2 / n)))


@pytest.fixture(scope="module")
def sd() -> float:
    """Spread of changes within an arm, from a trial so large that it is known."""
    data = conduct(trial(), FakeWorld(effect=EFFECT), 3, 1, 40000)
    parts = []
    for arm in ("ketamine", "saline"):
        base, (score, seen) = data.value[arm, "madrs"][0], data.at(arm, "madrs", 24.0)
        parts.append(np.var((score - base)[seen]))
    return float(np.sqrt(np.mean(parts)))


@pytest.mark.parametrize("people", SIZES)
def test_power_is_that_of_the_noncentral_t(told: Characteristics, sd: float, people: int) -> None:
    power, error = number(told, "power", T, people)
    truth, _ = number(told, "true difference", T, people)
    assert power == pytest.approx(theory(people, truth, sd), abs=WIDE * error)


def test_the_size_found_is_that_of_the_formula(told: Characteristics, sd: float) -> None:
    truth, _ = number(told, "true difference", T, 40)
    sought = found(trial(), EFFECT, SIZES, REPLICATES, (T,), target=0.7)
    row = sought.sizes.iloc[0]
    wanted = brentq(lambda n: theory(n, truth, sd) - 0.7, 5, 100)
    assert row.low - 1 <= wanted <= row.high + 1
    assert row.low <= row.people <= row.high
    assert row.high - row.low < 10


@pytest.mark.parametrize("people", SIZES)
def test_a_drug_that_does_nothing_is_found_as_often_as_the_level_says(told: Characteristics, people: int) -> None:
    for test in (T, ADJUSTED):
        share, error = number(told, "type I error", test, people)
        assert share == pytest.approx(0.05, abs=WIDE * error)
    exact, error = number(told, "type I error", "fisher", people)
    assert exact < 0.05 + WIDE * error


@pytest.mark.parametrize("test", [T, ADJUSTED])
@pytest.mark.parametrize("people", SIZES)
def test_estimates_are_right_and_intervals_hold_the_truth(told: Characteristics, people: int, test: str) -> None:
    off, error = number(told, "bias", test, people)
    assert off == pytest.approx(0, abs=WIDE * error)
    covered, error = number(told, "coverage", test, people)
    assert covered == pytest.approx(0.95, abs=WIDE * error)


def test_adjusting_for_the_baseline_gains_power_here(told: Characteristics) -> None:
    """The fall is a share of the baseline, so that the baseline explains some of it."""
    assert number(told, "power", ADJUSTED, 20)[0] > number(told, "power", T, 20)[0]


def test_the_published_pattern_is_the_power_of_its_only_line(told: Characteristics) -> None:
    pattern, _ = number(told, "pattern: ketamine better on day 2", "", 20)
    assert pattern == number(told, "power", T, 20)[0]


def test_a_trial_inside_a_larger_one_is_a_trial_of_its_size() -> None:
    """Power of the first n of each arm beside that of trials which enrolled n."""
    protocol = trial()
    endpoint = choose(protocol)
    large = conduct(protocol, FakeWorld(effect=EFFECT), 5, 600, 60)
    small = conduct(protocol, FakeWorld(effect=EFFECT), 5, 600, 15)
    shares = [(analyse(data, endpoint, T).p < 0.05).mean() for data in (only(large, first(large, 15)), small)]
    assert shares[0] == pytest.approx(shares[1], abs=WIDE * np.sqrt(2 * 0.25 / 600))


def test_leaving_by_score_is_told_as_bias() -> None:
    """Those who do badly leave and their last score is not seen: what is observed flatters the arm that does worse."""
    leaving = {"scale": "madrs", "per_point": 0.4, "how": "assumed", "note": "For this test."}
    arms = [{**arm, "dropout": 0.4} for arm in trial().model_dump(by_alias=True, exclude_defaults=True)["arm"]]
    told = found(trial(leaving=leaving, arm=arms), 0.6, (60,), 300, (T,))
    off, error = number(told, "bias", T, 60)
    assert abs(off) > WIDE * error


def test_no_size_in_the_range_reaches_the_target() -> None:
    with pytest.raises(EvidenceError, match=r"target of two-sample-t, fake: found 0\.99, and 0"):
        found(trial(), 0.05, (5, 10), 50, (T,), target=0.99)


def test_averaged_over_parameters_it_is_called_assurance() -> None:
    told = found(trial(), EFFECT, (10,), 50, (T,), typical=False)
    assert 0 < number(told, "assurance", T, 10)[0] < 1
    assert "power" not in set(told.characteristics.measure)


def test_a_truth_that_is_itself_uncertain_does_not_spoil_coverage() -> None:
    """Each replicate has its own truth, known only as well as 20 people per arm tell it."""
    told = found(trial(), EFFECT, (20,), REPLICATES, (T,), typical=False, beside=20)
    covered, error = number(told, "coverage", T, 20)
    assert covered == pytest.approx(0.95, abs=WIDE * error)
