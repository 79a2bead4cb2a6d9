"""Tipping: how much worse those who left must have done than assumed before the finding is gone (delta adjustment)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from racemate.trial.analysis.missing.reference import Completions, analysed

Floats = NDArray[np.float64]
ALPHA = 0.05


class Search(NamedTuple):
    """The deltas tried, the difference and p at each, shape (deltas, replicates), and the tipping point, shape (replicates,)."""

    deltas: Floats
    difference: Floats
    p: Floats
    point: Floats
    """Smallest delta tried at which p is no longer below alpha; 0 where it never was, nan where every delta leaves the finding."""


def search(made: Completions, first: int, second: int, deltas: Sequence[float], alpha: float = ALPHA) -> Search:
    """Shift the imputed ratings of the first arm by each delta, ascending from 0, and see when the finding is gone."""
    steps = np.asarray(deltas, dtype=np.float64)
    if steps.ndim != 1 or not steps.size or steps[0] != 0 or np.any(np.diff(steps) <= 0):
        raise ValueError(f"deltas: found {list(deltas)}, allowed: ascending from 0")
    found = [analysed(made, first, second, float(delta)) for delta in steps]
    p = np.stack([one.p for one in found])
    gone = ~(p < alpha)
    point = np.where(gone.any(axis=0), steps[gone.argmax(axis=0)], np.nan)
    return Search(steps, np.stack([one.difference for one in found]), p, point)
