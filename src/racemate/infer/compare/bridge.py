"""Bridge: the marginal likelihood of a card from its posterior draws, by the optimal bridge (meng-1996, gronau-2017).

A normal law is laid through one half of the draws; the other half and as many draws from that law meet in the middle.  It is a second
road to the number that tempering gives, and takes seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from racemate.people import random

Floats = NDArray[np.float64]
LOG_2PI = float(np.log(2 * np.pi))
_STEPS, _STILL = 1000, 1e-10


@dataclass(frozen=True)
class Bridge:
    """Log marginal likelihood and its Monte-Carlo error (standard deviation, log units)."""

    log_evidence: float
    error: float


def bridge(place: Floats, log_density: Callable[[Floats], Floats], seed: int) -> Bridge:
    """Bridge from a normal law to the posterior.

    ``place`` are posterior draws (draws, size); ``log_density`` gives, for many places at once, the log likelihood plus the log of a
    standard normal prior without its constant.  Raises FloatingPointError when the estimate is not finite.
    """
    half = len(place) // 2
    first, second = place[0::2][:half], place[1::2][:half]
    middle, factor = first.mean(axis=0), np.linalg.cholesky(np.cov(first.T))
    size = place.shape[1]
    z = np.stack([random.normal(seed, f"compare:bridge:{k}", np.arange(half)) for k in range(size)], axis=1)
    constant = size / 2 * LOG_2PI

    def ratio(at: Floats) -> Floats:
        inside = np.linalg.solve(factor, (at - middle).T)
        law = -(inside**2).sum(axis=0) / 2 - constant - np.log(np.diag(factor)).sum()
        return log_density(at) - constant - law

    return _joined(ratio(second), ratio(middle + z @ factor.T))


def _joined(drawn: Floats, proposed: Floats) -> Bridge:
    """From log ratios of posterior to normal law, at draws of the posterior and at draws of the law."""
    share = len(drawn) / (len(drawn) + len(proposed))
    log_share, log_rest = np.log(share), np.log1p(-share)
    found = float(np.median(drawn))
    for _ in range(_STEPS):
        above = proposed - np.logaddexp(log_share + proposed, log_rest + found)
        below = -np.logaddexp(log_share + drawn, log_rest + found)
        new = float(np.logaddexp.reduce(above) - np.log(len(above)) - np.logaddexp.reduce(below) + np.log(len(below)))
        if abs(new - found) < _STILL:
            break
        found = new
    if not np.isfinite(found):
        raise FloatingPointError(f"log marginal likelihood: {found} is not finite")
    # First-order error (fruhwirth-2004): relative variances of both averages; draws of the posterior are nearly independent.
    over = expit(proposed - found + log_share - log_rest)
    under = expit(found - drawn + log_rest - log_share)
    return Bridge(found, float(np.sqrt(_relative(over) + _relative(under))))


def _relative(value: Floats) -> float:
    return float(value.var() / value.mean() ** 2 / len(value))
