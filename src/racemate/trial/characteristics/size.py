"""Size: the smallest number of people with which a design succeeds often enough, and how well the replicates tell it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from racemate.evidence.finding import EvidenceError
from racemate.people.random import uniform
from racemate.trial.characteristics.endpoint import PLACE

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
DRAWS = 1000
"""Bootstrap draws: the ends of a 95 % interval then rest on some 25 draws each."""
LEVEL = (0.025, 0.975)
STEPS = 16
"""Sizes at which the share of successes is looked at; between two of them it is a straight line."""


class Needed(NamedTuple):
    """Fewest people per arm (of a whole crossover), and a 95 % interval of that number; None: beyond the sizes looked at."""

    people: int
    low: int
    high: int | None


def ladder(low: int, high: int) -> tuple[int, ...]:
    """Sizes from the smallest to the largest, each the same factor above the one before, as whole numbers."""
    return tuple(int(n) for n in np.unique(np.rint(np.geomspace(low, high, STEPS))))


def smallest(people: Sequence[int], success: Mask, target: float, seed: int, name: str) -> Needed:
    """Where the share of successes, shape (sizes, replicates), first reaches the target.

    More people never make a design worse, so the shares are made to rise (isotonic regression) before the line between two sizes is
    read.  The sizes share their replicates, and the interval comes from drawing replicates again (bootstrap).  Raises EvidenceError,
    which calls the design ``name``, when no size reaches the target.
    """
    sizes = np.asarray(people, dtype=np.float64)
    shares = success.mean(axis=1)
    found = _crossing(sizes, shares, target)
    if not np.isfinite(found):
        error = np.sqrt(shares[-1] * (1 - shares[-1]) / success.shape[1])
        raise EvidenceError(
            PLACE,
            f"target of {name}",
            f"{target:g}, and {_risen(shares)[-1]:.2f} (Monte-Carlo error {error:.2f}) with {people[-1]} people per arm",
            "a share that some size in the range reaches, or a wider range of people",
        )
    replicates = success.shape[1]
    luck = uniform(seed, "power:bootstrap", np.arange(DRAWS)[:, None], np.arange(replicates)[None, :])
    picked = np.floor(luck * replicates).astype(np.intp)
    drawn = np.array([_crossing(sizes, success[:, one].mean(axis=1), target) for one in picked])
    low, high = np.quantile(drawn, LEVEL, method="inverted_cdf")
    return Needed(
        int(found), int(low) if np.isfinite(low) else int(sizes[-1]), int(high) if np.isfinite(high) else None
    )


def _risen(shares: Floats) -> Floats:
    from scipy.optimize import isotonic_regression

    return np.asarray(isotonic_regression(shares).x)


def _crossing(sizes: Floats, shares: Floats, target: float) -> float:
    """The whole number of people at which the risen shares first reach the target; infinite for never."""
    risen = _risen(shares)
    reached = np.flatnonzero(risen >= target)
    if not reached.size:
        return np.inf
    k = int(reached[0])
    if k == 0:
        return float(sizes[0])
    part = (target - risen[k - 1]) / (risen[k] - risen[k - 1])
    return float(np.ceil(sizes[k - 1] + part * (sizes[k] - sizes[k - 1])))
