"""Single: one value in place of a missing rating: the last one, the baseline, or the worst.

Ratings have shape (times, replicates, people), the baseline first; ``seen`` says which were taken.  Whoever has no baseline stays
missing.  A single value hides that it was guessed: the standard errors that follow are too small when many are missing.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from racemate.trial.analysis.statistics import carried_forward

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Filled = tuple[Floats, Mask]


def last(values: Floats, seen: Mask) -> Filled:
    """Last observation carried forward; the baseline is never carried on."""
    return carried_forward(values, seen)


def baseline(values: Floats, seen: Mask) -> Filled:
    """Baseline observation carried forward: whoever has no rating counts as unchanged."""
    return np.where(seen, values, values[:1]), seen | seen[:1]


def worst(values: Floats, seen: Mask) -> Filled:
    """Worst observation carried forward: the highest of a person's own ratings so far, the baseline among them."""
    highest = np.maximum.accumulate(np.where(seen, values, -np.inf), axis=0)
    have = seen | seen[:1]
    return np.where(seen, values, np.where(have, highest, 0.0)), have


RULES: Mapping[str, Callable[[Floats, Mask], Filled]] = {"locf": last, "bocf": baseline, "worst": worst}
"""Rules by the name that a protocol gives them."""
