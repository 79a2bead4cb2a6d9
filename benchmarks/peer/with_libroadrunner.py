"""libRoadRunner: CVODE on the SBML file, its own events, one person after the other by setting parameters.

It works an assignment rule out anew wherever the rule is named, and the rules that those name too, so that rules which share parts cost a
multiple of what they are.  The argument of a function it works out once.  So each slope is handed over as functions within each other,
one for each rule that it rests on, and the rules are left out; a square is a function too, as it multiplies faster than it takes powers.
The model is the same.
"""

from typing import Any

import libsbml
import numpy as np
import roadrunner

from benchmarks.problem.told import Problem, Values

LIBRARY = "libroadrunner"
METHOD = "CVODE (BDF), SBML events, rules as functions"
_ABSOLUTE = 1e-3
_POWERS = (2, 3, 4)
"""Powers that are products."""


class Solver:
    """One loaded model, reset for every person."""

    def __init__(self, problem: Problem) -> None:
        roadrunner.Logger.setLevel(roadrunner.Logger.LOG_ERROR)
        self._problem = problem
        self._runner = roadrunner.RoadRunner(bound(problem.sbml))
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
        # One number would be multiplied by what each state holds at the last event; one for each state is taken as it is.
        runner.integrator.absolute_tolerance = [tolerance * _ABSOLUTE] * len(p.states)
        out = np.empty((last - first, len(p.times_h), len(p.states)))
        for person in range(first, last):
            runner.resetToOrigin()
            runner.model.setGlobalParameterValues(self._places, p.table[person])
            out[person - first] = np.asarray(runner.simulate(times=self._times))[1:]
        return out


def bound(text: str) -> str:
    """The same model, each rate rule as functions within each other in place of the assignment rules (in order) that it rests on."""
    document = libsbml.readSBMLFromString(text)
    model = document.getModel()
    for power in _POWERS:
        _define(model, _power(power), ["x"], "*".join("x" * power))
    every = [model.getRule(k) for k in range(model.getNumRules())]
    rules = {rule.getVariable(): _multiplied(rule.getMath().deepCopy()) for rule in every if rule.isAssignment()}
    told = {name: libsbml.formulaToL3String(math) for name, math in rules.items()}
    free = {name: _named(math) for name, math in rules.items()}
    for rate in (rule for rule in every if rule.isRate()):
        slope = _multiplied(rate.getMath().deepCopy())
        body, wanted = libsbml.formulaToL3String(slope), _named(slope)
        for name in reversed(told):
            if name in wanted:
                function = f"{rate.getVariable()}_{name}"
                _define(model, function, sorted(wanted), body)
                body = f"{function}({', '.join(told[name] if one == name else one for one in sorted(wanted))})"
                wanted = wanted - {name} | free[name]
        rate.setMath(libsbml.parseL3Formula(body))
    for name in told:
        model.removeRuleByVariable(name)
        model.removeParameter(name)
    return libsbml.writeSBMLToString(document)


def _named(math: Any) -> set[str]:
    """What a formula names."""
    own = {math.getName()} if math.getType() == libsbml.AST_NAME else set[str]()
    return own.union(*(_named(math.getChild(k)) for k in range(math.getNumChildren())))


def _multiplied(math: Any) -> Any:
    """The formula itself, with functions for its small powers."""
    for k in range(math.getNumChildren()):
        _multiplied(math.getChild(k))
    if math.getType() in (libsbml.AST_POWER, libsbml.AST_FUNCTION_POWER):
        above = math.getChild(1)
        if above.isInteger() and above.getInteger() in _POWERS:
            name = _power(above.getInteger())
            math.removeChild(1)
            math.setType(libsbml.AST_FUNCTION)
            math.setName(name)
    return math


def _power(above: int) -> str:
    return f"power_{above}"


def _define(model: Any, name: str, arguments: list[str], body: str) -> None:
    function = model.createFunctionDefinition()
    function.setId(name)
    function.setMath(libsbml.parseL3Formula(f"lambda({', '.join(arguments)}, {body})"))
