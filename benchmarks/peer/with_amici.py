"""AMICI: CVODES on C++ that it generates and compiles from the SBML file, its own events."""
# pyright: reportMissingImports=false

import os
import sys
from pathlib import Path
from tempfile import gettempdir

import amici
import numpy as np
from amici.importers.sbml import SbmlImporter
from amici.sim.sundials import SensitivityOrder

from benchmarks.problem.told import Problem, Values

LIBRARY = "amici"
METHOD = "CVODES (BDF), compiled C++"
_ABSOLUTE = 1e-3


class Solver:
    """One compiled model, told every person's parameters."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        name = f"bench_{problem.name.lower()}"
        # The processes of one benchmark share what the first of them compiles, with a SWIG that came with AMICI.
        os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        place = Path(gettempdir()) / "amici" / name
        if not place.is_dir():
            SbmlImporter(problem.sbml, from_file=False).sbml2amici(
                name, place, generate_sensitivity_code=False, compute_conservation_laws=False, simplify=None
            )
        sys.path.insert(0, str(place))
        self._model = amici.import_model_module(name, place).get_model()
        self._model.set_timepoints([float(t) for t in problem.times_h])
        self._solver = self._model.create_solver()
        self._solver.set_sensitivity_order(SensitivityOrder.none)
        self._solver.set_max_steps(1_000_000)
        names = list(self._model.get_free_parameter_ids())
        self._places = [names.index(one) for one in problem.parameters]
        self._told = np.array(self._model.get_free_parameters())  # what is held all the time is one of them too
        self._states = [list(self._model.get_state_ids()).index(one) for one in problem.states]

    def solve(self, first: int, last: int, tolerance: float, cores: int = 1) -> Values:
        """States of the people at the output times; on one core."""
        del cores
        self._solver.set_relative_tolerance(tolerance)
        self._solver.set_absolute_tolerance(tolerance * _ABSOLUTE)
        found = []
        for row in self._problem.table[first:last]:
            self._told[self._places] = row
            self._model.set_free_parameters(self._told)
            found.append(np.array(self._model.simulate(solver=self._solver).x)[:, self._states])
        return np.array(found)
