"""Composite: the product's own chain under a card (default: composite), eight infusions in 28 days with a session around each.

Equations come from the chain itself, read in symbols.  What depends on parameters alone is computed once per person, as a careful user
of any solver would do it, and is a parameter of the problem.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import sympy as sp

from benchmarks.problem.told import Problem, Stretch, Values
from benchmarks.problem.w1 import times_h
from benchmarks.problem.written import python, sbml
from racemate.chain import circuit, concentration, occupancy, plasticity, severity, whole
from racemate.chain.laws import slope, transfer_slope
from racemate.model import Model, bind
from racemate.people.cohort import Cohort, draw
from racemate.readings import symbolic
from racemate.readings.names import leaves
from racemate.simulate.plan import Condition, Dose, Plan

CARD = "composite"
TWICE_WEEKLY_H = (0.0, 72.0, 168.0, 240.0, 336.0, 408.0, 504.0, 576.0)
AMOUNT_MG, INFUSED_H, SESSION_H, END_H = 40.0, 2 / 3, 2.0, 672.0
SEED = 1
BODIES = ("ketamine_s", "ketamine_r")
INFLOW = tuple(f"inflow_{body}" for body in BODIES)


def plan(people: int, dosed_h: tuple[float, ...] = TWICE_WEEKLY_H) -> Plan:
    """Infusions of ketamine, awake all day, each infusion in a session of two hours."""
    one = np.ones(people)
    doses = tuple(Dose(t, "ketamine", "iv", AMOUNT_MG * one, INFUSED_H) for t in dosed_h)
    sessions = (Condition(t, t + SESSION_H, "session", one) for t in dosed_h)
    every = (Condition(0.0, END_H, "awake", one), *sessions)
    return Plan(people, doses, every, times_h(), np.zeros(people), stops=False)


def cohort(model: Model, first: int, last: int) -> Cohort:
    """People by number, under population parameters at their medians."""
    return draw(model, SEED, np.arange(first, last), uncertain=False)


@dataclass(frozen=True)
class Chain:
    """The chain in symbols, and the two ways between its numbers and a solver's."""

    states: tuple[Any, ...]
    held: tuple[Any, ...]
    algebra: tuple[tuple[Any, Any], ...]
    slopes: tuple[Any, ...]
    parameters: tuple[Any, ...]
    numbers: Callable[[Values], Values]
    """Parameters (people, parameters) from a table of the engine (rows, people)."""


@cache
def chain(edges: frozenset[str]) -> Chain:
    """Every state that ketamine by vein can reach, and every slow state, where a card holds these edges and no others."""
    par, slow = symbolic.par(edges), symbolic.symbols(whole.Slow)
    setting, body = symbolic.symbols(severity.Setting), symbolic.symbols(concentration.State)
    flow = {name: sp.Symbol(one, nonnegative=True) for name, one in zip(BODIES, INFLOW, strict=True)}
    moves = concentration.transfers(par.concentration)
    reached = {name: _reached(moves[name]) for name in BODIES}
    absent = [one for name, one in leaves(body).items() if not _moves(name, reached)]
    amounts = [one for name, one in leaves(body).items() if _moves(name, reached)]
    linear = [
        transfer_slope(part, getattr(body, name), moves[name]) + (flow[name] if part == "central" else 0)
        for name in BODIES
        for part in getattr(body, name)._fields
        if part in reached[name]
    ]
    still = {one: sp.Integer(0) for one in absent}
    still |= {one: sp.Integer(0) for one in setting if one not in (setting.session, setting.awake)}
    algebra, right = _links(body, slow, setting, par)
    plain = [sp.sympify(one).xreplace(still) for one in (*(value for _, value in algebra), *linear, *right)]
    parts, (*values, _) = sp.cse([*plain, sp.Integer(0)], sp.numbered_symbols("z"))
    kept = [*parts, *zip((name for name, _ in algebra), values[: len(algebra)], strict=True)]
    states, held = (*amounts, *leaves(slow).values()), (*flow.values(), setting.session, setting.awake)
    return _hoisted(states, held, _ordered(kept), values[len(algebra) :], list(leaves(symbolic.par()).values()))


def _links(body: Any, slow: Any, setting: Any, par: Any) -> tuple[list[tuple[Any, Any]], list[Any]]:
    """What each link hands on, by its symbols, and the slopes of the slow states in terms of them."""
    xp = symbolic.Algebra
    seen, held = symbolic.symbols(concentration.Exposure), symbolic.symbols(occupancy.Occupancy)
    net, synapses = symbolic.symbols(circuit.Circuit), symbolic.symbols(plasticity.Plasticity)
    told = (
        (seen, concentration.signal(body, par.concentration)),
        (held, occupancy.signal(seen, par.occupancy, xp)),
        (net, circuit.signal(held, slow.circuit, par.circuit, xp)),
        (synapses, plasticity.signal(net, slow.plasticity, par.plasticity)),
    )
    records = (
        circuit.relaxations(held, slow.circuit, par.circuit, xp),
        plasticity.relaxations(net, held.mtorc1_blocked, slow.plasticity, par.plasticity),
        severity.relaxations(synapses, net.felt, held.mor_blocked, setting, par.severity),
    )
    right = [
        slope(y, record)
        for part, found in zip(slow, records, strict=True)
        for y, record in zip(part, found, strict=True)
    ]
    return [pair for names, values in told for pair in zip(names, values, strict=True)], right


def _reached(moves: Any) -> set[str]:
    """Compartments that an infusion fills, in one body."""
    found = {"central"}
    while more := {one.sink for one in moves if one.source in found and one.sink} - found:
        found |= more
    return found


def _moves(name: str, reached: dict[str, set[str]]) -> bool:
    body, _, part = name.partition(".")
    return part in reached.get(body, set())


def _ordered(pairs: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Assignments in an order that can be computed."""
    left, found = dict(pairs), list[tuple[Any, Any]]()
    while left:
        ready = [one for one, right in left.items() if not right.free_symbols & left.keys()]
        found += [(one, left.pop(one)) for one in ready]
    return found


def _hoisted(
    states: tuple[Any, ...], held: tuple[Any, ...], algebra: list[tuple[Any, Any]], slopes: list[Any], par: list[Any]
) -> Chain:
    """Leave out what no slope needs, and make parameters of what depends on parameters alone."""
    needed = set[Any]().union(*(one.free_symbols for one in slopes))
    for left, right in reversed(algebra):
        needed |= right.free_symbols if left in needed else set()
    algebra = [(left, right) for left, right in algebra if left in needed]
    fixed, constant = set(par), list[tuple[Any, Any]]()
    for left, right in algebra:
        if right.free_symbols <= fixed:
            fixed.add(left)
            constant.append((left, right))
    moving = [(left, right) for left, right in algebra if left not in fixed]
    used = set[Any]().union(*(one.free_symbols for one in (*slopes, *(right for _, right in moving)))) & fixed
    wanted = tuple(sorted(used, key=str))
    plain = {one: sp.Symbol(_plain(str(one)), real=True) for one in (*states, *held, *par, *(a for a, _ in algebra))}
    tell = [one.xreplace(plain) for one in slopes]
    compute = sp.lambdify([par], [_inlined(one, dict(constant)) for one in wanted], "numpy", cse=True)

    def numbers(table: Values) -> Values:
        return np.stack([np.broadcast_to(one, table.shape[1:]) for one in compute(list(table))], axis=1).astype(float)

    return Chain(
        tuple(plain[one] for one in states),
        tuple(plain[one] for one in held),
        tuple((plain[left], right.xreplace(plain)) for left, right in moving),
        tuple(tell),
        tuple(plain[one] for one in wanted),
        numbers,
    )


def _inlined(one: Any, constant: dict[Any, Any]) -> Any:
    while one.free_symbols & constant.keys():
        one = one.xreplace(constant)
    return one


def _plain(name: str) -> str:
    return name.replace(".", "_").replace("-", "_")


def problem(count: int, model: Model | None = None, dosed_h: tuple[float, ...] = TWICE_WEEKLY_H) -> Problem:
    """The chain for ``count`` people of a card (default: composite)."""
    model = model or bind(CARD)
    told = chain(frozenset(model.hypothesis.edges))
    states = tuple(map(str, told.states))
    table = told.numbers(cohort(model, 0, count).table)
    start = np.zeros(len(states))
    cut = _cut(len(states), dosed_h)
    first = dict(zip(map(str, told.parameters), table[0], strict=True))
    name = model.hypothesis.name
    text = sbml(
        _plain(name),
        dict(zip(states, start, strict=True)),
        first,
        told.algebra,
        told.slopes,
        tuple(map(str, told.held)),
        cut,
    )
    names = (states, tuple(first), tuple(map(str, told.held)))
    source = python(told.states, told.parameters, told.held, told.algebra, told.slopes)
    return Problem(name, *names, source, text, start, times_h(), cut, table, model.hypothesis)


def _cut(states: int, dosed_h: tuple[float, ...]) -> tuple[Stretch, ...]:
    """Infusion, the rest of the session, and the days until the next."""
    half = AMOUNT_MG / len(BODIES) / INFUSED_H
    held = {0.0: [half, half, 1.0, 1.0], INFUSED_H: [0.0, 0.0, 1.0, 1.0], SESSION_H: [0.0, 0.0, 0.0, 1.0]}
    begins = [(t + after, np.array(now)) for t in dosed_h for after, now in held.items()]
    ends = [*(begin for begin, _ in begins[1:]), END_H]
    times = times_h()
    return tuple(
        Stretch(a, b, np.zeros(states), now, tuple(int(k) for k in np.nonzero((times > a) & (times <= b))[0]))
        for (a, now), b in zip(begins, ends, strict=True)
    )


def watched(problem: Problem, states: Values, first: int = 0) -> Values:
    """Exposures and slow states (people, times, watched) from what a solver gives (people, times, states)."""
    assert problem.card is not None
    names, model = problem.states, bind(problem.card)
    table = cohort(model, first, first + len(states)).table
    par = model.unpack(table[:, :, None]).concentration
    columns = {name: states[:, :, names.index(_symbol(name))] for name in _amounts() if _symbol(name) in names}
    nothing = np.zeros(states.shape[:2])
    body = symbolic.build(concentration.State, lambda name, _: columns.get(name, nothing))
    seen = concentration.signal(body, par)
    return np.concatenate(
        [np.stack([np.broadcast_to(one, nothing.shape) for one in seen], -1), states[:, :, len(columns) :]], axis=2
    )


def watched_names(problem: Problem) -> tuple[str, ...]:
    """What is compared, by name."""
    amounts = {_symbol(name) for name in _amounts()}
    return (*concentration.Exposure._fields, *(name for name in problem.states if name not in amounts))


def _amounts() -> tuple[str, ...]:
    return tuple(leaves(symbolic.symbols(concentration.State)))


def _symbol(name: str) -> str:
    return _plain(str(leaves(symbolic.symbols(concentration.State))[name]))
