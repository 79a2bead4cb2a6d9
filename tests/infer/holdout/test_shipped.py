"""The sealed predictions that come with the package: whole, made blind, and scored without a stop."""

from hashlib import sha256

import pytest

from racemate.evidence.library import library
from racemate.infer.holdout.blind import USE
from racemate.infer.holdout.frozen import Frozen, read
from racemate.posterior import folder, load
from racemate.report.holdout.score import score

LEAST = 100
"""Virtual trials behind a shipped prediction."""


@pytest.fixture(scope="module", params=["first", "prospective"])
def home(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def shipped(home: str) -> Frozen:
    return read(folder() / home / "predictions.json")


def test_the_posterior_behind_them_saw_no_hold_out_trial(shipped: Frozen):
    fitted = set(shipped.manifest["posterior"]["fitted"])
    assert fitted
    assert {library().trial(trial).use for trial in fitted} == {"calibration"}
    assert not fitted & set(shipped.trials)


def test_the_draws_behind_them_come_along(home: str, shipped: Frozen):
    for card, told in shipped.manifest["posterior"]["draws"].items():
        assert sha256(load(home, card).draws.tobytes()).hexdigest() == told


def test_they_speak_of_held_out_trials_often_enough(shipped: Frozen):
    assert all(one.replicates >= LEAST for one in shipped.predictions)
    for name in shipped.trials:
        trial = library().trial(name)
        assert any(trial.use_of(row) == USE for row in trial.observations)


def test_they_are_scored(shipped: Frozen):
    found = score(shipped)
    assert {row["use"] for row in found.rows} == {USE}
    assert sum(row["counted"] for row in found.rows) > 100 * len(shipped.cards)
    assert set(found.coverage["hypothesis"]) == set(shipped.cards)
