"""Synthetic: what the same trials might have reported, were a card true: new studies with the same arms, times and people.

Every target is drawn by the law that the likelihood gives it: means jointly normal within an arm, spreads chi-squared, shares binomial.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import binom, chi2

from racemate.infer.likelihood.total import Likelihood
from racemate.people import random

Floats = NDArray[np.float64]
_LOOSE = 1e-6
"""Added to the diagonal of a correlation matrix so that its factor exists; the likelihood does the same."""


def new_studies(likelihood: Likelihood, place: Floats, seed: int, index: int) -> Floats:
    """The same shared numbers with the study effects of other studies; shape (size,)."""
    trials = len(likelihood.predictor.unknowns.trials)
    fresh = random.normal(seed, f"compare:studies:{index}", np.arange(2 * trials))
    return np.concatenate([place[: -2 * trials], fresh])


@dataclass(frozen=True)
class Synthetic:
    """Simulates all targets of a likelihood; compiled once."""

    likelihood: Likelihood

    @cached_property
    def _law(self) -> Any:
        import jax

        return jax.jit(lambda place: (self.likelihood.fitted(place), self.likelihood.predictor(place).covariance))

    def expected(self, place: Floats) -> Floats:
        """Expected value of every target, shape (targets,)."""
        return np.asarray(self._law(place)[0])

    def draw(self, place: Floats, seed: int, index: int, weighted: bool = False) -> Floats:
        """One set of values of all targets, shape (targets,), when ``place`` is true; ``index`` tells sets apart.

        ``weighted`` counts only as many people behind a share as its weight leaves: data as the likelihood believes them to come about.
        """
        means, spreads, shares, effects, scans = (
            getattr(self.likelihood, name) for name in ("means", "spreads", "shares", "effects", "scans")
        )
        expected, covariance = map(np.asarray, self._law(place))
        share = random.uniform(seed, f"compare:set:{index}", np.arange(len(expected)))
        found = expected.copy()
        found[means.rows] += self._scatter(covariance) @ ndtri(share[means.rows])
        freedom = spreads.n - 1
        found[spreads.rows] *= np.sqrt(chi2.ppf(share[spreads.rows], freedom) / freedom)
        people = np.maximum(np.round(shares.n * shares.weight if weighted else shares.n), 1).astype(int)
        found[shares.rows] = binom.ppf(share[shares.rows], people, expected[shares.rows]) / people
        for table in (effects, scans):
            found[table.rows] += table.error * ndtri(share[table.rows])
        return found

    def _scatter(self, covariance: Floats) -> Floats:
        """Factor of the covariance of the means' errors: published sizes, predicted correlation between times of one arm."""
        means = self.likelihood.means
        covariance = means.terms @ covariance @ means.terms.T
        size = np.sqrt(np.diag(covariance))
        correlation = (covariance / np.outer(size, size) + _LOOSE * np.eye(len(size))) / (1 + _LOOSE)
        return np.linalg.cholesky(correlation) * means.error[:, None]
