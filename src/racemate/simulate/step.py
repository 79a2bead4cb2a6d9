"""Step: one window of time for a batch of people in lock step, compiled once per set of bodies and batch size.

Kinetics are exact: matrix exponentials carry the amounts from node to node and across the window.  Slow states follow by
collocation, level after level, each knowing the levels before it.  Nothing here knows a drug, a state or a hypothesis: the chain's
records are all it reads.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from racemate.chain import circuit, concentration, occupancy, plasticity, score, severity, whole
from racemate.chain.laws import Relax
from racemate.model import unpack
from racemate.readings import numeric
from racemate.readings.names import build
from racemate.simulate.window import cascade, lanes
from racemate.simulate.window import doubt as doubting
from racemate.simulate.window.cascade import Nodes
from racemate.simulate.window.collocation import NODES
from racemate.simulate.window.kinetics import TICK_H, Kinetics, apply
from racemate.units import declared


def window_hours(length: int) -> float:
    """Hours of a window of ``length`` half ticks."""
    return TICK_H * length / 2


@dataclass(frozen=True)
class Machine:
    """Compiled functions for one structure: the names of the parameter rows, the bodies in play and the order of the slow states."""

    names: tuple[str, ...]
    layouts: tuple[numeric.Layout, ...]
    order: numeric.Order

    @cached_property
    def kinetics(self) -> Kinetics:
        """Compiled transition matrices of windows, by length."""
        return Kinetics(self.names, self.layouts)

    @property
    def _window(self) -> Callable[..., Any]:
        return partial(_window, self.names, self.layouts, self.order)

    @cached_property
    def advance(self) -> Any:
        """Compiled ``(table, rows, ends, hours, amounts, slow, setting) -> (amounts, slow)`` across one window."""
        return jax.jit(partial(_advance, self._window))

    @cached_property
    def follow(self) -> Any:
        """Compiled ``(table, rows, ends, hours, amounts, slow, doubt, setting) -> (amounts, slow, doubt)``: `advance` with everybody's doubt."""
        return jax.jit(partial(_follow, self._window, self.order.varying))

    @cached_property
    def compare(self) -> Any:
        """Compiled step-doubling: the window at once against its two halves; returns both ends of the slow states and the amounts."""
        return jax.jit(partial(_compare, self.advance))

    def reader(self, wanted: tuple[str, ...]) -> Any:
        """Compiled ``(table, amounts, slow, setting, reference, since) -> (wanted, people)`` for some of `reading_names`."""
        return _reader(self.names, self.layouts, wanted)


@cache
def _reader(names: tuple[str, ...], layouts: tuple[numeric.Layout, ...], wanted: tuple[str, ...]) -> Any:
    return jax.jit(partial(_read, names, layouts, wanted))


def _window(
    names: tuple[str, ...],
    layouts: tuple[numeric.Layout, ...],
    order: numeric.Order,
    table: Any,
    rows: Mapping[str, Any],
    ends: Mapping[str, Any],
    hours: Any,
    held: Mapping[str, Any],
    slow: Any,
    setting: Any,
) -> tuple[dict[str, Any], Nodes, Nodes]:
    """Amounts at the end of a window, and of each slow state its values and rates at the nodes, (node, people)."""
    par = unpack(names, table[:, None])
    now = severity.Setting(*setting[:, None])
    parts: dict[tuple[str, str], Any] = {}
    for layout in layouts:
        seen = apply(rows[layout.body], held[layout.body])
        parts |= {(layout.body, name): seen[:, k] for k, name in enumerate(layout.read)}
    exposure = concentration.signal(numeric.amounts(parts, jnp.zeros((NODES, table.shape[1]))), par.concentration)

    def found(values: Nodes) -> list[Relax]:
        return numeric.records(whole.relaxations(exposure, numeric.slow(values), par, now, lanes))

    values, rates = cascade.solve(order, found, slow, hours)
    return {layout.body: apply(ends[layout.body], held[layout.body]) for layout in layouts}, values, rates


def _advance(window: Callable[..., Any], *given: Any) -> tuple[dict[str, Any], Any]:
    moved, values, _ = window(*given)
    return moved, jnp.stack([value[-1] for value in values])


def _follow(
    window: Callable[..., Any],
    varying: frozenset[int],
    table: Any,
    rows: Any,
    ends: Any,
    hours: Any,
    held: Any,
    slow: Any,
    doubt: Any,
    setting: Any,
) -> tuple[dict[str, Any], Any, Any]:
    moved, values, rates = window(table, rows, ends, hours, held, slow, setting)
    spent = [hours * (cascade.mean(rate) if i in varying else rate[0]) for i, rate in enumerate(rates)]
    grown = [doubting.carried(doubt[i], value - slow[i][None], spent[i]) for i, value in enumerate(values)]
    return moved, jnp.stack([value[-1] for value in values]), jnp.stack(grown)


def _compare(
    advance: Any,
    table: Any,
    rows: Any,
    ends: Any,
    half_rows: Any,
    half_ends: Any,
    hours: Any,
    held: Any,
    slow: Any,
    setting: Any,
) -> tuple[Any, Any, Any]:
    _, coarse = advance(table, rows, ends, hours, held, slow, setting)
    middle_held, middle = advance(table, half_rows, half_ends, hours / 2, held, slow, setting)
    end_held, fine = advance(table, half_rows, half_ends, hours / 2, middle_held, middle, setting)
    return coarse, fine, end_held


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
