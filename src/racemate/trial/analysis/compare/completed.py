"""Completed: two arms compared at a visit after the ratings of those who left were imputed many times over, and the tipping point."""

import numpy as np
from numpy.typing import NDArray

from racemate.trial.analysis import statistics
from racemate.trial.analysis.missing import reference, tipping
from racemate.trial.analysis.statistics import Comparison
from racemate.trial.conduct.rate import Data
from racemate.trial.design.scheme import Way

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
SEED = 1
"""Of the imputations alone: they are part of the analysis, and the same data give the same answer."""
FARTHEST = 30
"""Largest shift tried for a tipping point, points of the scale: half the range of the MADRS."""


def compared(
    data: Data, outcome: str, hour: float, who: Mask, way: Way, first: str, second: str
) -> tuple[Comparison, Floats]:
    """First minus second arm at an hour, pooled over the imputations, and the people behind it."""
    made, i, k, n = _completed(data, outcome, hour, who, way, first, second)
    return reference.analysed(made, i, k), n


def tipped(
    data: Data, outcome: str, hour: float, who: Mask, way: Way, first: str, second: str
) -> tuple[Floats, Floats]:
    """Points by which those who left the first arm must have done worse than assumed before the finding is gone, and the people."""
    made, i, k, n = _completed(data, outcome, hour, who, way, first, second)
    return tipping.search(made, i, k, range(FARTHEST + 1)).point, n


def _completed(
    data: Data, outcome: str, hour: float, who: Mask, way: Way, first: str, second: str
) -> tuple[reference.Completions, int, int, Floats]:
    """The imputed data sets, the two arms' places in them, and the people of both arms, shape (replicates,)."""
    course, arms = _course(data, outcome, hour, who, way.missing)
    made = reference.completions(course, way.missing, arms.index(way.reference), SEED)  # pyright: ignore[reportArgumentType]
    i, k = arms.index(first), arms.index(second)
    return made, i, k, statistics.count(course.member & np.isin(course.arm, (i, k)))


def _course(data: Data, outcome: str, hour: float, who: Mask, rule: str) -> tuple[reference.Course, list[str]]:
    """The visits up to an hour of everybody who has a baseline; raises ValueError for data without people."""
    if data.enrolled is None:
        raise ValueError(
            f"protocol {data.protocol.id!r}: analysis.missing: found {rule!r}, which imputes by person, asked of data without people as "
            "enrolled, allowed: data of a trial that was conducted"
        )
    arms, roll = [arm.name for arm in data.protocol.conditions], data.enrolled.roll
    rows = slice(1, data.protocol.rated_h(outcome).index(hour) + 1)
    have = np.stack([data.seen[arm, outcome][0] for arm in arms])
    mine = have.argmax(axis=0)

    def own(values: list[NDArray[np.generic]]) -> NDArray[np.generic]:
        """Of each person the values in the own arm."""
        stacked = np.stack(values)
        return np.take_along_axis(stacked, mine.reshape(1, *([1] * (stacked.ndim - 3)), *mine.shape), axis=0)[0]

    score = np.moveaxis(own([data.value[arm, outcome][rows] for arm in arms]), 0, -1).astype(np.float64)
    seen = np.moveaxis(own([data.seen[arm, outcome][rows] for arm in arms]), 0, -1).astype(bool)
    base = own([data.value[arm, outcome][0] for arm in arms]).astype(np.float64)
    replicate = np.arange(roll.replicates, dtype=np.int64)
    ids = roll.fold(roll.ids).astype(np.int64)
    return reference.Course(score, seen, base, mine, have.any(axis=0) & who, replicate, ids), arms
