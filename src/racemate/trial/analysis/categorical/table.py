"""Table: two arms by outcome, tested alone or over strata (Mantel-Haenszel).

Counts have shape (replicates,) or, over strata, (replicates, strata): events and people of the first arm, then of the second.  A
stratum in which one arm is empty carries no information and no weight.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, gammaln, ndtr, ndtri

from racemate.trial.analysis.categorical.interval import LEVEL
from racemate.trial.analysis.statistics import divide

Floats = NDArray[np.float64]
_TIE = 1 + 1e-7
"""Tables this close in probability count as equally likely: the same slack as R's fisher.test and scipy."""


class Pooled(NamedTuple):
    """An effect pooled over strata: estimate, ends of its interval, standard error (of the log for a ratio) and two-sided p."""

    estimate: Floats
    low: Floats
    high: Floats
    se: Floats
    p: Floats


class Tested(NamedTuple):
    """A chi-squared statistic with one degree of freedom and its p."""

    chi_squared: Floats
    p: Floats


def chi_squared(events: ArrayLike, n: ArrayLike, others: ArrayLike, m: ArrayLike, *, corrected: bool = False) -> Tested:
    """Pearson's test of a two-by-two table; ``corrected`` takes off Yates' half."""
    k, a, h, b = _four(events, n, others, m)
    total, hits = a + b, k + h
    excess = np.abs(k * (b - h) - h * (a - k))
    if corrected:
        excess = np.maximum(excess - total / 2, 0)
    found = divide(total * excess**2, a * b * hits * (total - hits))
    return Tested(found, np.where(np.isfinite(found), chdtrc(1, np.nan_to_num(found)), np.nan))


def fisher(events: ArrayLike, n: ArrayLike, others: ArrayLike, m: ArrayLike) -> Floats:
    """Two-sided p of Fisher's exact test: tables no likelier than the one seen; 1 where the margins leave one table, nan for an empty arm."""
    k, a, h, b = _four(events, n, others, m)
    hits = k + h
    cells = np.arange(hits.max(initial=0) + 1)
    inside = (cells <= np.minimum(a, hits)[..., None]) & (cells >= np.maximum(hits - b, 0)[..., None])
    logs = _log_choose(a[..., None], cells, inside) + _log_choose(b[..., None], hits[..., None] - cells, inside)
    logs = np.where(inside, logs, -np.inf)
    weight = np.exp(logs - logs.max(axis=-1, keepdims=True))
    seen = np.take_along_axis(weight, k[..., None].astype(int), axis=-1)
    p = np.where(weight <= seen * _TIE, weight, 0).sum(axis=-1) / weight.sum(axis=-1)
    return np.where((a > 0) & (b > 0), np.minimum(p, 1.0), np.nan)


def _log_choose(n: Floats, k: Floats, inside: NDArray[np.bool_]) -> Floats:
    picked, left = np.where(inside, k, 0), np.where(inside, n - k, 0)
    return gammaln(n + 1) - gammaln(picked + 1) - gammaln(left + 1)


def cochran_mantel_haenszel(events: ArrayLike, n: ArrayLike, others: ArrayLike, m: ArrayLike) -> Tested:
    """Test of a common odds ratio of one over strata (last axis), without continuity correction (Mantel and Haenszel 1959)."""
    k, a, h, b = _strata(events, n, others, m)
    total, hits = a + b, k + h
    expected = divide(a * hits, total)
    variance = divide(a * b * hits * (total - hits), total**2 * (total - 1))
    informs = total > 1
    gap = np.where(informs, k - expected, 0).sum(axis=-1)
    found = divide(gap**2, np.where(informs, variance, 0).sum(axis=-1))
    return Tested(found, np.where(np.isfinite(found), chdtrc(1, np.nan_to_num(found)), np.nan))


def odds_ratio(events: ArrayLike, n: ArrayLike, others: ArrayLike, m: ArrayLike, *, level: float = LEVEL) -> Pooled:
    """Mantel-Haenszel odds ratio, first over second, with the variance of its log of Robins, Breslow and Greenland (1986)."""
    k, a, h, b = _strata(events, n, others, m)
    total = np.where(a + b > 0, a + b, 1.0)
    for_, against = k * (b - h) / total, h * (a - k) / total
    agree, differ = (k + b - h) / total, (h + a - k) / total
    up, down = for_.sum(axis=-1), against.sum(axis=-1)
    ratio = divide(up, down)
    variance = (
        divide((agree * for_).sum(axis=-1), 2 * up**2)
        + divide((agree * against + differ * for_).sum(axis=-1), 2 * up * down)
        + divide((differ * against).sum(axis=-1), 2 * down**2)
    )
    told = (up > 0) & (down > 0)
    middle, se = np.log(np.where(told, ratio, 1.0)), np.sqrt(np.where(told, variance, np.nan))
    half = float(ndtri(1 - (1 - level) / 2)) * se
    return Pooled(ratio, np.exp(middle - half), np.exp(middle + half), se, _two_sided(middle, se))


def risk_difference(
    events: ArrayLike,
    n: ArrayLike,
    others: ArrayLike,
    m: ArrayLike,
    *,
    level: float = LEVEL,
    variance: Literal["sato", "greenland-robins"] = "sato",
) -> Pooled:
    """Mantel-Haenszel difference of shares, first less second; its variance by Sato (1989) or by Greenland and Robins (1985).

    Sato's holds for few large and for many small strata; that of Greenland and Robins for many small strata and, with one stratum, is
    the plain unpooled variance.
    """
    k, a, h, b = _strata(events, n, others, m)
    total = np.where(a + b > 0, a + b, 1.0)
    weight = (a * b / total).sum(axis=-1)
    d = divide(((k * b - h * a) / total).sum(axis=-1), weight)
    if variance == "sato":
        tilt = ((a**2 * h - b**2 * k + a * b * (b - a) / 2) / total**2).sum(axis=-1)
        level_part = ((k * (b - h) + h * (a - k)) / (2 * total)).sum(axis=-1)
        spread = d * tilt + level_part
    else:
        spread = (divide(k * (a - k) * b**3 + h * (b - h) * a**3, a * b * total**2)).sum(axis=-1)
    se = np.sqrt(np.maximum(divide(spread, weight**2), 0))
    half = float(ndtri(1 - (1 - level) / 2)) * se
    return Pooled(d, d - half, d + half, se, _two_sided(d, se))


def _two_sided(estimate: Floats, se: Floats) -> Floats:
    z = divide(estimate, se)
    return np.where(np.isfinite(z), 2 * ndtr(-np.abs(np.nan_to_num(z))), np.nan)


def _four(*counts: ArrayLike) -> tuple[Floats, Floats, Floats, Floats]:
    k, a, h, b = np.broadcast_arrays(*(np.asarray(count, dtype=np.float64) for count in counts))
    if np.any((k < 0) | (k > a) | (h < 0) | (h > b)):
        raise ValueError("events: found fewer than 0 or more than n, allowed: 0 to n")
    return k, a, h, b


def _strata(*counts: ArrayLike) -> tuple[Floats, Floats, Floats, Floats]:
    """Counts by stratum, those of a stratum with an empty arm set to zero."""
    k, a, h, b = _four(*counts)
    both = (a > 0) & (b > 0)
    return np.where(both, k, 0.0), np.where(both, a, 0.0), np.where(both, h, 0.0), np.where(both, b, 0.0)
