"""Mend: people in doubt are carried again on finer windows, and whoever was off by more than the tolerance is replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from racemate.simulate.check.everybody import Check
from racemate.simulate.check.watch import Log

if TYPE_CHECKING:
    from racemate.simulate.grid import Grid
    from racemate.simulate.share import Batch, Courses
    from racemate.simulate.solve import Leg

Array = NDArray[np.float64]
_FINER = 4
"""How often the windows of an outlier are cut in two at most."""


def mended(leg: Leg, batch: Batch, grid: Grid, passed: Array, out: Array, after: Courses) -> Check:
    """The check of one batch of doubtful courses, who passed the visits at ``passed`` (visits, states, lanes) on the grid of all.

    Windows are cut in two until nobody is off any more; what changes is written into ``out`` and ``after``.
    """
    assert grid.watch is not None
    count = batch.courses
    before = left = np.zeros(count)
    off = np.ones(count, dtype=bool)
    finer, passed = grid, passed[..., :count]
    for halving in range(_FINER):
        finer = finer.halved
        piece = leg.carry(batch, finer, Log(grid.watch, True))
        error = grid.watch.error(passed, piece.passed[..., :count])
        before, left = (error if halving == 0 else before), np.where(off, error, left)
        off &= ~(error <= grid.tolerance)
        if not off.any():
            break
        piece.put(out, after, np.flatnonzero(off))
        passed = piece.passed[..., :count]
    return Check(grid.tolerance, batch.solved[:count], before, left)
