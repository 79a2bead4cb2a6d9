"""Crossover: treatment, period and carry-over of a two-by-two trial (Grizzle 1965; Hills and Armitage 1979).

``first`` and ``second`` are the responses in the two periods, shape (replicates, people); ``ab`` says who had treatment A first.  Only
people with both periods count: a person with one alone tells of treatment and of person together, and is left out, as in a paired
analysis.  All effects are tested by a two-sample t with a common variance.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from racemate.trial.analysis.statistics import Comparison, tested, two_sample_t

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
_HALF = 0.5


class Effects(NamedTuple):
    """What a two-by-two crossover tells."""

    treatment: Comparison
    """A minus B within persons, adjusted for period; biased where carry-over differs."""
    period: Comparison
    """Second period minus first, adjusted for treatment."""
    carry_over: Comparison
    """Difference of the sums of both periods between the orders, AB less BA: unequal carry-over, or chance in who got which order."""


def effects(first: Floats, second: Floats, ab: Mask, mask: Mask) -> Effects:
    """Effects of a two-by-two crossover among those who have both periods."""
    one, two = ab & mask, ~ab & mask
    change = first - second
    # A - B is +change under AB and -change under BA; second - first is -change under both.
    treatment = two_sample_t(change, change, one, two)
    period = two_sample_t(-change, change, one, two)
    total = first + second
    return Effects(_halved(treatment), _halved(period), two_sample_t(total, total, one, two))


def _halved(found: Comparison) -> Comparison:
    return tested(found.difference * _HALF, found.se * _HALF, found.df)
