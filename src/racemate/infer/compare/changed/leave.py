"""Leave: how well a card predicts each trial from all the others, without fitting again (PSIS-LOO, vehtari-2017).

A trial is predicted as a new one: its own drug and setting effects are averaged over their law, because no other trial knows them.  What is
left of the trial in the draws is then taken out (`reweigh`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import qmc

from racemate.infer.compare.bridge import LOG_2PI
from racemate.infer.compare.changed.reweigh import Moved, tempered, weighed
from racemate.infer.likelihood.total import Likelihood

Floats = NDArray[np.float64]
NODES = 64
"""Quasi-random pairs of study effects per trial; a power of two, as a Sobol sequence wants."""
_WIDER = 1.5
"""The law the pairs come from is this much wider than the posterior of that trial's effects, so that weights have no tail."""
_SEED = 20_260_302
_BATCH = 4


@dataclass(frozen=True)
class Left:
    """Per trial: log predictive density from the others, its Monte-Carlo error, and k-hat of the weights; shapes (trials,)."""

    trials: tuple[str, ...]
    log_density: Floats
    error: Floats
    k_hat: Floats

    @property
    def total(self) -> float:
        """Sum over trials."""
        return float(self.log_density.sum())


def by_trial(likelihood: Likelihood) -> Callable[[Any], Any]:
    """Log likelihood of each trial at one place, shape (trials,); trials are independent given the unknowns."""
    trials = likelihood.predictor.unknowns.trials
    member = np.array([[one.trial == trial for one in likelihood.targets] for trial in trials], dtype=np.float64)
    return lambda place: member @ likelihood.pointwise(place)


def leave(trials: tuple[str, ...], place: Floats, trial_density: Callable[[Any], Any]) -> Left:
    """Leave out one trial after the other, by importance weights.

    ``place`` (draws, size) ends in one drug and then one setting effect per trial; ``trial_density`` is traced by jax and gives (trials,).
    """
    return _left(trials, weighed(-averaged(len(trials), place, trial_density)))


def temper_out(
    left: Left, place: Floats, log_density: Callable[[Any], Any], trial_density: Callable[[Any], Any], seed: int
) -> Left:
    """Leave those trials out anew whose importance weights are not to be believed; raises as `tempered` does."""
    moved = Moved(-left.log_density, left.error, left.k_hat)
    return _left(left.trials, tempered(moved, place, log_density, lambda at: -trial_density(at), seed))


def _left(trials: tuple[str, ...], moved: Moved) -> Left:
    return Left(trials, -moved.gain, moved.error, moved.k_hat)


def averaged(trials: int, place: Floats, trial_density: Callable[[Any], Any]) -> Floats:
    """Log density of each trial under each draw, averaged over that trial's own effects; shape (draws, trials)."""
    import jax
    import jax.numpy as jnp

    studies = place[:, -2 * trials :].reshape(len(place), 2, trials)
    uniform = qmc.Sobol(2, scramble=True, rng=_SEED).random(NODES)
    z = ndtri(uniform)
    nodes, log_weight = np.zeros((NODES, 2, trials)), np.zeros((NODES, trials))
    for t in range(trials):
        factor = _WIDER * np.linalg.cholesky(np.cov(studies[:, :, t].T))
        nodes[:, :, t] = studies[:, :, t].mean(axis=0) + z @ factor.T
        law = -(z**2).sum(axis=1) / 2 - LOG_2PI - np.log(np.diag(factor)).sum()
        log_weight[:, t] = -(nodes[:, :, t] ** 2).sum(axis=1) / 2 - LOG_2PI - law

    def one(shared: Any) -> Any:
        def at(pair: Any) -> Any:
            return trial_density(jnp.concatenate([shared, pair.reshape(-1)]))

        every = jax.vmap(at)(nodes) + log_weight
        return jax.scipy.special.logsumexp(every, axis=0) - np.log(NODES)

    return np.asarray(jax.jit(lambda shared: jax.lax.map(one, shared, batch_size=_BATCH))(place[:, : -2 * trials]))
