"""Reader: what is read of some people at the visits of a page, from where the courses stand that they are on."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racemate.simulate.batch.call import READ
from racemate.simulate.batch.setting import Settings
from racemate.simulate.share import Crowd
from racemate.simulate.step import Stand
from racemate.simulate.timeline import Segment

Array = NDArray[np.float64]
Places = NDArray[np.intp]


class Reader:
    """One compiled reading of people ``who`` on ``lane`` of a batch; those beyond ``last`` - ``first`` only fill it up."""

    def __init__(
        self,
        compiled: Any,
        people: Crowd,
        at_visit: Mapping[int, Segment],
        who: Places,
        lane: Places,
        rows: Array,
        first: int,
        last: int,
    ) -> None:
        """``at_visit`` holds the segment of each visit, ``rows`` (rows, lanes) the parameters they are read under."""
        from jax import numpy as jnp

        self.first, self.last = first, last
        self._compiled, self._at_visit = compiled, at_visit
        self._lane, self._setting = jnp.asarray(lane), Settings(who)
        self._rows, self._scale = jnp.asarray(rows), jnp.asarray(people.reference[:, who])
        self._visits_h, self._start_h = people.plan.visits_h, people.plan.antidepressant_start_h[who]

    def __call__(self, visits: Sequence[int], stand: Stand) -> Array:
        """Readings (visits, names, people)."""
        count = len(visits)
        setting = self._setting((self._at_visit[visit] for visit in visits), READ)
        since = np.zeros((READ, len(self._start_h)))
        since[:count] = self._visits_h[list(visits), None] - self._start_h
        found = self._compiled(self._rows, self._scale, self._lane, count, stand.held, stand.slow, setting, since)
        return np.asarray(found)[:count, :, : self.last - self.first]
