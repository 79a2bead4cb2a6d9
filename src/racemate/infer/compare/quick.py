"""Quick: a marginal likelihood in about a second, for evidence that was simulated and need not be sampled at length.

The curvature at the highest place gives a law with slightly heavy tails; importance weights correct it.  In so many dimensions the correction
is incomplete, alike for all cards: how far it is off is told by asking it about the published numbers too, where the answer is known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, multivariate_t

from racemate.infer.compare.bridge import LOG_2PI
from racemate.infer.curvature import curvature
from racemate.infer.likelihood.total import Likelihood
from racemate.people import random

Floats = NDArray[np.float64]
DRAWS = 1024
_FREEDOM = 30
"""Degrees of freedom of the proposal: tails a little heavier than a normal law's, so that no weight is unbounded."""
_SEED, _BATCH, _STEPS = 1, 64, 400
_FLAT = 0.1
"""Least curvature in any direction; the prior alone gives 1, and a lower one is a place where the search stopped early."""


@dataclass(frozen=True)
class Score:
    """``log_evidence`` by importance weights, ``laplace`` without them, and how many of the draws were effective."""

    log_evidence: float
    laplace: float
    effective: float


@dataclass(frozen=True)
class Quick:
    """One card, ready to be scored on any values of its targets; compiled once."""

    likelihood: Likelihood

    def log_density(self, place: Any, values: Any) -> Any:
        """Log posterior density up to the prior's constant, had the trials reported ``values`` (targets,)."""
        return seen(self.likelihood, values).log_density(place)

    @cached_property
    def _slope(self) -> Any:
        import jax

        return jax.jit(jax.value_and_grad(self.log_density))

    @cached_property
    def _many(self) -> Any:
        import jax

        return jax.jit(lambda at, values: jax.lax.map(lambda z: self.log_density(z, values), at, batch_size=_BATCH))

    def many(self, place: Floats, values: Floats) -> Floats:
        """Log density at many places, shape (places,)."""
        return np.asarray(self._many(place, values))

    def score(self, values: Floats, start: Floats, draws: int = DRAWS) -> Score:
        """Score one set of values; ``start`` is where the search begins, shape (size,)."""
        peak, height = self._peak(values, start)
        strength, axes = np.linalg.eigh(-curvature(lambda at: self._slope(at, values)[1], peak))
        strength = np.maximum(strength, _FLAT)
        size = len(peak)
        index = np.arange(draws)
        z = np.stack([random.normal(_SEED, f"compare:quick:{k}", index) for k in range(size)], axis=1)
        tail = chi2.ppf(random.uniform(_SEED, "compare:quick:tail", index), _FREEDOM) / _FREEDOM
        z /= np.sqrt(tail)[:, None]
        law = multivariate_t(np.zeros(size), 1, df=_FREEDOM).logpdf(z) + np.log(strength).sum() / 2
        weight = self.many(peak + (z / np.sqrt(strength)) @ axes.T, values) - size / 2 * LOG_2PI - law
        total = float(np.logaddexp.reduce(weight))
        return Score(
            log_evidence=total - float(np.log(draws)),
            laplace=height - float(np.log(strength).sum()) / 2,
            effective=float(np.exp(2 * total - np.logaddexp.reduce(2 * weight))),
        )

    def _peak(self, values: Floats, start: Floats) -> tuple[Floats, float]:
        from scipy.optimize import minimize

        def down(place: Floats) -> tuple[float, Floats]:
            value, slope = self._slope(place, values)
            return -float(value), -np.asarray(slope)

        found = minimize(down, start, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS})
        return found.x, -float(found.fun)


def seen(likelihood: Likelihood, values: Any) -> Likelihood:
    """The same likelihood, had the trials reported ``values``, shape (targets,); jax."""
    tables = ("means", "spreads", "shares", "effects", "scans")
    held = {name: getattr(likelihood, name) for name in tables}
    return replace(likelihood, **{name: replace(table, value=values[table.rows]) for name, table in held.items()})


def published(likelihood: Likelihood) -> Floats:
    """What the trials did report, shape (targets,)."""
    return np.array([one.value for one in likelihood.targets], dtype=np.float64)
