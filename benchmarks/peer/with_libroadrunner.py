"""libRoadRunner: CVODE on the SBML file, its own events, one person after the other by setting parameters."""

import numpy as np
import roadrunner

from benchmarks.problem.told import Problem, Values

LIBRARY = "libroadrunner"
METHOD = "CVODE (BDF), SBML events"
_ABSOLUTE = 1e-3


class Solver:
    """One loaded model, reset for every person."""

    def __init__(self, problem: Problem) -> None:
        roadrunner.Logger.setLevel(roadrunner.Logger.LOG_ERROR)
        self._problem = problem
        self._runner = roadrunner.RoadRunner(problem.sbml)
        self._runner.timeCourseSelections = list(problem.states)
        self._runner.integrator.maximum_num_steps = 1_000_000
        ids = list(self._runner.model.getGlobalParameterIds())
        self._places = [ids.index(name) for name in problem.parameters]
        self._times = [0.0, *map(float, problem.times_h)]

    def solve(self, first: int, last: int, tolerance: float, cores: int = 1) -> Values:
        """States of the people at the output times; on one core."""
        del cores
        runner, p = self._runner, self._problem
        runner.integrator.relative_tolerance = tolerance
        runner.integrator.absolute_tolerance = tolerance * _ABSOLUTE
        out = np.empty((last - first, len(p.times_h), len(p.states)))
        for person in range(first, last):
            runner.resetToOrigin()
            runner.model.setGlobalParameterValues(self._places, p.table[person])
            out[person - first] = np.asarray(runner.simulate(times=self._times))[1:]
        return out
