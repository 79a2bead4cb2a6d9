"""Chain: racemate's engine as it ships, on the product's own chain under any card, in batches of 256 people."""

import numpy as np

from benchmarks.problem import composite
from benchmarks.problem.told import Problem, Values
from racemate.model import bind
from racemate.people.cohort import Cohort
from racemate.simulate.plan import Plan
from racemate.simulate.run import run
from racemate.simulate.step import reading_names

LIBRARY = "racemate"
METHOD = "modes and collocation in lock step"


class Solver:
    """The engine under the card of a problem; the grid of a tolerance is found in its first run."""

    def __init__(self, problem: Problem) -> None:
        if problem.card is None:
            raise ValueError(f"problem: found {problem.name}, allowed: one with a card")
        self._model = bind(problem.card)
        self._keep = [name for kind in ("exposure.", "state.") for name in reading_names() if name.startswith(kind)]
        self._drawn: dict[tuple[int, int], tuple[Cohort, Plan]] = {}

    def solve(self, first: int, last: int, tolerance: float, cores: int = 1) -> Values:
        """What is compared (people, times, watched)."""
        if (first, last) not in self._drawn:
            self._drawn[first, last] = composite.cohort(self._model, first, last), composite.plan(last - first)
        cohort, plan = self._drawn[first, last]
        found = run(cohort, plan, self._keep, threads=cores, tolerance=tolerance)
        return np.stack([found[name] for name in self._keep], axis=-1).transpose(1, 0, 2)
