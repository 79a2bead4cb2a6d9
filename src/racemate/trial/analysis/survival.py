"""Survival: time to an event, for all replicates at once: Kaplan-Meier, log-rank and the hazard ratio of two arms.

Times have shape (replicates, people); ``event`` says who had the event at that time (else the person was last seen then), ``mask`` who
counts.  A person censored at the time of an event was still at risk of it.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr, ndtri

from racemate.trial.analysis.categorical.interval import LEVEL
from racemate.trial.analysis.statistics import divide

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Whole = NDArray[np.int64]
_STEPS = 40
"""Newton steps of the partial likelihood; it is concave with one effect and settles in about five."""
_SETTLED = 1e-10
_HALF = 0.5
_FARTHEST = 20.0
"""A log hazard ratio beyond this has no maximum: an arm without events, given as nan."""


class Curve(NamedTuple):
    """Share free of the event at a time, the ends of its interval, and Greenwood's standard error; shape (replicates,)."""

    share: Floats
    low: Floats
    high: Floats
    se: Floats


class LogRank(NamedTuple):
    """Log-rank test: events seen and expected in the first arm, chi-squared with one degree of freedom, p."""

    seen: Floats
    expected: Floats
    chi_squared: Floats
    p: Floats


class Hazard(NamedTuple):
    """Cox's hazard ratio, first arm over second, the ends of its interval, standard error of its log, and Wald's p."""

    ratio: Floats
    low: Floats
    high: Floats
    se: Floats
    p: Floats


class _Risk(NamedTuple):
    """People in order of time, and at each the sets at risk and the ties; those who do not count come last and have no event."""

    event: Mask
    first: Mask
    at_risk: Floats
    at_risk_first: Floats
    tied: Floats
    tied_first: Floats
    rank: Floats
    """Place among the events of the same time, from 0."""


def kaplan_meier(time: Floats, event: Mask, mask: Mask, at: float, level: float = LEVEL) -> Curve:
    """Share still free of the event at a time, with the interval on the log-log scale (Kalbfleisch and Prentice).

    Nan where nobody counts, and after the last person was seen without the event: nothing is known there.
    """
    share, sum_, known = _followed(time, event, mask, at)
    se = share * np.sqrt(sum_)
    inner = (share > 0) & (share < 1)
    logs = np.log(np.where(inner, share, _HALF))
    half = float(ndtri(1 - (1 - level) / 2)) * np.sqrt(np.where(inner, sum_, 0.0)) / np.abs(logs)
    low = np.where(inner, np.exp(logs * np.exp(half)), share)
    high = np.where(inner, np.exp(logs * np.exp(-half)), share)
    return Curve(*(np.where(known, x, np.nan) for x in (share, low, high, se)))


def _followed(time: Floats, event: Mask, mask: Mask, at: float) -> tuple[Floats, Floats, Mask]:
    """Product-limit share at a time, Greenwood's sum, and whether anyone was followed so far (or nobody is left without the event)."""
    t, e, m = _sorted(time, event, mask)
    left = m[..., ::-1].cumsum(axis=-1)[..., ::-1].astype(np.float64)
    hit = e & (t <= at)
    # Tied events one after the other give the same product and the same sum as all at once.
    share = np.where(hit, 1 - divide(1.0, left), 1.0).prod(axis=-1)
    sum_ = np.where(hit & (left > 1), divide(1.0, left * (left - 1)), 0.0).sum(axis=-1)
    last = np.where(mask, time, -np.inf).max(axis=-1, initial=-np.inf)
    return share, sum_, mask.any(axis=-1) & ((last >= at) | (share == 0))


def median_time(time: Floats, event: Mask, mask: Mask) -> Floats:
    """First time at which half or fewer are free of the event; nan where that is not reached."""
    t, e, m = _sorted(time, event, mask)
    left = m[..., ::-1].cumsum(axis=-1)[..., ::-1].astype(np.float64)
    share = np.where(e, 1 - divide(1.0, left), 1.0).cumprod(axis=-1)
    # Rounding of a product of fractions must not carry an exact half over the line.
    reached = e & (share <= _HALF + np.finfo(np.float64).eps * t.shape[-1])
    first = reached.argmax(axis=-1)
    return np.where(reached.any(axis=-1), np.take_along_axis(t, first[..., None], axis=-1)[..., 0], np.nan)


def log_rank(time: Floats, event: Mask, first: Mask, second: Mask, strata: Whole | None = None) -> LogRank:
    """Log-rank test of two arms (Mantel 1966), summed over strata where given."""
    seen, expected, variance = (np.zeros(time.shape[0]) for _ in range(3))
    for inside in _layers(strata, time):
        risk = _at_risk(time, event, first & inside, second & inside)
        a, n, d = risk.at_risk_first, risk.at_risk, risk.tied
        seen += (risk.event & risk.first).sum(axis=-1)
        expected += np.where(risk.event, divide(a, n), 0.0).sum(axis=-1)
        more = risk.event & (n > 1)
        variance += np.where(more, divide(a * (n - a) * (n - d), n**2 * np.maximum(n - 1, 1)), 0.0).sum(axis=-1)
    found = divide((seen - expected) ** 2, variance)
    return LogRank(seen, expected, found, np.where(np.isfinite(found), chdtrc(1, np.nan_to_num(found)), np.nan))


def hazard_ratio(
    time: Floats, event: Mask, first: Mask, second: Mask, strata: Whole | None = None, level: float = LEVEL
) -> Hazard:
    """Hazard ratio of two arms by Cox's partial likelihood with Efron's ties (Efron 1977), over strata where given."""
    risks = [_at_risk(time, event, first & inside, second & inside) for inside in _layers(strata, time)]
    beta = np.zeros(time.shape[0])
    for _ in range(_STEPS):
        slope, information = _partial(risks, beta)
        step = np.clip(np.nan_to_num(divide(slope, information)), -2, 2)
        beta = np.clip(beta + step, -_FARTHEST, _FARTHEST)
        if np.abs(step).max(initial=0.0) < _SETTLED:
            break
    slope, information = _partial(risks, beta)
    both = [sum((risk.event & (risk.first == arm)).sum(axis=-1) for risk in risks) for arm in (True, False)]
    told = (both[0] > 0) & (both[1] > 0) & (np.abs(beta) < _FARTHEST) & (information > 0)
    se = np.sqrt(divide(1.0, np.where(told, information, np.nan)))
    beta = np.where(told, beta, np.nan)
    half = float(ndtri(1 - (1 - level) / 2)) * se
    return Hazard(np.exp(beta), np.exp(beta - half), np.exp(beta + half), se, 2 * ndtr(-np.abs(beta / se)))


def _partial(risks: list[_Risk], beta: Floats) -> tuple[Floats, Floats]:
    """Slope and information of the log partial likelihood."""
    slope, information = np.zeros_like(beta), np.zeros_like(beta)
    weight = np.exp(beta)[..., None]
    for risk in risks:
        gone = divide(risk.rank, risk.tied)
        one = weight * (risk.at_risk_first - gone * risk.tied_first)
        two = risk.at_risk - risk.at_risk_first - gone * (risk.tied - risk.tied_first)
        share = divide(one, one + two)
        slope += np.where(risk.event, risk.first - share, 0.0).sum(axis=-1)
        information += np.where(risk.event, share * (1 - share), 0.0).sum(axis=-1)
    return slope, information


def _layers(strata: Whole | None, time: Floats) -> list[Mask]:
    if strata is None:
        return [np.ones(time.shape, dtype=bool)]
    return [strata == level for level in np.unique(strata)]


def _order(time: Floats, event: Mask, mask: Mask) -> Whole:
    """People by time, events before those censored then, whoever does not count last."""
    return np.lexsort((~event, np.where(mask, time, np.inf), ~mask), axis=-1)


def _sorted(time: Floats, event: Mask, mask: Mask) -> tuple[Floats, Mask, Mask]:
    order = _order(time, event, mask)
    t = np.take_along_axis(time, order, axis=-1)
    e, m = (np.take_along_axis(x, order, axis=-1) for x in (event, mask))
    return t, e & m, m


def _at_risk(time: Floats, event: Mask, first: Mask, second: Mask) -> _Risk:
    mask = first | second
    order = _order(time, event, mask)
    t = np.take_along_axis(time, order, axis=-1)
    e, m, a = (np.take_along_axis(x, order, axis=-1) for x in (event, mask, first))
    e = e & m
    n = t.shape[-1]
    place = np.arange(n)
    new = np.concatenate([np.ones((*t.shape[:-1], 1), dtype=bool), (np.diff(t, axis=-1) != 0) | ~m[..., 1:]], axis=-1)
    start = np.maximum.accumulate(np.where(new, place, 0), axis=-1)
    last = np.concatenate([new[..., 1:], np.ones((*t.shape[:-1], 1), dtype=bool)], axis=-1)
    end = np.minimum.accumulate(np.where(last, place, n)[..., ::-1], axis=-1)[..., ::-1]

    def before(x: Mask, where: Whole) -> Floats:
        total = np.concatenate([np.zeros((*x.shape[:-1], 1)), x.cumsum(axis=-1)], axis=-1)
        return np.take_along_axis(total, where, axis=-1)

    def within(x: Mask) -> Floats:
        return before(x, end + 1) - before(x, start)

    return _Risk(
        event=e,
        first=a,
        at_risk=m.sum(axis=-1, keepdims=True) - before(m, start),
        at_risk_first=(a & m).sum(axis=-1, keepdims=True) - before(a & m, start),
        tied=within(e),
        tied_first=within(e & a),
        rank=before(e, np.broadcast_to(place, t.shape)) - before(e, start),
    )
