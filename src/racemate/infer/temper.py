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
Density = Callable[[Any], Any]
Rung = Callable[..., tuple[Any, Any, Any, Any]]
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

    step = rung(lambda _: (lambda place: -(place**2).sum() / 2, target.log_likelihood))
    keys = jax.random.split(jax.random.key(seed), runs)
    # One after the other: batched factorisations of programs that run side by side can wait for each other for ever.
    found: list[tuple[float, int]] = []
    for k, key in enumerate(keys):
        if progress is not None:
            progress("marginal likelihood", k, runs)
        first, rest = jax.random.split(key)
        start = jax.random.normal(first, (particles, target.size))
        found.append(climb(step, rest, start, jnp.ones(target.size)))
    values = np.array([value for value, _ in found])
    if not np.isfinite(values).all():
        raise FloatingPointError(f"log marginal likelihood: {values.tolist()} is not finite")
    return Evidence(*joined(values), values, tuple(powers for _, powers in found))


def rung(densities: Callable[[Any], tuple[Density, Density]]) -> Rung:
    """One power, compiled: particles of the first density, times a power of the second, are carried on to the next power.

    ``densities`` gives both as functions of a place, in logs; what it is given is a traced choice, so that one program serves many pairs.
    """
    import jax
    from blackjax.mcmc import hmc
    from blackjax.smc import adaptive_tempered, resampling
    from blackjax.smc.solver import dichotomy

    @jax.jit
    def advance(key: Any, state: Any, step: Any, variance: Any, choice: Any) -> tuple[Any, Any, Any, Any]:
        """The new state, its share of the evidence, the acceptance and the particles' variance."""
        move = partial(hmc.build_kernel(), num_integration_steps=_LEAPS)
        kernel = adaptive_tempered.build_kernel(
            *densities(choice), move, hmc.init, resampling.systematic, _SURVIVE, dichotomy
        )
        first, second = jax.random.split(key)
        shape = state.particles.shape[:1]
        steps = step * (1 + _JITTER * jax.random.uniform(second, shape, minval=-1.0, maxval=1.0))
        given = {"step_size": steps, "inverse_mass_matrix": variance[None, :]}
        new, told = kernel(first, state, MOVES, given)
        return new, told.log_likelihood_increment, told.update_info.acceptance_rate.mean(), new.particles.var(axis=0)

    return advance


def climb(step: Rung, key: Any, particles: Any, variance: Any, choice: int = 0) -> tuple[float, int]:
    """Log ratio of the norms of both ends, from particles of the first one (particles, size), and the powers it took.

    ``variance`` (size,) is that of the particles.  Raises FloatingPointError when the other end is not reached.
    """
    import jax
    import jax.numpy as jnp
    from blackjax.smc import tempered

    state, length, total = tempered.init(particles), jnp.asarray(_FIRST_STEP), 0.0
    for power in range(1, _MOST + 1):
        key, now = jax.random.split(key)
        state, gain, accepted, variance = step(now, state, length, variance, choice)
        total += float(gain)
        length = jnp.clip(length * jnp.exp(accepted - _ACCEPT), _SHORTEST, _LONGEST)
        if float(state.tempering_param) >= 1.0:
            return total, power
    raise FloatingPointError(f"tempering did not arrive after {_MOST} powers")


def joined(values: Floats) -> tuple[float, float]:
    """Log of the mean of unbiased estimates, and its error to first order."""
    middle = float(logsumexp(values) - np.log(len(values)))
    share = np.exp(values - middle)
    return middle, float(share.std(ddof=1) / np.sqrt(len(values)))
