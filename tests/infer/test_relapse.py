"""Relapse by formula against many people rated one by one."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from racemate.infer.likelihood.relapse import Courses, relapse
from racemate.simulate.solve import LANES  # noqa: F401 sets up 64-bit arithmetic

SINCE = np.array([72.0, 120.0, 168.0, 336.0])
V = {"score.mood_sd": 4.7, "score.tau_mood": 72.0, "score.rater_sd": 2.0}
OVER = 21.0


@pytest.fixture(scope="module")
def cohort():
    rng = np.random.default_rng(3)
    entry = np.repeat(np.clip(32 + 5 * rng.standard_normal(64), 20, 45)[None], 4, axis=0)
    left = np.clip(0.4 + 0.25 * rng.standard_normal(64), 0.05, 1.0) + np.array([0.0, 0.05, 0.1, 0.2])[:, None]
    return entry, entry * np.minimum(left, 1.0)


def ask(points, entry, cell=(0, 1, 2, 3), looked=(0, 1, 1, 1), v=V):
    cells = SimpleNamespace(since_baseline=SINCE, response=np.full(4, 0.5), scale=np.zeros(4, dtype=int))
    found = Courses(np.array([cell]), np.array([looked], dtype=float), np.array([OVER]))
    return relapse(found, cells, v, jnp.asarray(entry), jnp.asarray(points), jnp.ones(1))[0]  # pyright: ignore[reportArgumentType]


def by_hand(points, entry, rng, each=20_000):
    """The same people, each rated many times over: mood wanders, raters err, scores are whole points."""
    mood = np.zeros((each, 64))
    start = entry[0] + V["score.rater_sd"] * rng.standard_normal((each, 64))
    before, scores = 0.0, []
    for k, now in enumerate(SINCE):
        memory = np.exp(-(now - before) / V["score.tau_mood"])
        mood = memory * mood + V["score.mood_sd"] * np.sqrt(1 - memory**2) * rng.standard_normal((each, 64))
        scores.append(points[k] + mood + V["score.rater_sd"] * rng.standard_normal((each, 64)))
        before = now
    responded = scores[0] <= start / 2
    lost = np.any([np.round(score) > OVER for score in scores[1:]], axis=0)
    return (responded & lost).sum() / responded.sum()


def test_share_is_that_of_many_people(cohort, rng: np.random.Generator):
    entry, points = cohort
    assert float(ask(points, entry)) == pytest.approx(by_hand(points, entry, rng), abs=0.01)


def test_a_visit_that_is_not_looked_at_changes_nothing(cohort):
    entry, points = cohort
    higher = points.copy()
    higher[3] += 30
    one, two = (float(ask(p, entry, (0, 1, 2, 2), (0, 1, 1, 0))) for p in (points, higher))
    assert one == two < float(ask(higher, entry))


def test_the_share_is_smooth(cohort):
    entry, points = cohort

    def share(sd):
        return ask(points, entry, v={**V, "score.mood_sd": sd})

    slope = float(jax.grad(share)(4.0))
    assert slope == pytest.approx(float(share(4.001) - share(3.999)) / 0.002, rel=1e-3)
    repeated = jax.grad(lambda tau: ask(points, entry, (0, 1, 1, 1), (0, 1, 0, 0), {**V, "score.tau_mood": tau}))(72.0)
    assert np.isfinite(float(repeated))
