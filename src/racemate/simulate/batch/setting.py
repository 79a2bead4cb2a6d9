"""Setting: what holds for some people in segments of a timeline; segments under the same conditions share it."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from racemate.simulate.timeline import Segment

Array = NDArray[np.float64]
Places = NDArray[np.intp]


class Settings:
    """Settings of some people, each put together once."""

    def __init__(self, who: Places | None) -> None:
        """For ``who`` of the people of the segments (None: all)."""
        self._who = who
        self._known: dict[tuple[int, ...], Array] = {}

    def __call__(self, segments: Iterable[Segment], size: int) -> Array:
        """What holds in these segments (size, fields, people); the last one repeats to fill them up."""
        found = [self._one(segment) for segment in segments]
        return np.stack(found + found[-1:] * (size - len(found)))

    def _one(self, segment: Segment) -> Array:
        key = tuple(map(id, segment.conditions))
        if key not in self._known:
            self._known[key] = segment.setting(self._who)
        return self._known[key]
