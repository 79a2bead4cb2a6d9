"""What a peer is handed in place of what all are told is the same model."""

import importlib.util

import numpy as np
import pytest
import sympy as sp

from benchmarks.problem.told import stretches
from benchmarks.problem.written import sbml

pytest.importorskip("libsbml", reason="libSBML is not installed: pip install 'racemate[exchange]'")
if importlib.util.find_spec("roadrunner") is None:
    pytest.skip("libRoadRunner is not installed: it is in the dev group", allow_module_level=True)
from benchmarks.peer.with_libroadrunner import bound


def told() -> str:
    """Two states; a rule named by a rule, a square, a cube of a sum, and a choice."""
    x, y, k, a, b = sp.symbols("x y k a b", nonnegative=True)
    algebra = [(a, k * x**2 + y), (b, (a + 1) ** 3 / (1 + a) ** 2 + sp.Max(0, a - 1))]
    cut = stretches({}, np.array([1.0]), 1.0, np.zeros(0), 2)
    return sbml("told", {"x": 0.3, "y": 0.7}, {"k": 2.0}, algebra, [-b * a, a * b - y], (), cut)


def test_slopes_as_functions_are_the_same_slopes() -> None:
    import roadrunner

    roadrunner.Logger.setLevel(roadrunner.Logger.LOG_ERROR)
    runner = roadrunner.RoadRunner(bound(told()))
    a = 2 * 0.3**2 + 0.7
    b = (a + 1) ** 3 / (1 + a) ** 2 + max(0, a - 1)
    assert list(runner.getRatesOfChange()) == pytest.approx([-b * a, a * b - 0.7], rel=1e-14)


def test_no_rule_is_left_that_would_be_worked_out_again() -> None:
    import libsbml

    document = libsbml.readSBMLFromString(bound(told()))
    model = document.getModel()
    rules = [model.getRule(k) for k in range(model.getNumRules())]
    assert [(rule.isRate(), rule.getVariable()) for rule in rules] == [(True, "x"), (True, "y")]
    assert not any("^" in libsbml.formulaToL3String(rule.getMath()) for rule in rules)
    document.setConsistencyChecks(libsbml.LIBSBML_CAT_UNITS_CONSISTENCY, False)
    document.checkConsistency()
    assert not document.getNumErrors(libsbml.LIBSBML_SEV_ERROR)
