"""Carry: one batch of people taken through segments of a timeline, call after call of the compiled program, and seen at every visit."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racemate.simulate.batch.call import JUMPS, SEGMENTS, Page
from racemate.simulate.batch.setting import Settings
from racemate.simulate.step import Given, Machine, Now, Stand
from racemate.simulate.timeline import Segment

Array = NDArray[np.float64]
Places = NDArray[np.intp]


See = Callable[[tuple[tuple[int, ...], ...], Stand], None]
"""Is told the visits of a page, by their places, and where people stood at each, with room for `READ`."""


def carry(
    machine: Machine,
    table: Any,
    segments: Sequence[Segment],
    pages: Sequence[Page],
    held: Any,
    slow: Any,
    see: See,
    who: Places | None = None,
) -> Stand:
    """Take people with these parameters (rows, people) through all pages; where they stand then.

    ``see`` is told of every visit, ``who`` says which of the people of the segments they are (default: all).
    """
    modes = machine.modes(table)
    moving = {body: np.zeros(one.rate.shape) for body, one in modes.items()}
    now, settings = Now(Stand(held, slow, np.zeros_like(slow)), moving), Settings(who)
    for page in pages:
        here = [segments[k] for k in page.segments]
        given = Given(settings(here, SEGMENTS), *_jumps(machine, page, here, who, slow.shape[1]))
        now, seen = machine.follow(table, modes, page.call, given, now)
        if page.visits:
            see(page.visits, seen)
    return Stand(*map(np.asarray, now.stand))


def _jumps(
    machine: Machine, page: Page, segments: Sequence[Segment], who: Places | None, people: int
) -> tuple[Places, Places, Array]:
    """How many jumps come before those of each segment, and of each the row of amounts it changes, and by how much."""
    # A segment that goes on from the page before began there.
    by_segment = [one.jumps if k or page.call.begins[0] else () for k, one in enumerate(segments)]
    jumps = [jump for some in by_segment for jump in some]
    before = np.full(SEGMENTS + 1, len(jumps))
    before[: len(segments) + 1] = np.cumsum([0, *map(len, by_segment)])
    room = max(JUMPS, len(jumps))
    row, change = np.zeros(room, dtype=np.intp), np.zeros((room, people))
    for k, jump in enumerate(jumps):
        row[k], change[k] = machine.first_rows[jump.body] + jump.row, jump.value(who)
    return before, row, change
