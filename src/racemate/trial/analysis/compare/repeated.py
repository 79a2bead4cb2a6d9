"""Repeated: the mixed model for repeated measures that a report used, fitted once to all replicates and asked at each of its visits."""

from typing import TYPE_CHECKING
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from racemate.trial.analysis.counted import people
from racemate.trial.analysis.statistics import Comparison
from racemate.trial.conduct.rate import Data
from racemate.trial.design.scheme import Way

if TYPE_CHECKING:
    from racemate.trial.analysis.mmrm.trials import Visits

Floats = NDArray[np.float64]
_FITS: dict[int, dict[tuple[str, str, Way, bool], "Visits"]] = {}
"""Fits by the identity of the data they are of; forgotten with the data."""


def fitted(data: Data, outcome: str, group: str, way: Way, *, change: bool) -> "Visits":
    """The model over the visits of ``way``: arm by visit and baseline by visit, restricted maximum likelihood, all arms.

    A replicate in which the search does not converge has a state that says why, and nan for its numbers: no simpler covariance takes
    its place.
    """
    if id(data) not in _FITS:
        _FITS[id(data)] = {}
        finalize(data, _FITS.pop, id(data), None)
    known, key = _FITS[id(data)], (outcome, group, way, change)
    if key not in known:
        known[key] = _fit(data, outcome, group, way, change)
    return known[key]


def _fit(data: Data, outcome: str, group: str, way: Way, change: bool) -> "Visits":
    from racemate.trial.analysis.mmrm.trials import repeated

    who, hours = people(data, group), data.protocol.rated_h(outcome)
    rows = [hours.index(hour) for hour in way.hours]
    arms = [arm.name for arm in data.protocol.conditions]
    start = {arm: data.at(arm, outcome, data.protocol.baseline_h) for arm in arms}
    seen = {arm: data.seen[arm, outcome][rows] & start[arm][1] & who for arm in arms}
    ratings = {arm: data.value[arm, outcome][rows] for arm in arms}
    return repeated(
        ratings, seen, {arm: start[arm][0] for arm in arms}, change=change, structure=way.structure, df=way.df
    )


def mean(found: "Visits", arm: str, visit: int) -> tuple[Floats, Floats]:
    """Adjusted mean of an arm at a visit, and the people rated then; shape (replicates,) each."""
    return found.mean(arm).estimate[:, visit], _rated(found, arm, visit)


def compared(found: "Visits", first: str, second: str, visit: int) -> tuple[Comparison, Floats]:
    """First minus second arm at a visit, and the people rated then."""
    told = found.difference(first, second)
    parts = (told.estimate, told.se, told.t, told.df, told.p)
    n = _rated(found, first, visit) + _rated(found, second, visit)
    return Comparison(*(np.asarray(part[:, visit]) for part in parts)), n


def _rated(found: "Visits", arm: str, visit: int) -> Floats:
    return found.ratings[:, found.arms.index(arm), visit]
