"""Step: one window of time for a batch of people in lock step, compiled once per set of bodies and batch size.

Kinetics are exact: modes carry the amounts to every node and across the window.  Slow states follow by collocation, level after
level, each knowing the levels before it.  Nothing here knows a drug, a state or a hypothesis: the chain's records are all it reads.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from racemate.chain import circuit, concentration, occupancy, plasticity, score, severity, whole
from racemate.chain.laws import Relax
from racemate.model import unpack
from racemate.readings import numeric
from racemate.readings.names import build
from racemate.simulate.window import cascade, kinetics, lanes
from racemate.simulate.window import doubt as doubting
from racemate.simulate.window.cascade import Nodes
from racemate.simulate.window.collocation import NODES
from racemate.simulate.window.kinetics import TICK_H
from racemate.simulate.window.modes import Modes
from racemate.units import declared

Window = Callable[..., tuple[dict[str, Any], Nodes, Nodes]]


MOST = 64
"""Windows that one call can carry people through."""


def windows(lengths: Sequence[int]) -> Iterator[tuple[NDArray[np.float64], int]]:
    """Hours of windows of so many half ticks, as many as one call of `Machine.follow` takes, and how many they are."""
    for first in range(0, len(lengths), MOST):
        some = np.asarray(lengths[first : first + MOST]) * (TICK_H / 2)
        yield np.pad(some, (0, MOST - len(some))), len(some)


@dataclass(frozen=True)
class Machine:
    """Compiled functions for one structure: the names of the parameter rows, the bodies in play and the order of the slow states."""

    names: tuple[str, ...]
    layouts: tuple[numeric.Layout, ...]
    order: numeric.Order

    @property
    def states(self) -> int:
        """Number of slow states."""
        return len(numeric.SLOW)

    @cached_property
    def modes(self) -> Any:
        """Compiled ``table -> modes`` of every body in play."""
        return jax.jit(partial(kinetics.bodies, self.names, self.layouts))

    def window(
        self, table: Any, modes: Mapping[str, Modes], hours: Any, moving: Mapping[str, Any], slow: Any, setting: Any
    ) -> tuple[dict[str, Any], Nodes, Nodes]:
        """Modes at the end of a window, and of each slow state its increments and rates at the nodes, (node, people)."""
        par, now = unpack(self.names, table[:, None]), severity.Setting(*setting[:, None])
        parts: dict[tuple[str, str], Any] = {}
        moved: dict[str, Any] = {}
        for layout in self.layouts:
            seen, moved[layout.body] = kinetics.carried(layout, modes[layout.body], moving[layout.body], hours)
            parts |= {(layout.body, name): amount for name, amount in zip(layout.read, seen, strict=True)}
        state = numeric.amounts(parts, jnp.zeros((NODES, table.shape[1])))
        exposure = concentration.signal(state, par.concentration)

        def found(values: Nodes) -> list[Relax]:
            return numeric.records(whole.relaxations(exposure, numeric.slow(values), par, now, lanes))

        return moved, *cascade.solve(self.order, found, slow, hours)

    @cached_property
    def advance(self) -> Any:
        """Compiled ``(table, modes, hours, held, slow, setting) -> (held, slow)`` across one window."""
        return jax.jit(partial(_advance, self.window))

    @cached_property
    def follow(self) -> Any:
        """Compiled ``(table, modes, hours, count, held, slow, doubt, setting) -> (held, slow, doubt)`` across windows in a row.

        Doubt is everybody's; ``hours`` and ``count`` are what `windows` gives.
        """
        return jax.jit(partial(_follow, self.window, self.order.varying))

    @cached_property
    def compare(self) -> Any:
        """Compiled step-doubling: the window at once against its two halves; returns both ends of the slow states and the amounts."""
        return jax.jit(partial(_compare, self.window))

    def reader(self, wanted: tuple[str, ...]) -> Any:
        """Compiled ``(table, amounts, slow, setting, reference, since) -> (wanted, people)`` for some of `reading_names`."""
        return _reader(self.names, self.layouts, wanted)


@cache
def _reader(names: tuple[str, ...], layouts: tuple[numeric.Layout, ...], wanted: tuple[str, ...]) -> Any:
    return jax.jit(partial(_read, names, layouts, wanted))


def _advance(window: Window, table: Any, modes: Any, hours: Any, held: Any, slow: Any, setting: Any) -> Any:
    moved, risen, _ = window(table, modes, hours, kinetics.taken(modes, held), slow, setting)
    return kinetics.held(modes, moved), _ends(slow, risen)


def _ends(slow: Any, risen: Nodes) -> Any:
    return slow + jnp.stack([one[-1] for one in risen])


def _follow(
    window: Window,
    watched: frozenset[int] | None,
    table: Any,
    modes: Any,
    hours: Any,
    count: Any,
    held: Any,
    slow: Any,
    doubt: Any,
    setting: Any,
) -> tuple[dict[str, Any], Any, Any]:
    """Windows in a row; without ``watched``, the states of changing rate, doubt is handed on as it was."""

    def one(k: Any, now: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
        moving, slow, doubt = now
        moved, risen, rates = window(table, modes, hours[k], moving, slow, setting)
        if watched is None:
            return moved, _ends(slow, risen), doubt
        spent = [hours[k] * (cascade.mean(rate) if i in watched else rate[0]) for i, rate in enumerate(rates)]
        grown = [doubting.carried(doubt[i], one, spent[i]) for i, one in enumerate(risen)]
        return moved, _ends(slow, risen), jnp.stack(grown)

    moved, slow, doubt = jax.lax.fori_loop(0, count, one, (kinetics.taken(modes, held), slow, doubt))
    return kinetics.held(modes, moved), slow, doubt


def _compare(window: Window, table: Any, modes: Any, hours: Any, held: Any, slow: Any, setting: Any) -> Any:
    start = kinetics.taken(modes, held)
    _, coarse, _ = window(table, modes, hours, start, slow, setting)
    middle, halfway, _ = window(table, modes, hours / 2, start, slow, setting)
    middle_slow = _ends(slow, halfway)
    moved, fine, _ = window(table, modes, hours / 2, middle, middle_slow, setting)
    return _ends(slow, coarse), _ends(middle_slow, fine), kinetics.held(modes, moved)


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
    layouts: tuple[numeric.Layout, ...],
    wanted: tuple[str, ...],
    table: Any,
    held: Any,
    slow: Any,
    setting: Any,
    reference: Any,
    since: Any,
) -> Any:
    parts = {
        (layout.body, name): held[layout.body][layout.row(name)] for layout in layouts for name in layout.compartments
    }
    state = numeric.amounts(parts, jnp.zeros(table.shape[1]))
    found = _observed(unpack(names, table), state, slow, severity.Setting(*setting), reference, since, jnp)
    return jnp.stack([jnp.broadcast_to(found[name], (table.shape[1],)) for name in wanted])
