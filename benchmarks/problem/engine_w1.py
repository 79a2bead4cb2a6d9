"""W1 as records of the product's engine: its own kinetics, collocation, grid search and batches, with W1's laws in the chain's place.

Nothing of the engine is rewritten here.  It solves slow states from zero, so a state here is its distance from the basal value.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.problem import w1
from benchmarks.problem.told import Values
from racemate.chain.laws import Relax, Transfer
from racemate.readings import numeric
from racemate.simulate import solve as engine
from racemate.simulate.batch.call import pages
from racemate.simulate.batch.carry import carry
from racemate.simulate.grid import Grid, find
from racemate.simulate.solve import LANES
from racemate.simulate.step import Machine, Precision, Stand, _follow  # pyright: ignore[reportPrivateUsage] the engine itself is measured
from racemate.simulate.timeline import Visit
from racemate.simulate.window import cascade, kinetics, lanes
from racemate.simulate.window.cascade import Nodes

BODY = numeric.Layout("w1", w1.AMOUNTS, (), ("A1", "M1"))
_WIDER = 1.3


class W1Machine(Machine):
    """The engine's compiled functions with W1's laws.  Nobody's doubt grows: nobody is checked, as no other solver checks anybody."""

    def __init__(self, cascade: int = w1.CASCADE, precision: Precision = "float64") -> None:
        engine._prepare()  # pyright: ignore[reportPrivateUsage]
        super().__init__((), (BODY,), _order(cascade), precision)

    @property
    def states(self) -> int:
        """Length of the cascade."""
        return sum(len(level) for levels, _ in self.order.parts for level in levels)

    @cached_property
    def modes(self) -> Any:
        """Modes of W1's compartments."""
        return jax.jit(lambda table: {BODY.body: kinetics.body(BODY, _transfers(_named(table, self.states)), table[0])})

    def window(
        self, table: Any, modes: Any, hours: Any, moving: Any, slow: Any, setting: Any
    ) -> tuple[dict[str, Any], Nodes, Nodes]:
        """The engine's window with W1's laws."""
        del setting
        kind = jnp.dtype(self.precision)
        p = _named(table[:, None].astype(kind), self.states)
        amounts, moved = kinetics.carried(BODY, modes[BODY.body], moving[BODY.body], hours)
        parent, metabolite = (amount.astype(kind) for amount in amounts)
        drive = parent / (p["V1"] * p["EC50p"]) + metabolite / (p["Vm"] * p["EC50m"]) + p["base"]

        def found(values: Nodes) -> list[Relax]:
            above = [drive, *(value + p["b"] for value in values[:-1])]
            return [_record(i, above[i], values[-1] + p["b"], p) for i in range(self.states)]

        return {BODY.body: moved}, *cascade.solve(self.order, found, slow.astype(kind), hours.astype(kind))

    @cached_property
    def follow(self) -> Any:
        """Windows in a row."""
        return jax.jit(partial(_follow, self.window, self.layouts, None))


def _order(states: int) -> numeric.Order:
    """Each state follows the one above it, and the fifth the last one too."""
    needs = [{i - 1} if i else set[int]() for i in range(states)]
    needs[w1.CASCADE // 2 - 1].add(states - 1)
    return numeric.Order(numeric.parts(needs), frozenset())


def _named(table: Any, cascade: int) -> dict[str, Any]:
    return dict(zip(w1.parameters(cascade), table, strict=True))


def _transfers(p: dict[str, Any]) -> tuple[Transfer, ...]:
    gone = p["CL"] / p["V1"]
    return (
        Transfer("A0", "A1", p["ka"]),
        Transfer("A1", "A2", p["Q2"] / p["V1"]),
        Transfer("A2", "A1", p["Q2"] / p["V2"]),
        Transfer("A1", "A3", p["Q3"] / p["V1"]),
        Transfer("A3", "A1", p["Q3"] / p["V3"]),
        Transfer("A1", "M1", p["fm"] * gone),
        Transfer("A1", None, (1 - p["fm"]) * gone),
        Transfer("M1", "M2", p["Qm"] / p["Vm"]),
        Transfer("M2", "M1", p["Qm"] / p["Vm2"]),
        Transfer("M1", None, p["CLm"] / p["Vm"]),
    )


def _record(i: int, above: Any, last: Any, p: dict[str, Any]) -> Relax:
    """Target, as distance from the basal value, and rate of slow state ``i``."""
    filled = _hill(above, p[f"K{i + 1}"], p[f"n{i + 1}"])
    if i + 1 == w1.CASCADE // 2:
        filled = filled * (1 - _hill(last, p["Kf"], p["nf"]))
    return Relax((1 - p["b"]) * filled, 1 / p[f"tau{i + 1}"])


def _hill(c: Any, half: Any, steep: Any) -> Any:
    r = jnp.exp(steep * (lanes.log(c) - lanes.log(half)))
    return r / (1 + r)


@dataclass(frozen=True)
class Dosed:
    """A dose of W1, of the shape of `racemate.simulate.timeline.Jump`."""

    people: int
    body: str = BODY.body
    row: int = 0

    def value(self, who: Any = None) -> Values:
        """The change of the depot in some people (default: all), mg."""
        return np.full(self.people if who is None else len(who), w1.DOSE)


@dataclass(frozen=True)
class Piece:
    """Time in which nothing happens, of the shape of `racemate.simulate.timeline.Segment`."""

    ticks: int
    jumps: tuple[Dosed, ...]
    visits: tuple[Visit, ...]
    people: int
    conditions: tuple[()] = ()

    def setting(self, who: Any = None) -> Values:
        """W1 has no setting: a row of zeros."""
        return np.zeros((1, self.people if who is None else len(who)))


@dataclass(frozen=True)
class Cut:
    """All pieces in order, of the shape of `racemate.simulate.timeline.Timeline`."""

    segments: tuple[Piece, ...]


def timeline(people: int, dosed_h: tuple[float, ...] = w1.DOSED_H) -> Cut:
    """W1's doses cut on the engine's ticks; output times lie inside pieces or end them."""
    doses = {round(t * w1.TICKS_PER_H) for t in dosed_h}
    visits = [(round(t * w1.TICKS_PER_H), k) for k, t in enumerate(w1.times_h())]
    cuts = pairwise(sorted({0, *doses, visits[-1][0]}))
    dose = (Dosed(people),)

    def read(a: int, b: int) -> tuple[Visit, ...]:
        return tuple(Visit(at - a, (place,)) for at, place in visits if a < at <= b)

    return Cut(tuple(Piece(b - a, dose if a in doses else (), read(a, b), people) for a, b in cuts))


def grid(machine: W1Machine, tolerance: float, dosed_h: tuple[float, ...] = w1.DOSED_H) -> Grid:
    """Windows found in float64 on people of their own, spread wider than those who are solved."""
    pilot = w1.people(LANES, machine.states, widen=_WIDER, seed=7).T
    exact = W1Machine(machine.states) if machine.precision == "float32" else machine
    return find(machine, pilot, timeline(LANES, dosed_h), tolerance, exact)  # pyright: ignore[reportArgumentType]


def solve(
    machine: W1Machine, table: Values, found: Grid, threads: int = 1, dosed_h: tuple[float, ...] = w1.DOSED_H
) -> Values:
    """States (people, times, states) of everybody in ``table`` (people, parameters), in the engine's batches."""
    people, amounts = len(table), len(w1.AMOUNTS)
    segments = timeline(LANES, dosed_h).segments
    every = tuple(pages(found.lengths, segments, range(len(segments))))  # pyright: ignore[reportArgumentType]
    out = np.empty((people, len(w1.times_h()), amounts + machine.states))

    def work(begin: int) -> None:
        lanes = np.minimum(np.arange(begin, begin + LANES), people - 1)
        here = slice(begin, min(begin + LANES, people))
        real = here.stop - begin
        rows: Any = jnp.asarray(table[lanes].T)

        def see(visits: tuple[tuple[int, ...], ...], stand: Stand) -> None:
            held, slow = np.asarray(stand.held), np.asarray(stand.slow)
            for k, (visit,) in enumerate(visits):
                out[here, visit, :amounts] = held[k, :, :real].T
                out[here, visit, amounts:] = slow[k, :, :real].T

        start = np.zeros((machine.rows, LANES)), np.zeros((machine.states, LANES))
        carry(machine, rows, segments, every, *start, see)  # pyright: ignore[reportArgumentType]

    with ThreadPoolExecutor(max_workers=threads) as pool:
        list(pool.map(work, range(0, people, LANES)))
    out[:, :, amounts:] += table[:, None, [w1.parameters(machine.states).index("b")]]
    return out


def total(machine: W1Machine, found: Grid, dosed_h: tuple[float, ...] = w1.DOSED_H) -> Any:
    """``table (people, parameters) -> (people,)``: sum of the slow states at the end, which JAX can derive.

    The windows are those of a run; what a window computes is not kept for the way back but computed again.
    """
    cut = timeline(1, dosed_h)
    told = [
        (length * kinetics.TICK_H / 2, w1.DOSE if segment.jumps and k == 0 else 0.0)
        for segment, inside in zip(cut.segments, found.lengths, strict=True)
        for k, length in enumerate(inside)
    ]
    columns = tuple(jnp.asarray(column) for column in zip(*told, strict=True))

    @jax.jit
    def one(table: Any) -> Any:
        rows = jnp.asarray(table).T
        modes = machine.modes(rows)

        @jax.checkpoint
        def window(carry: Any, which: Any) -> Any:
            held, slow = carry
            hours, dose = which
            return machine.advance(rows, modes, hours, held.at[0].add(dose), slow, None), None

        people = rows.shape[1]
        start = jnp.zeros((machine.rows, people)), jnp.zeros((machine.states, people))
        (_, slow), _ = jax.lax.scan(window, start, columns)
        return jnp.sum(slow, axis=0) + machine.states * rows[w1.parameters(machine.states).index("b")]

    return one
