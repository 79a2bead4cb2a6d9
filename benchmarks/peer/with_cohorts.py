"""Cohorts: racemate's engine on cohorts of any size, drawn anew, of which one reading is kept, as a virtual trial keeps it."""

import numpy as np

from benchmarks.problem import composite
from benchmarks.problem.told import Problem, Values
from racemate.model import bind
from racemate.simulate.run import run

LIBRARY = "racemate"
METHOD = "modes and collocation in lock step"
KEPT = "score.madrs"


class Solver:
    """People are drawn, treated and rated; the drawing counts."""

    def __init__(self, problem: Problem) -> None:
        del problem
        self._model = bind(composite.CARD)

    def solve(self, first: int, last: int, tolerance: float, cores: int = 1) -> Values:
        """Expected scores (people, times, 1)."""
        drawn = composite.cohort(self._model, first, last)
        found = run(drawn, composite.plan(last - first), [KEPT], threads=cores, tolerance=tolerance)
        return found[KEPT].T[:, :, np.newaxis]
