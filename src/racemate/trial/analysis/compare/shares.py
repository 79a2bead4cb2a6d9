"""Shares: who responded or remitted in one arm beside another: differences, ratios and tests, over strata where asked."""

import numpy as np
from numpy.typing import NDArray

from racemate.trial.analysis import statistics
from racemate.trial.analysis.categorical import table
from racemate.trial.analysis.counted import arms_of, at_once, stratum
from racemate.trial.conduct.rate import Data
from racemate.trial.design.scheme import PLAIN, Test, Way

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
RATIOS = ("risk-ratio", "odds-ratio", "remission-odds-ratio", "number-needed-to-treat")
_PERCENT = 100.0
Four = tuple[Floats, Floats, Floats, Floats]
"""Events and people of the first arm, then of the second; shape (replicates, strata)."""


def effect(
    data: Data, outcome: str, arms: tuple[str, str], hour: float, who: Mask, statistic: str, test: Test | None, way: Way
) -> tuple[Floats, Floats]:
    """Difference (percent), ratio or number needed to treat, and the people; pooled over strata by the test of that name."""
    what = "remission" if statistic.startswith("remission") else "response"
    four = counts(data, outcome, arms, hour, who, what, way)
    n = (four[1] + four[3]).sum(axis=-1)
    if test == "cochran-mantel-haenszel" and statistic != "risk-ratio":
        if statistic.endswith("odds-ratio"):
            return table.odds_ratio(*four).estimate, n
        gap = table.risk_difference(*four).estimate
        return (statistics.divide(1.0, gap) if statistic in RATIOS else _PERCENT * gap), n
    k, a, h, b = (count.sum(axis=-1) for count in four)
    p, q = statistics.divide(k, a), statistics.divide(h, b)
    if statistic.endswith("odds-ratio"):
        return statistics.divide(p * (1 - q), q * (1 - p)), n
    if statistic == "risk-ratio":
        return statistics.divide(p, q), n
    return (statistics.divide(1.0, p - q) if statistic in RATIOS else _PERCENT * (p - q)), n


def counts(
    data: Data, outcome: str, arms: tuple[str, str], hour: float, who: Mask, what: str, way: Way = PLAIN
) -> Four:
    """People with the event and people of whom it is known, by stratum (one, where none is named)."""
    layer = np.zeros(who.shape, dtype=np.int64)
    for name in way.strata:
        code = stratum(data, name)
        layer = layer * (int(code.max(initial=0)) + 1) + code
    levels = np.unique(layer)

    def by(mask: Mask) -> Floats:
        return np.stack([statistics.count(mask & (layer == level)) for level in levels], axis=-1)

    (met, known), (other, seen) = (
        at_once(data, outcome, arms_of(data.protocol, arm), hour, what, rule=way.missing) for arm in arms
    )
    known, seen = known & who, seen & who
    return by(met & known), by(known), by(other & seen), by(seen)


def compared(
    data: Data,
    outcome: str,
    arms: tuple[str, str],
    hour: float,
    who: Mask,
    test: Test | None,
    way: Way = PLAIN,
    what: str = "response",
) -> tuple[statistics.Comparison, Floats]:
    """Compare who responded (or remitted); below zero where more did in the first arm, as a fall is, so that a pattern reads alike."""
    four = counts(data, outcome, arms, hour, who, what, way)
    k, a, h, b = (count.sum(axis=-1) for count in four)
    none, n = np.full_like(k, np.nan), a + b
    gap = statistics.divide(h, b) - statistics.divide(k, a)
    if test == "fisher":
        return statistics.Comparison(gap, none, none, none, table.fisher(k, a, h, b)), n
    found = table.chi_squared(k, a, h, b)
    if test == "cochran-mantel-haenszel":
        found, gap = table.cochran_mantel_haenszel(*four), -table.risk_difference(*four).estimate
    return statistics.Comparison(gap, none, found.chi_squared, np.ones_like(k), found.p), n
