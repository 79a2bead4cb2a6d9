"""COPASI: LSODA on the SBML file with its own events, one person after the other by setting parameters."""

from locale import LC_ALL, setlocale
from typing import Any

import numpy as np

from benchmarks.problem.told import Problem, Values

_BEFORE = setlocale(LC_ALL)
import COPASI  # noqa: E402 it sets the C locale for the whole process

setlocale(LC_ALL, _BEFORE)

LIBRARY = "python-copasi"
METHOD = "LSODA (deterministic), SBML events"
_ABSOLUTE = 1e-3


class Solver:
    """One loaded model and one time-course task."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._data: Any = COPASI.CRootContainer.addDatamodel()
        if not self._data.importSBMLFromString(problem.sbml):
            raise RuntimeError(COPASI.CCopasiMessage.getAllMessageText())
        model: Any = self._data.getModel()
        by_id = {value.getSBMLId(): value for value in model.getModelValues()}
        self._values = [by_id[name] for name in problem.parameters]
        self._references = [value.getInitialValueReference() for value in self._values]
        self._model, self._titles = model, {by_id[name].getObjectName(): k for k, name in enumerate(problem.states)}
        self._task = self._set()

    def _set(self) -> Any:
        task = self._data.getTask("Time-Course")
        task.setMethodType(COPASI.CTaskEnum.Method_deterministic)
        task.setScheduled(False)
        ask = task.getProblem()
        ask.setUseValues(True)
        ask.setValues(" ".join(repr(float(t)) for t in (0.0, *self._problem.times_h)))
        ask.setDuration(self._problem.end_h)
        ask.setTimeSeriesRequested(True)
        ask.setAutomaticStepSize(False)
        return task

    def solve(self, first: int, last: int, tolerance: float, cores: int = 1) -> Values:
        """States of the people at the output times; on one core."""
        del cores
        p, method = self._problem, self._task.getMethod()
        for name, value in (("Relative Tolerance", tolerance), ("Absolute Tolerance", tolerance * _ABSOLUTE)):
            method.getParameter(name).setDblValue(value)
        method.getParameter("Max Internal Steps").setIntValue(1_000_000)
        out = np.empty((last - first, len(p.times_h), len(p.states)))
        for person in range(first, last):
            out[person - first] = self._one(p.table[person])
        return out

    def _one(self, row: Values) -> Values:
        changed = COPASI.ObjectStdVector()
        for value, reference, number in zip(self._values, self._references, row, strict=True):
            value.setInitialValue(float(number))
            changed.append(reference)
        self._model.updateInitialValues(changed)
        if not self._task.process(True):
            raise RuntimeError(COPASI.CCopasiMessage.getAllMessageText())
        series = self._task.getTimeSeries()
        places = {series.getTitle(k): k for k in range(series.getNumVariables())}
        times = np.array([series.getConcentrationData(k, 0) for k in range(series.getRecordedSteps())])
        wanted = [int(np.nonzero(np.isclose(times, t, rtol=1e-12, atol=1e-9))[0][0]) for t in self._problem.times_h]
        columns = [places[f"Values[{title}]" if f"Values[{title}]" in places else title] for title in self._titles]
        return np.array([[series.getConcentrationData(row, column) for column in columns] for row in wanted])
