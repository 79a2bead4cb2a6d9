"""Grid: the windows of a plan, found once on a small pilot cohort by step doubling and then used for everybody.

The pilot holds people of every shipped hypothesis, drawn wider than a trial would, so the grid of a protocol does not depend on the
hypotheses or the people a user asks for.  Windows are powers of two of a tick: the matrix exponentials of a whole run come from a
handful of squarings.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racemate.readings.numeric import SLOW
from racemate.simulate.step import LEVELS, NODES, Machine, Step, window_hours
from racemate.simulate.timeline import Segment, Timeline

TOLERANCE = 1e-6
"""Error allowed to one window, relative to a state plus a hundredth of the largest value it has had so far."""
_FLOOR = 1e-2
_LEAST = 0.1
"""Scale of a state that has not moved yet; every slow state is a fraction or of that order."""
_FIRST = 6
"""Level of the first window tried after an event: 3.2 minutes."""
_ORDER = NODES + 1


@dataclass(frozen=True)
class Grid:
    """Levels of the windows of each segment, and the largest error of the pilot at any visit against a halved grid."""

    levels: tuple[tuple[int, ...], ...]
    error: float
    tolerance: float

    @property
    def windows(self) -> int:
        """Number of windows."""
        return sum(len(segment) for segment in self.levels)


@dataclass
class _Pilot:
    """State of the pilot cohort while its grid is being found: on the fine solution, and on the grid itself."""

    machine: Machine
    table: Any
    steps: list[Step]
    fine: tuple[dict[str, Any], Any]
    coarse: tuple[dict[str, Any], Any]
    scale: NDArray[np.float64]
    allowed: int = _FIRST
    setting: NDArray[np.float64] | None = None
    error: float = 0.0


def find(machine: Machine, table: NDArray[np.float64], timeline: Timeline, tolerance: float = TOLERANCE) -> Grid:
    """Windows of every segment of ``timeline`` for the pilot cohort in ``table`` (rows, people)."""
    people = table.shape[1]
    held = {layout.body: np.zeros((layout.size, people)) for layout in machine.layouts}
    slow = np.zeros((len(SLOW), people))
    pilot = _Pilot(
        machine, table, machine.ladder(table), (held, slow), (dict(held), slow), np.full((len(slow), 1), _LEAST)
    )
    levels = tuple(_segment(pilot, segment, tolerance) for segment in timeline.segments)
    return Grid(levels, pilot.error, tolerance)


def jumped(held: Mapping[str, Any], segment: Segment) -> dict[str, Any]:
    """Amounts after what happens at the start of a segment."""
    out = {body: np.array(rows) for body, rows in held.items()}
    for jump in segment.jumps:
        out[jump.body][jump.row] += jump.value
    return out


def _segment(pilot: _Pilot, segment: Segment, tolerance: float) -> tuple[int, ...]:
    pilot.fine = (jumped(pilot.fine[0], segment), pilot.fine[1])
    pilot.coarse = (jumped(pilot.coarse[0], segment), pilot.coarse[1])
    quiet = not segment.jumps and pilot.setting is not None and np.array_equal(pilot.setting, segment.setting)
    allowed, pilot.setting = pilot.allowed if quiet else _FIRST, segment.setting
    left, chosen = segment.ticks, list[int]()
    while left:
        level = min(allowed, (left & -left).bit_length(), LEVELS - 1)
        error, end = _try(pilot, segment, level)
        if not error <= tolerance and level > 1:
            allowed = max(1, level - _drop(error, tolerance))
            continue
        pilot.fine = end
        pilot.coarse = pilot.machine.advance(
            pilot.table, *pilot.steps[level], window_hours(level), *pilot.coarse, segment.setting
        )
        chosen.append(level)
        left -= 1 << (level - 1)
        if error * 2**_ORDER < tolerance:
            allowed = max(allowed, level + 1)
    pilot.allowed = allowed
    if segment.visit is not None:
        pilot.error = max(pilot.error, _distance(pilot, pilot.coarse[1], pilot.fine[1]))
    return tuple(chosen)


def _try(pilot: _Pilot, segment: Segment, level: int) -> tuple[float, tuple[dict[str, Any], Any]]:
    once, twice = pilot.steps[level], pilot.steps[level - 1]
    coarse, fine, held = pilot.machine.compare(
        pilot.table, *once, *twice, window_hours(level), *pilot.fine, segment.setting
    )
    fine = np.asarray(fine)
    pilot.scale = np.maximum(pilot.scale, np.where(np.isfinite(fine), np.abs(fine), 0).max(axis=1, keepdims=True))
    return _distance(pilot, coarse, fine), (held, fine)


def _distance(pilot: _Pilot, a: Any, b: Any) -> float:
    with np.errstate(invalid="ignore"):
        distance = np.abs(np.asarray(a) - b) / (np.abs(b) + _FLOOR * pilot.scale)
    return float(np.where(np.isfinite(distance), distance, np.inf).max())


def _drop(error: float, tolerance: float) -> int:
    """Levels to go down so that the error should pass."""
    return 1 if not np.isfinite(error) else max(1, int(np.ceil(np.log2(error / tolerance) / _ORDER)))
