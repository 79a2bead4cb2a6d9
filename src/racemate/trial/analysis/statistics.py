"""Statistics: those of trial reports, each computed for all replicates at once.

Ratings have shape (replicates, people); a mask of that shape says who counts.  A result has shape (replicates,); where a replicate has
too few people it is nan, which `look.py` turns into "not defined" before anything leaves the room.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Comparison(NamedTuple):
    """Difference of two arms, its standard error, t, degrees of freedom and two-sided p, each of shape (replicates,)."""

    difference: Floats
    se: Floats
    t: Floats
    df: Floats
    p: Floats


def divide(a: ArrayLike, b: ArrayLike) -> Floats:
    """Quotient, nan where the divisor is zero."""
    over, under = np.broadcast_arrays(np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64))
    return np.divide(over, under, out=np.full(over.shape, np.nan), where=under != 0)


def count(mask: Mask) -> Floats:
    """People who count."""
    return mask.sum(axis=-1).astype(np.float64)


def mean(x: Floats, mask: Mask) -> Floats:
    """Mean over the people who count."""
    return divide(np.where(mask, x, 0).sum(axis=-1), count(mask))


def square(x: Floats, mask: Mask) -> Floats:
    """Sum of squared deviations from the mean."""
    return np.where(mask, (x - mean(x, mask)[..., None]) ** 2, 0).sum(axis=-1)


def sd(x: Floats, mask: Mask) -> Floats:
    """Standard deviation with n - 1."""
    return np.sqrt(divide(square(x, mask), np.maximum(count(mask) - 1, 0)))


def median(x: Floats, mask: Mask) -> Floats:
    """Median over the people who count."""
    n = count(mask).astype(int)
    ordered = np.sort(np.where(mask, x, np.inf), axis=-1)
    low, high = np.maximum((n - 1) // 2, 0), np.minimum(n // 2, x.shape[-1] - 1)
    picked = [np.take_along_axis(ordered, k[..., None], axis=-1)[..., 0] for k in (low, high)]
    return np.where(n > 0, (np.where(n > 0, picked[0], 0) + np.where(n > 0, picked[1], 0)) / 2, np.nan)


def share(event: Mask, mask: Mask) -> Floats:
    """Share of the people who count."""
    return divide(count(event & mask), count(mask))


def paired_t(first: Floats, second: Floats, mask: Mask) -> Comparison:
    """Paired t test of first minus second (student-1908)."""
    change = first - second
    n = count(mask)
    return tested(mean(change, mask), divide(sd(change, mask), np.sqrt(n)), n - 1)


def two_sample_t(first: Floats, second: Floats, one: Mask, two: Mask) -> Comparison:
    """Student's t test of two independent groups with a common variance."""
    n, m = count(one), count(two)
    df = n + m - 2
    variance = divide(square(first, one) + square(second, two), np.maximum(df, 0))
    return tested(mean(first, one) - mean(second, two), np.sqrt(variance * (divide(1.0, n) + divide(1.0, m))), df)


class Adjusted(NamedTuple):
    """Analysis of covariance with one covariate: per group the adjusted mean, and what a comparison needs."""

    means: tuple[Floats, ...]
    slope: Floats
    variance: Floats
    df: Floats
    counts: tuple[Floats, ...]
    covariate: tuple[Floats, ...]
    within: Floats
    """Sum of squares of the covariate within groups."""


def ancova(y: Sequence[Floats], x: Sequence[Floats], masks: Sequence[Mask]) -> Adjusted:
    """Ordinary least squares of y on group and covariate x with one slope; adjusted means at the mean covariate of everyone.

    Its covariance is the classical one: equal variances, no interaction.
    """
    n = [count(mask) for mask in masks]
    xs = [mean(value, mask) for value, mask in zip(x, masks, strict=True)]
    ys = [mean(value, mask) for value, mask in zip(y, masks, strict=True)]
    within = sum((square(value, mask) for value, mask in zip(x, masks, strict=True)), start=np.zeros_like(n[0]))
    total = sum((square(value, mask) for value, mask in zip(y, masks, strict=True)), start=np.zeros_like(n[0]))
    cross = np.zeros_like(n[0])
    for a, b, p, q, mask in zip(x, y, xs, ys, masks, strict=True):
        cross += np.where(mask, (a - p[..., None]) * (b - q[..., None]), 0).sum(axis=-1)
    slope = divide(cross, within)
    df = sum(n, start=np.zeros_like(n[0])) - len(n) - 1
    variance = divide(np.maximum(total - slope * cross, 0), np.maximum(df, 0))
    centre = divide(sum((a * b for a, b in zip(n, xs, strict=True)), start=np.zeros_like(n[0])), df + len(n) + 1)
    means = tuple(b - slope * (a - centre) for a, b in zip(xs, ys, strict=True))
    return Adjusted(means, slope, variance, df, tuple(n), tuple(xs), within)


def compare(fit: Adjusted, first: int, second: int) -> Comparison:
    """Difference of two adjusted means of an analysis of covariance."""
    gap = fit.covariate[first] - fit.covariate[second]
    spread = divide(1.0, fit.counts[first]) + divide(1.0, fit.counts[second]) + divide(gap**2, fit.within)
    return tested(fit.means[first] - fit.means[second], np.sqrt(fit.variance * spread), fit.df)


def tested(difference: Floats, se: Floats, df: Floats) -> Comparison:
    """Two-sided p of difference / se; without any error p is 1 for no difference and 0 for any other."""
    exact = (se == 0) & (df > 0)
    t = np.where(exact & (difference == 0), 0.0, divide(difference, se))
    ready = np.isfinite(t) & (df > 0)
    p = 2 * stdtr(np.where(ready, df, 1.0), -np.abs(np.where(ready, t, 0.0)))
    return Comparison(difference, se, t, df, np.where(ready, p, np.where(exact, 0.0, np.nan)))


def effect_size(first: Floats, second: Floats, one: Mask, two: Mask) -> Floats:
    """Cohen's d: difference of the means over the pooled standard deviation."""
    pooled = divide(square(first, one) + square(second, two), np.maximum(count(one) + count(two) - 2, 0))
    return divide(mean(first, one) - mean(second, two), np.sqrt(pooled))


def carried_forward(values: Floats, seen: Mask) -> tuple[Floats, Mask]:
    """Last observation carried forward along the first axis (times); the first time is never carried on."""
    out, have = values.copy(), seen.copy()
    for k in range(2, len(values)):
        keep = ~have[k] & have[k - 1]
        out[k], have[k] = np.where(keep, out[k - 1], out[k]), have[k] | keep
    return out, have


def exact_interval(events: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Clopper-Pearson interval of one share (clopper-pearson-1934)."""
    from racemate.trial.analysis.categorical.interval import exact  # which stands on this module

    low, high = exact(events, n, level=level)
    return float(low), float(high)


def line(x: Floats, y: Floats, mask: Mask) -> tuple[Floats, Floats, Floats]:
    """Slope of y on x, correlation and people, by replicate; nan where x or y does not vary."""
    n = mask.sum(axis=-1).astype(float)

    def about(values: Floats) -> Floats:
        centre = divide(np.where(mask, values, 0).sum(axis=-1), n)
        return np.where(mask, values - centre[..., None], 0.0)

    a, b = about(x), about(y)
    xx, yy, xy = (a * a).sum(axis=-1), (b * b).sum(axis=-1), (a * b).sum(axis=-1)
    return divide(xy, xx), divide(xy, np.sqrt(xx * yy)), n
