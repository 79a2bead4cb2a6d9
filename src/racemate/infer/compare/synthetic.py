"""Synthetic: what the same trials might have reported, were a card true: new studies with the same arms, times and people.

Every target is drawn by the law that the likelihood gives it: means jointly normal within an arm, spreads chi-squared, shares binomial.
"""

from __future__ import annotations

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


def synthetic(likelihood: Likelihood, place: Floats, seed: int, index: int, weighted: bool = False) -> Floats:
    """One set of values of all targets, shape (targets,), when ``place`` is true; ``index`` tells sets apart.

    ``weighted`` counts only as many people behind a share as its weight leaves: data as the likelihood believes them to come about.
    """
    share = random.uniform(seed, f"compare:set:{index}", np.arange(len(likelihood.targets)))
    expected = np.asarray(likelihood.fitted(place))
    found = expected.copy()
    spreads, shares, effects = likelihood.spreads, likelihood.shares, likelihood.effects
    found[likelihood.means.rows] += _scatter(likelihood, place) @ ndtri(share[likelihood.means.rows])
    freedom = spreads.n - 1
    found[spreads.rows] *= np.sqrt(chi2.ppf(share[spreads.rows], freedom) / freedom)
    people = np.maximum(np.round(shares.n * shares.weight if weighted else shares.n), 1).astype(int)
    found[shares.rows] = binom.ppf(share[shares.rows], people, expected[shares.rows]) / people
    found[effects.rows] += effects.error * ndtri(share[effects.rows])
    return found


def _scatter(likelihood: Likelihood, place: Floats) -> Floats:
    """Factor of the covariance of the means' errors: published sizes, predicted correlation between times of one arm."""
    means = likelihood.means
    covariance = means.terms @ np.asarray(likelihood.predictor(place).covariance) @ means.terms.T
    size = np.sqrt(np.diag(covariance))
    correlation = (covariance / np.outer(size, size) + _LOOSE * np.eye(len(size))) / (1 + _LOOSE)
    return np.linalg.cholesky(correlation) * means.error[:, None]
