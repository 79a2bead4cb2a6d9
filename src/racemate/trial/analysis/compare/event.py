"""Event: the time to a decision of the protocol, such as relapse, in one arm or in two: Kaplan-Meier, log-rank and hazard ratio."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from racemate.trial.analysis import statistics, survival
from racemate.trial.analysis.counted import arms_of
from racemate.trial.conduct.rate import Data
from racemate.trial.design.scheme import Way

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
_PERCENT = 100.0
_DAY_H = 24.0


class Times(NamedTuple):
    """Hours to the event or to the last time a person was seen without it, whether it happened, and who is followed."""

    hours: Floats
    event: Mask
    followed: Mask


def times(data: Data, way: Way, who: Mask) -> Times:
    """Time to the event of everybody, shape (replicates, people); raises ValueError for data without decisions.

    Followed are those in the group who were still rated, and free of the event, at the time from which it counts.
    """
    if way.event not in data.met_h:
        raise ValueError(
            f"event: found {way.event!r}, allowed: {', '.join(data.met_h) or 'none, in data without decisions'}"
        )
    met, until = data.met_h[way.event], data.until_h
    happened = np.isfinite(met) & (met <= until)
    end = np.where(happened, met, until)
    followed = who & (end > way.since_h)
    return Times(np.where(followed, end, way.since_h) - way.since_h, happened, followed)


def single(data: Data, statistic: str, arm: str, hour: float | None, way: Way, who: Mask) -> tuple[Floats, Floats]:
    """Share free of the event by Kaplan-Meier or the plain share who had it (percent), or the median time (days), and the people.

    The share who had it counts everybody followed, however long.
    """
    told = times(data, way, who & _members(data, arm))
    n = statistics.count(told.followed)
    if statistic == "median-time":
        return survival.median_time(*told) / _DAY_H, n
    since = np.inf if hour is None else hour - way.since_h
    if statistic == "relapse":
        return _PERCENT * statistics.share(told.event & (told.hours <= since), told.followed), n
    return _PERCENT * survival.kaplan_meier(*told, at=since).share, n


def hazard_ratio(data: Data, first: str, second: str, way: Way, who: Mask) -> tuple[Floats, Floats]:
    """Cox's hazard ratio, first over second, and the people behind it."""
    hours, event, followed = times(data, way, who)
    one, two = (_members(data, arm) & followed for arm in (first, second))
    return survival.hazard_ratio(hours, event, one, two).ratio, statistics.count(one | two)


def compared(data: Data, first: str, second: str, way: Way, who: Mask) -> tuple[statistics.Comparison, Floats]:
    """Log-rank test; the difference is events seen less expected in the first arm, below zero where it had fewer."""
    hours, event, followed = times(data, way, who)
    one, two = (_members(data, arm) & followed for arm in (first, second))
    found = survival.log_rank(hours, event, one, two)
    none = np.full_like(found.p, np.nan)
    gap = found.seen - found.expected
    return statistics.Comparison(gap, none, found.chi_squared, np.ones_like(none), found.p), statistics.count(one | two)


def _members(data: Data, arm: str) -> Mask:
    return np.any([data.member[one] for one in arms_of(data.protocol, arm)], axis=0)
