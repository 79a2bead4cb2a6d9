"""Measure: shares and means over replicates, each with its Monte-Carlo error."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from racemate.trial.characteristics.tested import Tested
from racemate.trial.design.scheme import Test

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Measured(NamedTuple):
    """A number over replicates, its Monte-Carlo error, and the replicates it rests on; None where no replicate defines it."""

    value: float | None
    monte_carlo_error: float | None
    replicates: int


class Truth(NamedTuple):
    """What an endpoint truly is in each replicate's world, and the standard error of that, shape (replicates,) each."""

    value: Floats
    se: Floats
    shared: bool = False
    """One number for all replicates, whose error they share."""


def share(event: Mask) -> Measured:
    """Share of replicates; its error is the standard deviation under a flat prior, so that it is never zero."""
    n, hits = event.size, int(event.sum())
    if n == 0:
        return Measured(None, None, 0)
    p = (hits + 1) / (n + 2)
    return Measured(hits / n, float(np.sqrt(p * (1 - p) / (n + 3))), n)


def mean(values: Floats) -> Measured:
    """Mean over the replicates that define it; one replicate alone tells no error."""
    told = values[np.isfinite(values)]
    if not told.size:
        return Measured(None, None, 0)
    error = float(told.std(ddof=1) / np.sqrt(told.size)) if told.size > 1 else None
    return Measured(float(told.mean()), error, told.size)


def rejected(found: Tested, alpha: float) -> Mask:
    """Where the test rejects; a replicate that leaves it undefined does not."""
    return np.isfinite(found.p) & (np.where(np.isfinite(found.p), found.p, 1.0) < alpha)


def success(found: Tested, test: Test, direction: str, alpha: float) -> Mask:
    """Where the test rejects on the side that counts as a success."""
    ahead = found.favours(test)
    side = {"first": ahead, "second": ~ahead}.get(direction, np.ones_like(ahead))
    return rejected(found, alpha) & side


def bias(found: Tested, truth: Truth) -> Measured:
    """Mean of estimate less truth; the error of a truth that replicates share does not average out."""
    told = mean(found.estimate - truth.value)
    if not truth.shared or told.monte_carlo_error is None:
        return told
    return told._replace(monte_carlo_error=float(np.hypot(told.monte_carlo_error, truth.se[0])))


def coverage(found: Tested, truth: Truth, alpha: float) -> Measured:
    """Share of intervals that hold the truth, among replicates that have one.

    The truth was itself estimated, by people who are not in the trial: its error widens the interval as far as a sum of independent
    errors does, so that an interval that is right keeps its level.
    """
    gap = truth.value - found.estimate
    half = np.where(gap < 0, found.estimate - found.low, found.high - found.estimate)
    reach = np.hypot(half, ndtri(1 - alpha / 2) * truth.se)
    told = np.isfinite(gap) & np.isfinite(reach)
    return share((np.abs(gap) <= reach)[told])


def pooled(truth: Truth) -> Truth:
    """One truth for all replicates, where they share their world."""
    told = truth.value[np.isfinite(truth.value)]
    if told.size < 2:
        return truth
    value, se = told.mean(), told.std(ddof=1) / np.sqrt(told.size)
    return Truth(np.full_like(truth.value, value), np.full_like(truth.value, se), shared=True)
