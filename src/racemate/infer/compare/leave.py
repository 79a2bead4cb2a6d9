"""Leave: how well a card predicts each trial from all the others, without fitting again (PSIS-LOO, vehtari-2017).

A trial is predicted as a new one: its own drug and setting effects are averaged over their law, because no other trial knows them.  What is
left of the trial in the draws is then taken out by importance weights, whose k-hat says whether that may be believed.  Where it may not,
draws are carried from the posterior to that of the other trials through powers of the trial's likelihood (`racemate.infer.temper`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import qmc

from racemate.infer.compare.bridge import LOG_2PI
from racemate.infer.likelihood.total import Likelihood
from racemate.infer.temper import climb, joined, rung

Floats = NDArray[np.float64]
NODES = 64
"""Quasi-random pairs of study effects per trial; a power of two, as a Sobol sequence wants."""
_WIDER = 1.5
"""The law the pairs come from is this much wider than the posterior of that trial's effects, so that weights have no tail."""
_SEED = 20_260_302
_BATCH = 4
_RUNS, _PARTICLES = 4, 32
"""Repetitions, and draws carried in each, where a trial is tempered out: both ends are near each other, so few will do."""
DOUBTFUL_K = 0.7
"""Limit of k-hat above which importance weights are not to be believed (vehtari-2017)."""


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
    """Leave out one trial after the other.

    ``place`` (draws, size) ends in one drug and then one setting effect per trial; ``trial_density`` is traced by jax and gives (trials,).
    """
    from arviz_stats.base.array import array_stats

    told = averaged(len(trials), place, trial_density)
    found, error, k_hat = np.zeros((3, len(trials)))
    for t in range(len(trials)):
        weight, k = array_stats.psislw(told[:, t])
        weight = np.asarray(weight) - np.logaddexp.reduce(weight)
        found[t] = np.logaddexp.reduce(weight + told[:, t])
        share = np.exp(weight)
        away = np.exp(told[:, t] - found[t]) - 1
        error[t], k_hat[t] = np.sqrt((share**2 * away**2).sum()), float(k)
    return Left(trials, found, error, k_hat)


def temper_out(
    left: Left,
    place: Floats,
    log_density: Callable[[Any], Any],
    trial_density: Callable[[Any], Any],
    seed: int,
) -> Left:
    """Leave those trials out anew whose importance weights are not to be believed.

    ``place`` (draws, size) holds draws of the posterior, ``log_density`` is its log, ``trial_density`` as in `leave`.  Raises
    FloatingPointError when the other posterior is not reached.
    """
    import jax

    doubtful = np.flatnonzero(left.k_hat > DOUBTFUL_K)
    if not doubtful.size:
        return left
    step = rung(lambda t: (log_density, lambda at: -trial_density(at)[t]))
    rows = np.linspace(0, len(place) - 1, min(_RUNS * _PARTICLES, len(place))).astype(int)
    variance = place.var(axis=0)
    density, error = left.log_density.copy(), left.error.copy()
    for t in doubtful:
        keys = jax.random.split(jax.random.fold_in(jax.random.key(seed), int(t)), _RUNS)
        gains = np.array([climb(step, key, place[rows[r::_RUNS]], variance, int(t))[0] for r, key in enumerate(keys)])
        middle, error[t] = joined(gains)
        density[t] = -middle
    return replace(left, log_density=density, error=error)


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
