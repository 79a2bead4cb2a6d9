"""Bridge, quick score and left-out trials on a linear model with normal errors, where every answer is known exactly."""

from typing import Any, cast

import numpy as np
import pytest

from racemate.infer.compare.bridge import bridge
from racemate.infer.compare.changed.leave import Left, leave, temper_out
from racemate.infer.compare.changed.reweigh import tempered, weighed
from racemate.infer.compare.changed.vary import widened
from racemate.infer.compare.quick import Quick

TRIALS = 6
SEEN = np.array([0.3, 1.4, -0.2, 0.9, 2.5, 0.4])
DRUG, CONTROL, ERROR = 0.6, 0.4, 0.5
SIZE = 1 + 2 * TRIALS
DESIGN = np.hstack([np.ones((TRIALS, 1)), DRUG * np.eye(TRIALS), CONTROL * np.eye(TRIALS)])
"""One shared number, then a drug and a setting effect per trial, all standard normal a priori."""


def law(seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Exact posterior mean and covariance."""
    covariance = np.linalg.inv(np.eye(SIZE) + DESIGN.T @ DESIGN / ERROR**2)
    return covariance @ DESIGN.T @ seen / ERROR**2, covariance


def marginal(rows: list[int]) -> float:
    """Exact log density of some trials' numbers."""
    total = DESIGN @ DESIGN.T + ERROR**2 * np.eye(TRIALS)
    some = total[np.ix_(rows, rows)]
    away = SEEN[rows] @ np.linalg.solve(some, SEEN[rows])
    return float(-(away + np.linalg.slogdet(2 * np.pi * some)[1]) / 2)


def each(place: Any, seen: Any) -> Any:
    away = (seen - DESIGN @ place) / ERROR
    return -(away**2) / 2 - np.log(ERROR) - np.log(2 * np.pi) / 2


class Linear(Quick):
    """The linear model in the place of a card's likelihood."""

    def log_density(self, place: Any, values: Any) -> Any:
        return each(place, values).sum() - (place**2).sum() / 2


@pytest.fixture(scope="module")
def place() -> np.ndarray:
    return np.random.default_rng(5).multivariate_normal(*law(SEEN), size=4000)


def test_the_bridge_arrives_at_the_marginal_likelihood(place: np.ndarray):
    def many(at: np.ndarray) -> np.ndarray:
        return np.array([each(row, SEEN).sum() - (row**2).sum() / 2 for row in at])

    found = bridge(place, many, 1)
    exact = marginal(list(range(TRIALS)))
    assert found.error < 0.02
    assert found.log_evidence == pytest.approx(exact, abs=max(4 * found.error, 0.01))


def test_the_quick_score_is_exact_where_the_posterior_is_normal():
    quick = Linear(cast(Any, None))
    found = quick.score(SEEN, np.zeros(SIZE))
    exact = marginal(list(range(TRIALS)))
    assert found.laplace == pytest.approx(exact, abs=1e-3)
    assert found.log_evidence == pytest.approx(exact, abs=0.1)
    assert found.effective > 300


def test_left_out_trials_are_predicted_as_if_fitted_without_them(place: np.ndarray):
    import jax

    jax.config.update("jax_enable_x64", True)  # as the engine does
    found = leave(tuple("abcdef"), place, lambda at: each(at, SEEN))
    every = list(range(TRIALS))
    exact = [marginal(every) - marginal([k for k in every if k != t]) for t in every]
    assert found.log_density == pytest.approx(exact, abs=0.05)
    assert found.total == pytest.approx(float(np.sum(exact)), abs=0.1)
    assert (found.k_hat < 0.7).all()
    assert (found.error < 0.05).all()


def test_a_trial_whose_weights_are_doubted_is_tempered_out(place: np.ndarray):
    import jax

    jax.config.update("jax_enable_x64", True)
    every = list(range(TRIALS))
    left = Left(tuple("abcdef"), np.zeros(TRIALS), np.zeros(TRIALS), np.array([0.1, 0.9, 0.1, 0.1, 2.0, 0.1]))
    found = temper_out(left, place, lambda at: each(at, SEEN).sum() - (at**2).sum() / 2, lambda at: each(at, SEEN), 3)
    assert found.log_density[[0, 2, 3, 5]].tolist() == [0.0] * 4
    for t in (1, 4):
        exact = marginal(every) - marginal([k for k in every if k != t])
        assert found.log_density[t] == pytest.approx(exact, abs=max(4 * found.error[t], 0.05))
        assert 0 < found.error[t] < 0.3


def wider(factor: float) -> float:
    """Exact log evidence had the shared number a prior so many times as wide."""
    scale = np.ones(SIZE)
    scale[0] = factor**2
    total = DESIGN * scale @ DESIGN.T + ERROR**2 * np.eye(TRIALS)
    return float(-(SEEN @ np.linalg.solve(total, SEEN) + np.linalg.slogdet(2 * np.pi * total)[1]) / 2)


@pytest.mark.parametrize("factor", [0.5, 1.5, 3.0])
def test_another_prior_changes_the_evidence_as_if_fitted_under_it(place: np.ndarray, factor: float):
    import jax

    jax.config.update("jax_enable_x64", True)

    def ratio(at: Any) -> Any:
        return widened(at[:1], np.ones(1, dtype=bool), factor)[None]

    exact = wider(factor) - marginal(list(range(TRIALS)))
    by_weights = weighed(np.array([ratio(at) for at in place]))
    assert by_weights.gain[0] == pytest.approx(exact, abs=max(4 * by_weights.error[0], 0.01))
    doubted = by_weights._replace(k_hat=np.ones(1))
    by_tempering = tempered(doubted, place, lambda at: each(at, SEEN).sum() - (at**2).sum() / 2, ratio, 3)
    assert by_tempering.gain[0] == pytest.approx(exact, abs=max(4 * by_tempering.error[0], 0.05))
    assert by_tempering.gain[0] != by_weights.gain[0]
