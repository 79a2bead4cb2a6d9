"""Grid: the windows of a plan, found once on a small pilot cohort by step doubling and then used for everybody.

The pilot holds people of every shipped hypothesis, drawn wider than a trial would, so the grid of a protocol does not depend on the
hypotheses or the people a user asks for.  Windows have one or two binary digits of a tick where they grow, and whatever is left at
the end of a segment.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racemate.simulate.batch.call import READ, pages
from racemate.simulate.batch.carry import carry
from racemate.simulate.check.watch import Lesson, Watch, relative
from racemate.simulate.step import Machine, Stand
from racemate.simulate.timeline import Segment, Timeline
from racemate.simulate.window.collocation import NODES
from racemate.simulate.window.kinetics import TICK_H

Array = NDArray[np.float64]
TOLERANCE = 1e-6
"""Error allowed to one window, relative to a state plus a hundredth of the largest value it has had so far."""
TRIAL_TOLERANCE = 1e-2
"""The same for virtual trials: a rating is a whole number with an error of points, and this leaves the latent severity of the worst
person exact to less than a hundredth of a point, and means to less than a ten-thousandth (`docs/explanation/engine.md`)."""
_LEAST = 0.1
"""Scale of a state that has not moved yet; every slow state is a fraction or of that order."""
_FIRST = 64
"""Length of the first window tried after an event of a kind not met before, half ticks: 3.2 minutes."""
_ORDER = NODES + 1
_SAFE = 0.9
"""Share of the length that the error promises, as usual in step control (hairer-wanner-1996)."""
_MOST = 8
"""The most a window may be lengthened at once."""
_SHORTEST = 2
"""Half ticks of the shortest window, which is accepted whatever its error."""


@dataclass(frozen=True)
class Grid:
    """Lengths of the windows of each segment in half ticks, and the pilot's largest error at any visit against a halved grid.

    With a ``watch`` everybody who is carried on it is checked.
    """

    lengths: tuple[tuple[int, ...], ...]
    error: float
    tolerance: float
    watch: Watch | None = None

    @property
    def windows(self) -> int:
        """Number of windows."""
        return sum(len(segment) for segment in self.lengths)

    @property
    def halved(self) -> "Grid":
        """The same grid with every window cut in two, but for those of half a tick."""
        return replace(self, lengths=tuple(tuple(_halves(segment)) for segment in self.lengths))


def _halves(lengths: tuple[int, ...]) -> Iterator[int]:
    for length in lengths:
        half = length // 2
        yield from (half, length - half) if half else (length,)


@dataclass
class _Pilot:
    """State of the pilot cohort while its windows are being found: where it stands on the finer of two solutions."""

    machine: Machine
    table: Any
    modes: Any
    held: Any
    slow: Any
    scale: NDArray[np.float64]
    tolerance: float
    allowed: int = _FIRST
    setting: NDArray[np.float64] | None = None
    met: dict[tuple[Any, ...], int] = field(default_factory=dict)
    """Lengths found before, by what happened at the start of a segment, its length, what is read in it and the place in it."""


def find(
    machine: Machine,
    table: NDArray[np.float64],
    timeline: Timeline,
    tolerance: float = TOLERANCE,
    exact: Machine | None = None,
) -> Grid:
    """Windows of every segment of ``timeline`` for the pilot cohort in ``table`` (rows, people).

    ``exact`` is the same machine in float64, where ``machine`` is not: it finds the windows, and tells how far off the other one is.
    """
    exact = exact or machine
    people = table.shape[1]
    held, slow = np.zeros((machine.rows, people)), np.zeros((machine.states, people))
    scale = np.full((len(slow), 1), _LEAST)
    pilot = _Pilot(exact, table, exact.modes(table), held, slow, scale, tolerance)
    found = Grid(tuple(_segment(pilot, segment) for segment in timeline.segments), 0.0, tolerance)
    lesson, error = Lesson(), 0.0
    ways = (_stands(by, table, timeline, one) for by, one in ((machine, found), (exact, found.halved)))
    for (coarse, doubt), (fine, _) in zip(*ways, strict=True):
        error = max(error, _distance(pilot, coarse, fine))
        lesson.add(coarse, fine, doubt)
    return replace(found, error=error, watch=lesson.learned(pilot.scale[:, 0], tolerance))


def _stands(machine: Machine, table: Any, timeline: Timeline, grid: Grid) -> list[tuple[Array, Array]]:
    """Slow states of the pilot cohort at every visit on a grid, and the doubt in them (states, people)."""
    found: list[tuple[Array, Array]] = []
    every = tuple(pages(grid.lengths, timeline.segments, range(len(timeline.segments))))
    held, slow = (np.zeros((size, table.shape[1])) for size in (machine.rows, machine.states))

    def see(visits: tuple[tuple[int, ...], ...], stand: Stand) -> None:
        slow, doubt = (np.array(np.asarray(part)[: len(visits)]) for part in (stand.slow, stand.doubt))
        found.extend(zip(slow, doubt, strict=True))

    carry(machine, table, timeline.segments, every, held, slow, see)
    return found


def _segment(pilot: _Pilot, segment: Segment) -> tuple[int, ...]:
    for jump in segment.jumps:
        pilot.held[pilot.machine.first_rows[jump.body] + jump.row] += jump.value()
    setting = segment.setting()
    quiet = not segment.jumps and pilot.setting is not None and np.array_equal(pilot.setting, setting)
    pilot.allowed, pilot.setting = pilot.allowed if quiet else _FIRST, setting
    begun = tuple((jump.body, jump.row) for jump in segment.jumps)
    seen = [2 * visit.ticks for visit in segment.visits]
    whole = left = 2 * segment.ticks
    kind = (segment.ticks, begun, tuple(at for at in seen if at < whole), setting[:, 0].tobytes())
    chosen = list[int]()
    while left:
        ahead = [at - (whole - left) for at in seen if at > whole - left]
        place = (kind, left)
        known = pilot.met.get(place)
        length, end, pilot.allowed = _longest(pilot, ahead[:READ], left, known or pilot.allowed, known is not None)
        pilot.met[place] = length
        pilot.held, pilot.slow = end
        chosen.append(length)
        left -= length
    return tuple(chosen)


def _longest(pilot: _Pilot, ahead: list[int], left: int, guess: int, known: bool) -> tuple[int, tuple[Any, Any], int]:
    """The longest window found that passes, where it ends, and the length its error allows to the next one.

    A window that fails is shortened; unless the length is known from a place like this one, it is lengthened while it passes.
    ``ahead`` are the visits that come next, half ticks; a window ends at the last of as many as one call can read.
    """
    most = ahead[-1] if len(ahead) == READ else left
    passed: tuple[int, tuple[Any, Any], int] | None = None
    length = _fitting(guess, most)
    while True:
        error, end = _try(pilot, length, any(at < length for at in ahead))
        promised = _promised(length, error, pilot.tolerance)
        fails = not error <= pilot.tolerance and length > _SHORTEST
        if not fails:
            passed = (length, end, promised)
        longer = _fitting(promised, most)
        if passed is not None and (fails or known or longer <= length):
            return passed
        length = min(longer, _fitting(length // 2, most)) if fails else longer


def _fitting(wanted: int, left: int) -> int:
    """All that is left, or the longest of 2, 4, 6, 8, 12, 16, 24, ... half ticks that is no longer than wanted."""
    if wanted >= left:
        return left
    power = 1 << (max(wanted, _SHORTEST).bit_length() - 1)
    more = power + power // 2
    return more if more <= wanted and power > _SHORTEST else power


def _promised(length: int, error: float, tolerance: float) -> int:
    """Length at which the error should meet the tolerance."""
    if not np.isfinite(error):
        return max(_SHORTEST, length // _MOST)
    change = _SAFE * (tolerance / max(error, np.finfo(float).tiny)) ** (1 / _ORDER)
    return max(_SHORTEST, int(length * min(change, _MOST)))


def _try(pilot: _Pilot, length: int, read: bool) -> tuple[float, tuple[Any, Any]]:
    """Error of a window where it ends, and inside it too where it is ``read`` there."""
    hours = length * TICK_H / 2
    coarse, fine, held = pilot.machine.compare(pilot.table, pilot.modes, hours, pilot.held, pilot.slow, pilot.setting)
    coarse, fine = np.asarray(coarse), np.asarray(fine)
    end = fine[-1]
    pilot.scale = np.maximum(pilot.scale, np.where(np.isfinite(end), np.abs(end), 0).max(axis=1, keepdims=True))
    tried = slice(None) if read else slice(-1, None)
    return _distance(pilot, coarse[tried], fine[tried]), (np.array(held), end)


def _distance(pilot: _Pilot, a: Any, b: Any) -> float:
    return float(relative(np.asarray(a) - b, b, pilot.scale[:, 0]).max())
