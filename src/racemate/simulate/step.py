"""Step: one window of time for a batch of people in lock step, compiled once per set of bodies and batch size.

Kinetics are exact: modes carry the amounts to every node and across the window.  Slow states follow by collocation, level after
level, each knowing the levels before it.  Nothing here knows a drug, a state or a hypothesis: the chain's records are all it reads.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from racemate.chain import circuit, concentration, occupancy, plasticity, score, severity, whole
from racemate.chain.laws import Relax
from racemate.model import unpack
from racemate.readings import numeric
from racemate.readings.names import build
from racemate.simulate.window import cascade, kinetics, lanes
from racemate.simulate.window import doubt as doubting
from racemate.simulate.window.cascade import Nodes
from racemate.simulate.window.collocation import NODES, inside
from racemate.simulate.window.modes import Modes
from racemate.units import declared

if TYPE_CHECKING:
    from racemate.simulate.batch.call import Call

Precision = Literal["float64", "float32"]
Window = Callable[..., tuple[dict[str, Any], Nodes, Nodes]]


@dataclass(frozen=True)
class Machine:
    """Compiled functions for one structure: the names of the parameter rows, the bodies in play and the order of the slow states."""

    names: tuple[str, ...]
    layouts: tuple[numeric.Layout, ...]
    order: numeric.Order
    precision: Precision = "float64"
    """Digits of laws and solves inside a window; amounts, states and what a window adds up to are float64 always."""

    @property
    def states(self) -> int:
        """Number of slow states."""
        return len(numeric.SLOW)

    @property
    def rows(self) -> int:
        """Number of amounts of all bodies."""
        return sum(layout.size for layout in self.layouts)

    @cached_property
    def modes(self) -> Any:
        """Compiled ``table -> modes`` of every body in play."""
        return jax.jit(partial(kinetics.bodies, self.names, self.layouts))

    def window(
        self, table: Any, modes: Mapping[str, Modes], hours: Any, moving: Mapping[str, Any], slow: Any, setting: Any
    ) -> tuple[dict[str, Any], Nodes, Nodes]:
        """Modes at the end of a window, and of each slow state its increments and rates at the nodes, (node, people)."""
        kind = jnp.dtype(self.precision)
        par, now = unpack(self.names, table[:, None].astype(kind)), severity.Setting(*setting[:, None].astype(kind))
        parts: dict[tuple[str, str], Any] = {}
        moved: dict[str, Any] = {}
        for layout in self.layouts:
            seen, moved[layout.body] = kinetics.carried(layout, modes[layout.body], moving[layout.body], hours)
            parts |= {(layout.body, name): amount.astype(kind) for name, amount in zip(layout.read, seen, strict=True)}
        state = numeric.amounts(parts, jnp.zeros((NODES, table.shape[1]), kind))
        exposure = concentration.signal(state, par.concentration)

        def found(values: Nodes) -> list[Relax]:
            return numeric.records(whole.relaxations(exposure, numeric.slow(values), par, now, lanes))

        return moved, *cascade.solve(self.order, found, slow.astype(kind), hours.astype(kind))

    @cached_property
    def advance(self) -> Any:
        """Compiled ``(table, modes, hours, held, slow, setting) -> (held, slow)`` across one window."""
        return jax.jit(partial(_advance, self.window, self.layouts))

    @cached_property
    def follow(self) -> Any:
        """Compiled ``(table, modes, call, given, now) -> (now, seen)``: people taken through the windows of one call.

        ``call`` is a `racemate.simulate.batch.call.Call`, ``given`` a `Given`, ``now`` a `Now` and ``seen`` a `Stand` at its visits.
        """
        return jax.jit(partial(_follow, self.window, self.layouts, self.order.varying))

    @cached_property
    def compare(self) -> Any:
        """Compiled step-doubling: the window at once against its two halves.

        Returns the slow states of either at a quarter, half, three quarters and the end (4, states, people), and the amounts at the end.
        """
        return jax.jit(partial(_compare, self.window, self.layouts))

    @cached_property
    def first_rows(self) -> Mapping[str, int]:
        """Where each body begins in the amounts of all (rows, people)."""
        return kinetics.first_rows(self.layouts)

    def reader(self, wanted: tuple[str, ...]) -> Any:
        """Compiled ``(table, reference, lane, count, held, slow, setting, since) -> (visits, wanted, people)``.

        Reads some of `reading_names` of people on these lanes of a batch.  From ``held`` on all have an axis of visits in front, of which
        ``count`` are read.
        """
        return _reader(self.names, self.layouts, wanted)


@cache
def _reader(names: tuple[str, ...], layouts: tuple[numeric.Layout, ...], wanted: tuple[str, ...]) -> Any:
    return jax.jit(partial(_read, names, layouts, wanted))


Bodies = tuple[numeric.Layout, ...]


def _advance(
    window: Window, bodies: Bodies, table: Any, modes: Any, hours: Any, held: Any, slow: Any, setting: Any
) -> Any:
    moved, risen, _ = window(table, modes, hours, kinetics.taken(bodies, modes, held), slow, setting)
    return kinetics.held(bodies, modes, moved, held), _ends(slow, risen)


def _ends(slow: Any, risen: Nodes) -> Any:
    return slow + jnp.stack([one[-1] for one in risen])


def _inside(weights: Any, slow: Any, risen: Nodes) -> Any:
    """Slow states (states, people) inside a window, from increments at its nodes and their weights there (node,)."""
    return slow + jnp.stack([sum(weights[node] * one[node] for node in range(NODES)) for one in risen])


class Given(NamedTuple):
    """What is done to people in the segments of a call."""

    setting: Any
    """The setting in each segment (segments, fields, people)."""
    jumps: Any
    """How many jumps come before each segment's, and after them how many there are (segments + 1,)."""
    row: Any
    """Which row of the amounts of all bodies, one under another, each jump changes (jumps,)."""
    change: Any
    """By how much (jumps, people)."""


class Stand(NamedTuple):
    """Where people stand; where they stood at several visits, with an axis of visits in front."""

    held: Any
    """Amounts of all bodies, one under another (rows, people); between visits those at the end of the last segment that ended."""
    slow: Any
    """Slow states (states, people)."""
    doubt: Any
    """Everybody's doubt in them (states, people)."""


class Now(NamedTuple):
    """Where people stand, and the modes of each body."""

    stand: Stand
    moving: Any


def _follow(
    window: Window,
    bodies: Bodies,
    watched: frozenset[int] | None,
    table: Any,
    modes: Any,
    call: "Call",
    given: Given,
    now: Now,
) -> tuple[Now, Stand]:
    """Windows in a row; without ``watched``, the states of changing rate, doubt is handed on as it was."""
    seen = Stand(*(jnp.zeros((call.after_h.shape[0], *part.shape)) for part in now.stand))

    def one(k: Any, reached: tuple[Now, Stand]) -> tuple[Now, Stand]:
        ((held, slow, doubt), moving), seen = reached
        before = doubt
        place, hours = call.segment[k], call.hours[k]
        moving = jax.lax.cond(call.begins[k], lambda: _begun(bodies, modes, given, place, held), lambda: moving)
        moved, risen, rates = window(table, modes, hours, moving, slow, given.setting[place])
        if watched is not None:
            spent = [hours * (cascade.mean(rate) if i in watched else rate[0]) for i, rate in enumerate(rates)]
            fresh = [doubting.fresh(one) for one in risen]
            doubt = jnp.stack([doubting.carried(before[i], fresh[i], spent[i]) for i in range(len(risen))])
            before = before + jnp.stack(fresh)

        def read(v: Any, seen: Stand) -> Stand:
            amounts = kinetics.held(bodies, modes, kinetics.later(modes, moving, call.after_h[v]), held)
            sign = jnp.where(call.after_h[v] < hours, before, doubt)
            found = amounts, _inside(call.weights[v], slow, risen), sign
            return Stand(*(part.at[v].set(value) for part, value in zip(seen, found, strict=True)))

        seen = jax.lax.fori_loop(call.read[k], call.read[k + 1], read, seen)
        held = jax.lax.cond(call.ends[k], lambda: kinetics.held(bodies, modes, moved, held), lambda: held)
        return Now(Stand(held, _ends(slow, risen), doubt), moved), seen

    return jax.lax.fori_loop(0, call.windows, one, (now, seen))


def _begun(bodies: Bodies, modes: Any, given: Given, place: Any, held: Any) -> dict[str, Any]:
    """Modes of every body when a segment begins, from the amounts before."""
    if not bodies:
        return {}

    def jump(j: Any, held: Any) -> Any:
        return held.at[given.row[j]].add(given.change[j])

    held = jax.lax.fori_loop(given.jumps[place], given.jumps[place + 1], jump, held)
    return kinetics.taken(bodies, modes, held)


def _compare(
    window: Window, bodies: Bodies, table: Any, modes: Any, hours: Any, held: Any, slow: Any, setting: Any
) -> Any:
    start = kinetics.taken(bodies, modes, held)
    _, coarse, _ = window(table, modes, hours, start, slow, setting)
    middle, halfway, _ = window(table, modes, hours / 2, start, slow, setting)
    middle_slow = _ends(slow, halfway)
    moved, fine, _ = window(table, modes, hours / 2, middle, middle_slow, setting)
    whole = [*(_inside(inside(share), slow, coarse) for share in (1 / 4, 1 / 2, 3 / 4)), _ends(slow, coarse)]
    half = inside(1 / 2)
    halves = [_inside(half, slow, halfway), middle_slow, _inside(half, middle_slow, fine), _ends(middle_slow, fine)]
    return jnp.stack(whole), jnp.stack(halves), kinetics.held(bodies, modes, moved, held)


def _observed(
    par: whole.Par, state: concentration.State, slow: Any, setting: Any, reference: Any, since: Any, xp: Any
) -> dict[str, Any]:
    """Everything that can be read at one time, by dotted name."""
    exposure = concentration.signal(state, par.concentration)
    named = numeric.slow(slow)
    seen = whole.signals(exposure, named, par, xp)
    rated = whole.reading(exposure, named, par, setting, severity.Reference(*reference), since, xp)
    groups = {
        "severity": rated.severity,
        "score": rated.score,
        "plasma": concentration.plasma(state, par.concentration),
        "exposure": exposure,
        "occupancy": seen.occupancy,
        "circuit": seen.circuit,
        "plasticity": seen.plasticity,
    }
    out = {
        f"{group}.{name}": value
        for group, part in groups.items()
        for name, value in zip(part._fields, part, strict=True)
    }
    return out | {f"state.{name}": slow[i] for i, name in enumerate(numeric.SLOW)}


@cache
def reading_names() -> tuple[str, ...]:
    """Dotted names of what can be read: ``link.signal`` and ``state.link.name``."""
    ones = build(whole.Par, lambda *_: 1.0)
    slow = [0.0] * len(numeric.SLOW)
    setting = build(severity.Setting, lambda *_: 0.0)
    return tuple(_observed(ones, numeric.amounts({}, 0.0), slow, setting, (1.0, 1.0), 1.0, np))


def reading_units() -> dict[str, str]:
    """Unit of each reading, by dotted name, as the chain declares it."""
    groups = {
        "severity": severity.Severity,
        "score": score.Score,
        "plasma": concentration.Plasma,
        "exposure": concentration.Exposure,
        "occupancy": occupancy.Occupancy,
        "circuit": circuit.Circuit,
        "plasticity": plasticity.Plasticity,
        "state": whole.Slow,
    }
    return {f"{group}.{name}": unit for group, cls in groups.items() for name, unit in declared(cls).items()}


def _read(
    names: tuple[str, ...],
    layouts: Bodies,
    wanted: tuple[str, ...],
    table: Any,
    reference: Any,
    lane: Any,
    count: Any,
    held: Any,
    slow: Any,
    setting: Any,
    since: Any,
) -> Any:
    first, people = kinetics.first_rows(layouts), table.shape[1]

    def one(v: Any, read: Any) -> Any:
        parts = {
            (layout.body, name): held[v, first[layout.body] + layout.row(name)][lane]
            for layout in layouts
            for name in layout.compartments
        }
        state, now = numeric.amounts(parts, jnp.zeros(people)), severity.Setting(*setting[v])
        found = _observed(unpack(names, table), state, slow[v][:, lane], now, reference, since[v], jnp)
        return read.at[v].set(jnp.stack([jnp.broadcast_to(found[name], (people,)) for name in wanted]))

    return jax.lax.fori_loop(0, count, one, jnp.zeros((slow.shape[0], len(wanted), people)))
