"""Temper: the marginal likelihood of one card by adaptive tempered sequential Monte Carlo (delmoral-2006), several times over.

Particles start at the prior and are carried to the posterior through powers of the likelihood.  Repetitions are independent; the error
of the answer is read from how far they differ, not from theory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from racemate.infer.likelihood.total import Likelihood

Floats = NDArray[np.float64]
Progress = Callable[[str, int, int], None]
RUNS, PARTICLES, MOVES = 4, 128, 3
"""Repetitions, particles of each, and moves of every particle at each power."""
_LEAPS = 6
_SURVIVE = 0.7
"""Share of particles that must stay effective from one power to the next."""
_ACCEPT = 0.8
_FIRST_STEP, _SHORTEST, _LONGEST, _JITTER = 0.25, 0.01, 1.0, 0.3
_MOST = 200


@dataclass(frozen=True)
class Evidence:
    """Log marginal likelihood, its Monte-Carlo error, each repetition's own value, and the powers it took."""

    log_evidence: float
    error: float
    runs: Floats
    powers: tuple[int, ...]


def temper(
    target: Likelihood, seed: int, runs: int = RUNS, particles: int = PARTICLES, progress: Progress | None = None
) -> Evidence:
    """Estimate the log marginal likelihood of the targets; raises FloatingPointError when a repetition does not arrive."""
    import jax
    import jax.numpy as jnp
    from blackjax.mcmc import hmc
    from blackjax.smc import adaptive_tempered, resampling, tempered
    from blackjax.smc.solver import dichotomy

    kernel = adaptive_tempered.build_kernel(
        lambda place: -(place**2).sum() / 2,
        target.log_likelihood,
        partial(hmc.build_kernel(), num_integration_steps=_LEAPS),
        hmc.init,
        resampling.systematic,
        _SURVIVE,
        dichotomy,
    )

    @jax.jit
    def advance(key: Any, state: Any, step: Any, variance: Any) -> tuple[Any, Any, Any, Any]:
        """One power: the new state, its share of the evidence, the acceptance and the particles' variance."""
        first, second = jax.random.split(key)
        steps = step * (1 + _JITTER * jax.random.uniform(second, (particles,), minval=-1.0, maxval=1.0))
        given = {"step_size": steps, "inverse_mass_matrix": variance[None, :]}
        new, told = kernel(first, state, MOVES, given)
        return new, told.log_likelihood_increment, told.update_info.acceptance_rate.mean(), new.particles.var(axis=0)

    def repeat(key: Any) -> tuple[float, int]:
        first, key = jax.random.split(key)
        state = tempered.init(jax.random.normal(first, (particles, target.size)))
        step, variance, total = jnp.asarray(_FIRST_STEP), jnp.ones(target.size), 0.0
        for power in range(1, _MOST + 1):
            key, now = jax.random.split(key)
            state, gain, accepted, variance = advance(now, state, step, variance)
            total += float(gain)
            step = jnp.clip(step * jnp.exp(accepted - _ACCEPT), _SHORTEST, _LONGEST)
            if float(state.tempering_param) >= 1.0:
                return total, power
        raise FloatingPointError(f"tempering did not arrive after {_MOST} powers")

    keys = jax.random.split(jax.random.key(seed), runs)
    # One after the other: batched factorisations of programs that run side by side can wait for each other for ever.
    found: list[tuple[float, int]] = []
    for k, key in enumerate(keys):
        if progress is not None:
            progress("marginal likelihood", k, runs)
        found.append(repeat(key))
    values = np.array([value for value, _ in found])
    if not np.isfinite(values).all():
        raise FloatingPointError(f"log marginal likelihood: {values.tolist()} is not finite")
    return Evidence(*_joined(values), values, tuple(powers for _, powers in found))


def _joined(values: Floats) -> tuple[float, float]:
    """Log of the mean of unbiased estimates, and its error to first order."""
    middle = float(logsumexp(values) - np.log(len(values)))
    share = np.exp(values - middle)
    return middle, float(share.std(ddof=1) / np.sqrt(len(values)))
