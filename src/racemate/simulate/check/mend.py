"""Mend: people in doubt are carried again on finer windows, and whoever was off by more than the tolerance is replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from racemate.simulate.check.everybody import Check
from racemate.simulate.check.watch import Log, Watch
from racemate.simulate.share import batches

if TYPE_CHECKING:
    from racemate.simulate.grid import Grid
    from racemate.simulate.share import Batch, Courses
    from racemate.simulate.solve import Leg

Array = NDArray[np.float64]
Places = NDArray[np.intp]
Again = tuple[Array, Array]
"""Errors of courses (courses,), and how they passed the visits on finer windows (visits, states, courses)."""
FEW = 64
"""People in a batch of those who are looked at again, always."""
_FINER = 4
"""How often the windows of an outlier are cut in two at most."""


def mend(
    leg: Leg,
    grid: Grid,
    doubtful: Places,
    passed: Array,
    written: tuple[Array, Courses],
    share: Callable[[Callable[[Batch], Again], Iterable[Batch]], list[Again]],
) -> Check:
    """The check of ``doubtful`` courses (ascending), who passed the visits at ``passed`` (visits, states, courses) on the grid of all.

    Windows are cut in two until nobody is off any more; what changes is ``written`` down.  ``share`` does the batches in threads.
    """
    assert grid.watch is not None
    check, finer, who = Check(grid.tolerance), grid, doubtful
    for _ in range(_FINER):
        if not who.size:
            break
        finer = finer.halved
        found = share(_once(leg, grid, finer, who, passed, written), batches(leg.people.course, FEW, who))
        error, passed = (np.concatenate(parts, axis=-1) for parts in zip(*found, strict=True))
        check = check.looked(who, error)
        off = ~(error <= grid.tolerance)
        who, passed = who[off], passed[..., off]
    return check


def _once(
    leg: Leg, grid: Grid, finer: Grid, who: Places, passed: Array, written: tuple[Array, Courses]
) -> Callable[[Batch], Again]:
    """What carries one batch on finer windows and writes down whoever was off."""
    watch: Watch | None = grid.watch
    assert watch is not None

    def again(batch: Batch) -> Again:
        count = batch.courses
        piece = leg.carry(batch, finer, Log(watch, True))
        now = piece.passed[..., :count]
        error = watch.error(passed[..., np.searchsorted(who, batch.solved[:count])], now)
        piece.put(*written, np.flatnonzero(~(error <= grid.tolerance)))
        return error, now

    return again
