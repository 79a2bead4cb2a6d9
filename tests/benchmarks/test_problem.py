"""The problems that solvers are given: cut rightly, written rightly, and the same for the engine as for a peer."""

import math

import numpy as np
import pytest

from benchmarks.problem import cards, composite, w1
from benchmarks.problem.compiled import tuple_of_slopes
from benchmarks.problem.told import Problem, error, stretches
from racemate.chain import concentration, severity, whole
from racemate.model import bind
from racemate.readings.independent import Plain
from racemate.readings.names import build, leaves
from racemate.simulate.step import Precision

PLAIN = {"exp": math.exp, "log": math.log, "maximum": max, "where": lambda condition, a, b: a if condition else b}


@pytest.fixture(scope="module")
def chain() -> Problem:
    return composite.problem(2)


@pytest.fixture(scope="module")
def drawn() -> Problem:
    return composite.problem(2, bind(cards.card(3)))


def test_every_output_is_read_once_and_in_its_stretch() -> None:
    for problem in (w1.problem(2), composite.problem(2)):
        rows = [row for one in problem.stretches for row in one.rows]
        assert rows == list(range(len(problem.times_h)))
        for one in problem.stretches:
            assert all(one.start_h < problem.times_h[row] <= one.end_h for row in one.rows)


def test_an_output_at_a_change_is_read_before_it() -> None:
    cut = stretches({2.0: (np.ones(1), None)}, np.array([1.0, 2.0, 3.0]), 4.0, np.zeros(0), 1)
    assert [one.rows for one in cut] == [(0, 1), (2,)]
    assert [float(one.jump[0]) for one in cut] == [0.0, 1.0]


def test_what_is_not_finite_is_infinitely_wrong() -> None:
    reference = np.ones((1, 2, 2))
    assert error(np.full((1, 2, 2), np.nan), reference)[0] == np.inf
    assert error(reference * (1 + 1e-6), reference)[0] == pytest.approx(1e-6 / 1.001)


def test_a_person_of_w1_is_the_same_in_any_company() -> None:
    assert np.array_equal(w1.people(5), w1.people(50)[:5])
    assert np.array_equal(w1.people(1)[0], [w1.TYPICAL[name] for name in w1.parameters()])


def test_a_longer_cascade_keeps_the_first_ten() -> None:
    short, long = w1.problem(3), w1.problem(3, 18)
    assert long.states[: len(short.states)] == short.states
    assert len(long.states) == len(short.states) + 8


@pytest.mark.parametrize("which", ["chain", "drawn"])
def test_the_whole_model_that_peers_get_is_the_chain(which: str, request: pytest.FixtureRequest) -> None:
    """Slopes of the written source against the chain's own flow, at made-up amounts and states, under the composite and a random card."""
    chain = request.getfixturevalue(which)
    rng = np.random.default_rng(3)
    model = bind(chain.card)
    y = rng.uniform(0.01, 0.5, len(chain.states))
    held = rng.uniform(0.1, 1.0, len(chain.held))
    par = model.unpack([float(value) for value in composite.cohort(model, 0, 2).table[:, 1]])
    told: dict[str, float] = dict(zip(chain.states, y, strict=True))
    said: dict[str, float] = dict(zip(("session", "awake"), held[2:], strict=True))
    names = [f"{link}_State_" for link in whole.State._fields]
    state = build(
        whole.State,
        lambda name, _: told.get(
            names[whole.State._fields.index(name.split(".")[0])] + "_".join(name.split(".")[1:]), 0.0
        ),
    )
    flows = dict(zip(composite.INFLOW, held, strict=False))
    infused = build(
        concentration.State,
        lambda name, _: flows.get(f"inflow_{name.split('.')[0]}", 0.0) if name.endswith(".central") else 0.0,
    )
    setting = build(severity.Setting, lambda name, _: said.get(name, 0.0))
    want = leaves(whole.flow(state, par, setting, infused, Plain))
    found = tuple_of_slopes(chain, PLAIN)(y, chain.table[1], held)
    wanted = [value for name, value in want.items() if _symbol(name) in told]
    assert np.allclose(found, wanted, rtol=1e-10, atol=1e-15)


def _symbol(name: str) -> str:
    link, *rest = name.split(".")
    return f"{link}_State_{'_'.join(rest)}"


def test_a_card_is_told_without_the_edges_it_lacks(chain: Problem, drawn: Problem) -> None:
    gains = [{name.partition("_Par_g_")[2] for name in one.parameters} - {""} for one in (chain, drawn)]
    for problem, told in zip((chain, drawn), gains, strict=True):
        assert problem.card is not None
        assert told <= set(problem.card.edges)
    assert gains[0] != gains[1]
    assert len(composite.watched_names(drawn)) == composite.watched(drawn, np.ones((2, 60, len(drawn.states)))).shape[2]


def test_the_sbml_of_a_problem_has_no_fault(chain: Problem, drawn: Problem) -> None:
    libsbml = pytest.importorskip("libsbml")
    for problem in (w1.problem(2), chain, drawn):
        document = libsbml.readSBMLFromString(problem.sbml)
        document.setConsistencyChecks(libsbml.LIBSBML_CAT_UNITS_CONSISTENCY, False)
        document.checkConsistency()
        faults = [document.getError(k) for k in range(document.getNumErrors())]
        assert not [one.getMessage() for one in faults if one.getSeverity() >= libsbml.LIBSBML_SEV_ERROR]


@pytest.mark.slow
@pytest.mark.parametrize(("precision", "allowed"), [("float64", 1e-5), ("float32", 2e-4)])
def test_the_engine_solves_w1_as_scipy_does(precision: Precision, allowed: float) -> None:
    """The benchmark's W1 goes through the engine's own grid search, kinetics and collocation."""
    from benchmarks.peer.with_scipy import Solver
    from benchmarks.problem import engine_w1

    problem = w1.problem(1)
    machine = engine_w1.W1Machine(precision=precision)
    grid = engine_w1.grid(machine, 1e-5)
    found = engine_w1.solve(machine, problem.table, grid)
    reference = Solver(problem).solve(0, 1, 1e-8)
    assert error(found, reference).max() < allowed


@pytest.mark.slow
def test_the_engine_solves_a_random_card_as_scipy_does(drawn: Problem) -> None:
    from benchmarks.part.versus import case
    from benchmarks.peer.with_chain import Solver

    assert case(drawn, 2, 0).wrong(Solver(drawn).solve(0, 2, 1e-4), "racemate") < 1e-5
