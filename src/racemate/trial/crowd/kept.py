"""Kept: what is kept of some chunks of a crowd: the counts, and how well the people in them were solved.

Whole numbers are added and of errors the larger one stays, so neither the order in which chunks are put together nor who does it can
change a bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from racemate.trial.crowd.tally import Counts


class Kept(NamedTuple):
    """Counts of some people, and how well they were solved."""

    counts: Counts
    windows: int = 0
    """Most windows of a chunk."""
    error: float = 0.0
    """Largest error of a pilot."""
    looked: int = 0
    """People looked at again, and of them those who were off."""
    outliers: int = 0
    left: float = 0.0
    """Largest error that is left among those looked at again."""

    def solved(self) -> dict[str, Any]:
        """How the people were solved, as plain values."""
        from racemate.simulate.trajectory import METHOD

        check = {"looked_at_again": self.looked, "outliers": self.outliers, "error": self.left}
        return {"method": METHOD, "windows": self.windows, "error": self.error, "check": check}


def kept(counts: Counts, solved: Mapping[str, Any] | None) -> Kept:
    """What is kept of one chunk; ``solved`` is what its trajectory says (`Trajectory.solved`), if anything does."""
    if solved is None:
        return Kept(counts)
    check = solved["check"] or {"looked_at_again": 0, "outliers": 0, "error": 0.0}
    return Kept(counts, solved["windows"], solved["error"], check["looked_at_again"], check["outliers"], check["error"])


def nothing(size: int) -> Kept:
    """What is kept of nobody, for so many counts."""
    return Kept(np.zeros(size, dtype=np.int64))


def add(one: Kept, other: Kept) -> Kept:
    """What is kept of both."""
    return Kept(
        one.counts + other.counts,
        max(one.windows, other.windows),
        max(one.error, other.error),
        one.looked + other.looked,
        one.outliers + other.outliers,
        max(one.left, other.left),
    )
