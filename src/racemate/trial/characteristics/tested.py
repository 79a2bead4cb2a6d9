"""Tested: one analysis of one endpoint in every replicate: estimate, interval and p."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from racemate.trial.analysis import statistics
from racemate.trial.analysis.categorical import interval, table
from racemate.trial.analysis.compare import change, repeated, shares
from racemate.trial.analysis.counted import people
from racemate.trial.characteristics.endpoint import Endpoint, way
from racemate.trial.conduct.rate import Data
from racemate.trial.design.scheme import SHARE_TESTS, Test

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
_PERCENT = 100.0


class Tested(NamedTuple):
    """First arm less second, ends of its interval at the level of the test, and two-sided p, each of shape (replicates,).

    Changes from baseline in points; shares of people who responded in percent.  nan where a replicate leaves it undefined.
    """

    estimate: Floats
    low: Floats
    high: Floats
    p: Floats
    unfitted: Mask | None = None
    """In which replicates the mixed model did not converge; None where no such model is fitted."""

    def favours(self, test: Test) -> Mask:
        """Where the first arm did better: it fell more, or more of it responded."""
        return self.estimate > 0 if test in SHARE_TESTS else self.estimate < 0


def analyse(data: Data, endpoint: Endpoint, test: Test) -> Tested:
    """Analyse every replicate as the protocol does it, at the level of the endpoint."""
    if test in SHARE_TESTS:
        return _shares(data, endpoint, test)
    how = way(data.protocol, endpoint, test)
    asked = change.Asked(endpoint.outcome, endpoint.hour, endpoint.group, test, how)
    found, _ = change.compared(data, asked, endpoint.first, endpoint.second)
    half = _half(found, endpoint.alpha)
    unfitted = None
    if test == "mmrm":
        unfitted = ~repeated.fitted(data, endpoint.outcome, endpoint.group, how, change=True).fitted
    return Tested(found.difference, found.difference - half, found.difference + half, found.p, unfitted)


def _half(found: statistics.Comparison, alpha: float) -> Floats:
    """Half the width of an interval."""
    ready = np.isfinite(found.se) & (found.df > 0)
    return np.where(ready, stdtrit(np.where(ready, found.df, 1.0), 1 - alpha / 2) * found.se, np.nan)


def _shares(data: Data, endpoint: Endpoint, test: Test) -> Tested:
    """Intervals are those of Miettinen and Nurminen, over strata that of Sato."""
    arms, how = (endpoint.first, endpoint.second), way(data.protocol, endpoint, test)
    who = people(data, endpoint.group)
    tested, _ = shares.compared(data, endpoint.outcome, arms, endpoint.hour, who, test, how)
    four = shares.counts(data, endpoint.outcome, arms, endpoint.hour, who, "response", how)
    if test == "cochran-mantel-haenszel":
        found = table.risk_difference(*four, level=1 - endpoint.alpha)
        return Tested(_PERCENT * found.estimate, _PERCENT * found.low, _PERCENT * found.high, tested.p)
    low, high = interval.miettinen_nurminen(*(count.sum(axis=-1) for count in four), level=1 - endpoint.alpha)
    # The comparison is below zero where more responded in the first arm.
    return Tested(-_PERCENT * tested.difference, _PERCENT * low, _PERCENT * high, tested.p)
