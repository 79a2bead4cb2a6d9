"""A rating is the expected score with the mood of the day and the rater's error, rounded and on its scale."""

import numpy as np
import pytest

from racemate.trial.conduct.enrol import enrol
from racemate.trial.conduct.rate import mood, rate, readings
from racemate.trial.design.protocol import build
from tests.trial.fake import PARAMETERS, FakeWorld

SEED = 11
WORLD = FakeWorld()
PROTOCOL = build(
    {
        "arm": [
            {"name": "placebo", "n": 30, "sessions": "once", "dropout": 0.5},
            {"name": "other", "n": 10, "sessions": "once"},
        ],
        "rating": [{"scale": "madrs", "at": ["24 h", "day 8"]}, {"scale": "cadss", "at": ["40 min"]}],
        "baseline": {"mean": 33, "sd": 5, "how": "assumed"},
    }
)
VISITS = np.array([0, 2 / 3, 24, 168])


def rated(level: float, replicates: int = 200, bounds: tuple[float, float] = (0, 60)):
    enrolled = enrol(PROTOCOL, WORLD, SEED, replicates)
    shape = (len(VISITS), enrolled.roll.ids.size)
    expected = {name: np.full(shape, level) for name in readings(PROTOCOL)}
    return enrolled, rate(PROTOCOL, enrolled, VISITS, expected, {"madrs": bounds, "cadss": (0, 92)}, SEED)


def test_mood_starts_at_nothing_and_settles_at_its_spread() -> None:
    enrolled = enrol(PROTOCOL, WORLD, SEED, 300)
    hours = np.array([0, 24, 48, 720])
    found = mood(enrolled.cohort, SEED, enrolled.roll.ids, hours, 0.0)
    assert set(found[0]) == {0.0}
    assert found[1].std() == pytest.approx(4 * np.sqrt(1 - np.exp(-48 / 72)), rel=0.03)
    assert found[3].std() == pytest.approx(4, rel=0.03)
    slope = np.polyfit(found[1], found[2], 1)[0]
    assert slope == pytest.approx(np.exp(-24 / 72), abs=0.03)


def test_scores_are_whole_and_stay_on_the_scale() -> None:
    _, data = rated(2.0)
    scores = data.value["placebo", "madrs"]
    assert np.array_equal(scores, np.rint(scores))
    assert scores.min() == 0
    _, high = rated(59.0)
    assert high.value["placebo", "madrs"].max() == 60


def test_the_error_is_that_of_rater_and_mood() -> None:
    _, data = rated(30.0)
    base, late = data.value["placebo", "madrs"][0], data.value["placebo", "madrs"][2]
    assert base.std() == pytest.approx(np.hypot(PARAMETERS["score.rater_sd"], 0.29), rel=0.03)
    assert late.std() == pytest.approx(np.sqrt(2.0**2 + 4.0**2 * (1 - np.exp(-2 * 168 / 72)) + 1 / 12), rel=0.03)


def test_dissociation_differs_between_sessions_of_one_person_by_the_spread_of_occasions() -> None:
    _, data = rated(30.0)
    felt = np.log(data.value["placebo", "cadss"][1].ravel())
    assert np.median(felt) == pytest.approx(np.log(30), abs=0.03)
    assert felt.std() == pytest.approx(PARAMETERS["score.cadss_occasion"], rel=0.04)


def test_nobody_is_seen_outside_their_arm_or_after_leaving() -> None:
    enrolled, data = rated(30.0)
    member = enrolled.roll.fold(enrolled.arm[0] == 0)
    assert not data.seen["placebo", "madrs"][:, ~member].any()
    assert data.seen["placebo", "madrs"][0][member].all()
    assert data.seen["placebo", "madrs"][2][member].mean() == pytest.approx(0.5, abs=0.03)
    assert data.seen["other", "madrs"][2][~member].all()
    assert np.array_equal(data.complete, ~np.isfinite(enrolled.roll.fold(enrolled.leaves_h)))


def test_a_rating_does_not_depend_on_the_batch() -> None:
    _, few = rated(30.0, replicates=2)
    _, many = rated(30.0, replicates=9)
    assert np.array_equal(few.value["placebo", "madrs"], many.value["placebo", "madrs"][:, :2])


def test_a_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(FloatingPointError, match="madrs"):
        rated(float("nan"), replicates=1)
