"""Step: one window of time for a batch of people in lock step, compiled once per set of bodies and batch size.

Kinetics are exact: matrix exponentials carry the amounts from node to node and across the window.  Slow states follow by
collocation, level after level, each knowing the levels before it.  Nothing here knows a drug, a state or a hypothesis: the chain's
records are all it reads.
"""

from collections.abc import Mapping
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
from racemate.simulate.window import doubt as doubting
from racemate.simulate.window.collocation import Radau, radau
from racemate.simulate.window.kinetics import NODES, TICK_H, Kinetics, apply
from racemate.units import declared

SWEEPS = 4
"""Passes over a state whose rate changes inside a window, and over states that depend on each other in a circle."""


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

    @cached_property
    def advance(self) -> Any:
        """Compiled ``(table, rows, ends, hours, amounts, slow, setting) -> (amounts, slow)`` across one window."""
        return jax.jit(partial(_advance, self.names, self.layouts, self.order))

    @cached_property
    def follow(self) -> Any:
        """Compiled ``(table, rows, ends, hours, amounts, slow, doubt, setting) -> (amounts, slow, doubt)``: `advance` with everybody's doubt."""
        return jax.jit(partial(_follow, self.names, self.layouts, self.order))

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
) -> tuple[dict[str, Any], list[Any], list[Any]]:
    """Amounts at the end of a window, and of each slow state its values and rates at the nodes, (node, people)."""
    par = unpack(names, table[:, None])
    now = severity.Setting(*setting[:, None])
    parts: dict[tuple[str, str], Any] = {}
    for layout in layouts:
        seen = apply(rows[layout.body], held[layout.body])
        parts |= {(layout.body, name): seen[:, k] for k, name in enumerate(layout.read)}
    shape = (NODES, table.shape[1])
    exposure = concentration.signal(numeric.amounts(parts, jnp.zeros(shape)), par.concentration)
    values = [jnp.broadcast_to(slow[i][None], shape) for i in range(len(numeric.SLOW))]
    rates: list[Any] = list(values)
    for _ in range(SWEEPS if order.cyclic else 1):
        for level in order.levels:
            found = numeric.records(whole.relaxations(exposure, numeric.slow(values), par, now, jnp))
            for varying in (False, True):
                group = [i for i in level if (i in order.varying) == varying]
                if group:
                    solved = _relax([found[i] for i in group], slow[jnp.asarray(group)], hours, varying)
                    for k, i in enumerate(group):
                        values[i], rates[i] = solved[:, k], jnp.broadcast_to(found[i].rate, shape)
    return {layout.body: apply(ends[layout.body], held[layout.body]) for layout in layouts}, values, rates


def _advance(
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
) -> tuple[dict[str, Any], Any]:
    moved, values, _ = _window(names, layouts, order, table, rows, ends, hours, held, slow, setting)
    return moved, jnp.stack([value[-1] for value in values])


def _follow(
    names: tuple[str, ...],
    layouts: tuple[numeric.Layout, ...],
    order: numeric.Order,
    table: Any,
    rows: Mapping[str, Any],
    ends: Mapping[str, Any],
    hours: Any,
    held: Mapping[str, Any],
    slow: Any,
    doubt: Any,
    setting: Any,
) -> tuple[dict[str, Any], Any, Any]:
    moved, values, rates = _window(names, layouts, order, table, rows, ends, hours, held, slow, setting)
    mean = radau(NODES).integral[-1:]
    spent = [hours * (_mix(mean, rate)[0] if i in order.varying else rate[0]) for i, rate in enumerate(rates)]
    grown = [doubting.carried(doubt[i], value - slow[i][None], spent[i]) for i, value in enumerate(values)]
    return moved, jnp.stack([value[-1] for value in values]), jnp.stack(grown)


def _relax(found: list[Relax], start: Any, hours: Any, varying: bool) -> Any:
    """Node values (node, state, people) of states over a window; a rate that varies keeps its mean in the modal solve."""
    rule = radau(NODES)
    shape = (NODES, start.shape[1])
    rate = jnp.stack([jnp.broadcast_to(record.rate, shape) for record in found], axis=1)
    source = rate * jnp.stack([jnp.broadcast_to(record.target, shape) for record in found], axis=1)
    if not varying:
        return _modal(rule, source, rate[:1], start, hours)
    mean = _mix(rule.integral[-1:], rate)
    value = jnp.broadcast_to(start[None], rate.shape)
    for _ in range(SWEEPS):
        value = _modal(rule, source - (rate - mean) * value, mean, start, hours)
    return value


def _mix(weights: Any, values: Any) -> Any:
    """Matrix product over the node axis of ``values`` (node, state, people)."""
    flat = jnp.asarray(weights) @ values.reshape(values.shape[0], -1)
    return flat.reshape(-1, *values.shape[1:])


def _modal(rule: Radau, source: Any, rate: Any, start: Any, hours: Any) -> Any:
    """Solve ``x' = source - rate * x`` at the nodes for a constant rate; works on increments so that small changes keep precision."""
    pairs = rule.pairs
    q = _mix(rule.to_modes, source - rate * start[None])
    real, imag = jnp.asarray(rule.eigen_real)[:, None, None], jnp.asarray(rule.eigen_imag)[:, None, None]
    a = hours * (real * q[:pairs] - imag * q[pairs:])
    b = hours * (real * q[pairs:] + imag * q[:pairs])
    down, across = 1 + real * (hours * rate), imag * (hours * rate)
    scale = 1 / (down * down + across * across)
    modes = jnp.concatenate([(a * down + b * across) * scale, (b * down - a * across) * scale])
    return start[None] + _mix(rule.from_modes, modes)


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
