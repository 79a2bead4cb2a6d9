"""Tested: one analysis of one endpoint in every replicate: estimate, interval and p."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from racemate.trial.analysis import statistics
from racemate.trial.analysis.categorical import interval, table
from racemate.trial.analysis.counted import arms_of, at_once, people
from racemate.trial.analysis.look import compared
from racemate.trial.characteristics.endpoint import OF_SHARES, Endpoint
from racemate.trial.conduct.rate import Data
from racemate.trial.conduct.screen import screen
from racemate.trial.design.people import SEVERE, SITE

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

    def favours(self, test: str) -> Mask:
        """Where the first arm did better: it fell more, or more of it responded."""
        return self.estimate > 0 if test in OF_SHARES else self.estimate < 0


def analyse(data: Data, endpoint: Endpoint, test: str, seed: int, threads: int | None = None) -> Tested:
    """Analyse every replicate; ``seed`` is that of the trial, by which people were stratified."""
    who = people(data, endpoint.group)
    if test in OF_SHARES:
        return _shares(data, endpoint, test, who, seed)
    if test == "mmrm":
        return _repeated(data, endpoint, who, threads)
    named = "ancova" if test == "ancova" else None
    found, _ = compared(data, endpoint.outcome, endpoint.first, endpoint.second, endpoint.hour, who, named)
    half = _half(found, endpoint.alpha)
    return Tested(found.difference, found.difference - half, found.difference + half, found.p)


def _half(found: statistics.Comparison, alpha: float) -> Floats:
    """Half the width of an interval."""
    ready = np.isfinite(found.se) & (found.df > 0)
    return np.where(ready, stdtrit(np.where(ready, found.df, 1.0), 1 - alpha / 2) * found.se, np.nan)


def _repeated(data: Data, endpoint: Endpoint, who: Mask, threads: int | None) -> Tested:
    """The mixed model for repeated measures over every visit after the baseline, unstructured, Satterthwaite."""
    from racemate.trial.analysis.mmrm.trials import repeated

    arms = [arm.name for arm in data.protocol.conditions]
    hours = data.protocol.rated_h(endpoint.outcome)
    base = {arm: data.value[arm, endpoint.outcome][0] for arm in arms}
    have = {arm: data.seen[arm, endpoint.outcome][0] & who for arm in arms}
    ratings = {arm: data.value[arm, endpoint.outcome][1:] for arm in arms}
    seen = {arm: data.seen[arm, endpoint.outcome][1:] & have[arm] for arm in arms}
    found = repeated(ratings, seen, base, level=1 - endpoint.alpha, threads=threads)
    visit = hours.index(endpoint.hour) - 1
    told = found.difference(endpoint.first, endpoint.second)
    return Tested(*(np.asarray(field[:, visit]) for field in (told.estimate, told.low, told.high, told.p)))


def _shares(data: Data, endpoint: Endpoint, test: str, who: Mask, seed: int) -> Tested:
    layer = strata(data, seed) if test == "cochran-mantel-haenszel" else np.zeros(who.shape, dtype=np.int64)
    four: list[Floats] = []
    for arm in (endpoint.first, endpoint.second):
        met, known = at_once(data, endpoint.outcome, arms_of(data.protocol, arm), endpoint.hour, "response")
        known = known & who
        four += [_by(met & known, layer), _by(known, layer)]
    if test == "cochran-mantel-haenszel":
        found = table.risk_difference(*four, level=1 - endpoint.alpha)
        p = table.cochran_mantel_haenszel(*four).p
        return Tested(_PERCENT * found.estimate, _PERCENT * found.low, _PERCENT * found.high, p)
    k, a, h, b = (counts[:, 0] for counts in four)
    gap = statistics.divide(k, a) - statistics.divide(h, b)
    low, high = interval.miettinen_nurminen(k, a, h, b, level=1 - endpoint.alpha)
    p = table.fisher(k, a, h, b) if test == "fisher" else table.chi_squared(k, a, h, b).p
    return Tested(_PERCENT * gap, _PERCENT * low, _PERCENT * high, p)


def _by(mask: Mask, layer: NDArray[np.int64]) -> Floats:
    """People of a mask in every stratum, shape (replicates, strata)."""
    return np.stack([(mask & (layer == k)).sum(axis=-1) for k in range(int(layer.max()) + 1)], axis=-1).astype(float)


def strata(data: Data, seed: int) -> NDArray[np.int64]:
    """Stratum of each person, counted from 0, as the protocol randomised them, shape (replicates, people)."""
    enrolled, protocol = data.enrolled, data.protocol
    assert enrolled is not None
    codes = np.zeros(enrolled.roll.ids.size, dtype=np.int64)
    for name in protocol.randomise.strata:
        if name == SITE:
            count = protocol.sites.count if protocol.sites else 1
            codes = codes * count + enrolled.site % count
        elif name == SEVERE:
            _, score = screen(protocol, enrolled.cohort, seed, enrolled.roll.ids, None)
            codes = 2 * codes + (score >= (protocol.randomise.severe or 0.0))
        else:
            codes = 2 * codes + enrolled.cohort.covariate(name).astype(np.int64)
    return enrolled.roll.fold(codes)
