"""Interval: confidence intervals of a share and of the difference of two shares, elementwise over arrays of counts.

Counts broadcast against one another.  Where nobody was counted the interval is nan.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, chdtri, ndtri

from racemate.trial.analysis.statistics import divide

Floats = NDArray[np.float64]
LEVEL = 0.95
_HALVINGS = 60
"""Bisection steps: 2 ** -60 of the range of a difference is below the rounding of its 64-bit number."""


def exact(events: ArrayLike, n: ArrayLike, *, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Clopper-Pearson interval of a share (Clopper and Pearson 1934)."""
    k, m = _counts(events, n)
    tail = (1 - level) / 2
    low = betaincinv(np.maximum(k, 1), np.maximum(m - k + 1, 1), tail)
    high = betaincinv(np.minimum(k, m - 1) + 1, np.maximum(m - k, 1), 1 - tail)
    told = m > 0
    return np.where(told, np.where(k > 0, low, 0.0), np.nan), np.where(told, np.where(k < m, high, 1.0), np.nan)


def wilson(events: ArrayLike, n: ArrayLike, *, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Score interval of a share without continuity correction (Wilson 1927)."""
    k, m = _counts(events, n)
    z = float(ndtri(1 - (1 - level) / 2))
    middle = divide(k + z**2 / 2, m + z**2)
    half = divide(z * np.sqrt(divide(k * (m - k), m) + z**2 / 4), m + z**2)
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)


def newcombe(
    events: ArrayLike, n: ArrayLike, others: ArrayLike, m: ArrayLike, *, level: float = LEVEL
) -> tuple[Floats, Floats]:
    """Difference of two shares by the hybrid of two Wilson intervals (Newcombe 1998, method 10)."""
    (k, a), (h, b) = _counts(events, n), _counts(others, m)
    p, q = divide(k, a), divide(h, b)
    (low, high), (lower, upper) = wilson(k, a, level=level), wilson(h, b, level=level)
    return p - q - np.hypot(p - low, upper - q), p - q + np.hypot(high - p, q - lower)


def miettinen_nurminen(
    events: ArrayLike, n: ArrayLike, others: ArrayLike, m: ArrayLike, *, level: float = LEVEL
) -> tuple[Floats, Floats]:
    """Difference of two shares by inverting the score test with its N / (N - 1) variance (Miettinen and Nurminen 1985)."""
    k, a, h, b = np.broadcast_arrays(*_counts(events, n), *_counts(others, m))
    limit = float(chdtri(1, 1 - level))
    gap = divide(k, a) - divide(h, b)

    def outside(delta: Floats) -> NDArray[np.bool_]:
        return _score(k, a, h, b, delta) > limit

    low, high = _crossing(outside, gap, -1.0), _crossing(outside, gap, 1.0)
    told = np.isfinite(gap)
    return np.where(told, low, np.nan), np.where(told, high, np.nan)


def _crossing(outside: Callable[[Floats], NDArray[np.bool_]], gap: Floats, end: float) -> Floats:
    """Where the test first rejects between the estimate and the end of the range."""
    near, far = np.nan_to_num(gap), np.full(gap.shape, end)
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        rejected = outside(middle)
        near, far = np.where(rejected, near, middle), np.where(rejected, middle, far)
    return (near + far) / 2


def _score(k: Floats, a: Floats, h: Floats, b: Floats, delta: Floats) -> Floats:
    """Squared score statistic of a difference ``delta``, its variance at the shares most likely under it."""
    q = _restricted(k, a, h, b, delta)
    p = np.clip(q + delta, 0, 1)
    n = a + b
    variance = (divide(p * (1 - p), a) + divide(q * (1 - q), b)) * divide(n, n - 1)
    gap = divide(k, a) - divide(h, b) - delta
    return np.where(variance > 0, divide(gap**2, variance), np.where(np.abs(gap) > 0, np.inf, 0.0))


def _restricted(k: Floats, a: Floats, h: Floats, b: Floats, delta: Floats) -> Floats:
    """Second share at the maximum likelihood under a given difference: the closed root of a cubic (Farrington and Manning 1990)."""
    n = a + b
    l3, l2 = n, (a + 2 * b) * delta - n - (k + h)
    l1, l0 = (b * delta - n - 2 * h) * delta + k + h, h * delta * (1 - delta)
    with np.errstate(all="ignore"):  # an empty group is turned into nan by the caller
        c = l2**3 / (3 * l3) ** 3 - l1 * l2 / (6 * l3**2) + l0 / (2 * l3)
        s = np.where(c < 0, -1.0, 1.0) * np.sqrt(np.maximum(l2**2 / (3 * l3) ** 2 - l1 / (3 * l3), 0))
        w = (np.pi + np.arccos(np.clip(np.nan_to_num(c / s**3), -1, 1))) / 3
        return np.clip(np.nan_to_num(2 * s * np.cos(w) - l2 / (3 * l3)), 0, 1)


def _counts(events: ArrayLike, n: ArrayLike) -> tuple[Floats, Floats]:
    k, m = np.broadcast_arrays(np.asarray(events, dtype=np.float64), np.asarray(n, dtype=np.float64))
    if np.any((k < 0) | (k > m)):
        raise ValueError("events: found fewer than 0 or more than n, allowed: 0 to n")
    return k, m
