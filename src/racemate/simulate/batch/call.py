"""Call: what the compiled program is told at once: windows in a row, what begins at them, and what is read at their ends or inside them.

One call takes people through several segments: what each costs beside its windows is then paid once.  Calls have one size, so there is
one program (but for a segment with more jumps than `JUMPS`, which has its own); what people get does not depend on which windows share
a call.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from racemate.simulate.timeline import Segment
from racemate.simulate.window.collocation import NODES, inside
from racemate.simulate.window.kinetics import TICK_H

Array = NDArray[np.float64]
Places = NDArray[np.intp]
Flags = NDArray[np.bool_]
WINDOWS = 64
"""Windows of one call at most."""
SEGMENTS = 16
"""Segments that one call touches at most."""
JUMPS = 32
"""Jumps of one call at most, but for those of a single segment."""
READ = 16
"""Visits that one call reads at most, and so the most inside one window."""
_HALF_TICK_H = TICK_H / 2


class Call(NamedTuple):
    """Arrays of one size; what is beyond the last window is zero."""

    windows: int
    """How many windows there are."""
    hours: Array
    """Length of each window (windows,)."""
    segment: Places
    """In which of the call's segments each window is (windows,)."""
    begins: Flags
    """Whether a segment begins with the window (windows,)."""
    ends: Flags
    """Whether a segment ends with the window (windows,)."""
    read: Places
    """How many of the call's visits are before each window, and after them how many there are (windows + 1,)."""
    after_h: Array
    """Hours from the start of its window to each visit (visits,)."""
    weights: Array
    """Weights of the increments at the nodes that give the increment at each visit (visits, node)."""


@dataclass(frozen=True)
class Page:
    """A call with the segments it touches and the visits it reads, by their places; several visits may be on one tick."""

    call: Call
    segments: tuple[int, ...]
    visits: tuple[tuple[int, ...], ...]


@dataclass
class _Draft:
    """A page that is being filled: its windows as (half ticks, place of the segment, whether it begins, whether it ends)."""

    windows: list[tuple[int, int, bool, bool]] = field(default_factory=list)
    segments: list[int] = field(default_factory=list)
    jumps: int = 0
    read: list[int] = field(default_factory=lambda: [0])
    visits: list[tuple[tuple[int, ...], int, int]] = field(default_factory=list)
    """(places, half ticks since the start of its window, length of the window)."""

    def takes(self, jumps: int, visits: int) -> bool:
        """Whether there is room for a window more, with which so many jumps come and in which so many visits are."""
        read = len(self.visits) + visits
        room = len(self.windows) < WINDOWS and len(self.segments) < SEGMENTS
        return room and read <= READ and (not jumps or not self.jumps or self.jumps + jumps <= JUMPS)

    def page(self) -> Page:
        """The page as it is."""
        count = len(self.windows)
        length, segment, begins, ends = (np.zeros(WINDOWS, dtype=kind) for kind in (np.float64, np.intp, bool, bool))
        for k, (ticks, place, first, last) in enumerate(self.windows):
            length[k], segment[k], begins[k], ends[k] = ticks, self.segments.index(place), first, last
        read = np.full(WINDOWS + 1, len(self.visits))
        read[: count + 1] = self.read
        after, weights = np.zeros(READ), np.zeros((READ, NODES))
        for k, (_, since, whole) in enumerate(self.visits):
            after[k], weights[k] = since, inside(since / whole)
        call = Call(count, length * _HALF_TICK_H, segment, begins, ends, read, after * _HALF_TICK_H, weights)
        return Page(call, tuple(self.segments), tuple(places for places, *_ in self.visits))


def pages(lengths: Sequence[Sequence[int]], segments: Sequence[Segment], stretch: range) -> Iterator[Page]:
    """Calls that take people through a stretch of segments, on windows of so many half ticks in each segment."""
    draft = _Draft()
    for k in stretch:
        start, whole = 0, 2 * segments[k].ticks
        for length in lengths[k]:
            seen = [(visit.places, 2 * visit.ticks - start) for visit in segments[k].visits]
            here = [(places, since, length) for places, since in seen if 0 < since <= length]
            jumps = 0 if start else len(segments[k].jumps)
            if not draft.takes(jumps, len(here)):
                yield draft.page()
                draft = _Draft()
            if k not in draft.segments:
                draft.segments.append(k)
            draft.windows.append((length, k, start == 0, start + length == whole))
            draft.jumps += jumps
            draft.visits += here
            draft.read.append(len(draft.visits))
            start += length
    if draft.windows:
        yield draft.page()
