"""Ratio: what repeated runs say, as a middle and a range."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Spread:
    """Median and range of repeated runs, and how many there were."""

    middle: float
    low: float
    high: float
    rounds: int


def spread(values: Sequence[float]) -> Spread:
    """Median and range.  Raises ValueError for no values."""
    if not values:
        raise ValueError("spread: found no runs, allowed: at least one")
    return Spread(median(values), min(values), max(values), len(values))


def paired(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """How many times longer theirs took, round by round: both were measured in the same round, so drift of the machine cancels.

    Raises ValueError when the rounds do not pair or a time is not positive.
    """
    if len(ours) != len(theirs):
        raise ValueError(f"ratio: found {len(ours)} and {len(theirs)} rounds, allowed: as many of each")
    if not all(time > 0 for time in (*ours, *theirs)):
        raise ValueError("ratio: found a time that is not positive")
    return spread([b / a for a, b in zip(ours, theirs, strict=True)])
