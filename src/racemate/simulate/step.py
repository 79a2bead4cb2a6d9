"""Step: one window of time for a batch of people in lock step, compiled once per set of bodies and batch size.

Kinetics are exact: powers of a matrix exponential carry the amounts from node to node and across the window.  Slow states follow by
collocation, level after level, each knowing the levels before it.  Nothing here knows a drug, a state or a hypothesis: the chain's
records are all it reads.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from racemate.chain import circuit, concentration, occupancy, plasticity, score, severity, whole
from racemate.chain.laws import Relax
from racemate.model import unpack
from racemate.readings import numeric
from racemate.readings.names import build
from racemate.simulate.window.collocation import Radau, radau
from racemate.units import declared

TICK_H = 1 / 600
"""Unit of time, six seconds: every event falls on a tick."""
LEVELS = 17
"""A window of level k lasts 2**(k - 1) ticks: half a tick at level 0, about 55 h at level 16."""
NODES = 8
SWEEPS = 4
"""Passes over a state whose rate changes inside a window, and over states that depend on each other in a circle."""
_HALVINGS = 3
_TERMS = 7


def window_hours(level: int) -> float:
    """Length of a window of a level, hours."""
    return TICK_H * 2.0 ** (level - 1)


class Step(NamedTuple):
    """Transition matrices of every body over a window: ``rows`` (node, read, state, people) to the nodes, ``ends`` to the end."""

    rows: dict[str, Any]
    ends: dict[str, Any]


@dataclass(frozen=True)
class Machine:
    """Compiled functions for one structure: the names of the parameter rows, the bodies in play and the order of the slow states."""

    names: tuple[str, ...]
    layouts: tuple[numeric.Layout, ...]
    order: numeric.Order

    @cached_property
    def ladder(self) -> Any:
        """Compiled ``(table) -> [Step]``, one for each level of window length."""
        return jax.jit(partial(_ladders, self.names, self.layouts))

    @cached_property
    def advance(self) -> Any:
        """Compiled ``(table, rows, ends, hours, amounts, slow, setting) -> (amounts, slow)`` across one window."""
        return jax.jit(partial(_advance, self.names, self.layouts, self.order))

    @cached_property
    def compare(self) -> Any:
        """Compiled step-doubling: the window at once against its two halves; returns both ends of the slow states and the amounts."""
        return jax.jit(partial(_compare, self.advance))

    @cached_property
    def read(self) -> Any:
        """Compiled ``(table, amounts, slow, setting, reference, since) -> (rows, people)`` in the order of `reading_names`."""
        return jax.jit(partial(_read, self.names, self.layouts))


def _ladders(names: tuple[str, ...], layouts: tuple[numeric.Layout, ...], table: Any) -> list[Step]:
    par = unpack(names, table)
    moves = concentration.transfers(par.concentration)
    found = {layout.body: _ladder(layout, moves[layout.body], table[0]) for layout in layouts}
    return [
        Step({body: rows[k] for body, (rows, _) in found.items()}, {body: ends[k] for body, (_, ends) in found.items()})
        for k in range(LEVELS)
    ]


def _ladder(layout: numeric.Layout, moves: Any, like: Any) -> tuple[Any, Any]:
    zero = 0 * like
    entries = numeric.generator(layout, moves, jnp, like)
    k = jnp.stack([jnp.stack([zero if v is None else v for v in row]) for row in entries])
    nodes = radau(NODES).nodes * window_hours(0) / 2**_HALVINGS
    scaled = k[None] * jnp.asarray(nodes)[:, None, None, None]
    identity = jnp.eye(layout.size)[None, :, :, None] + 0 * scaled
    power, total = identity, identity
    for term in range(1, _TERMS + 1):
        power = _product(power, scaled) / term
        total = total + power
    for _ in range(_HALVINGS):
        total = _product(total, total)
    read = jnp.asarray([layout.row(name) for name in layout.read], dtype=int)

    def climb(now: Any, _: None) -> tuple[Any, tuple[Any, Any]]:
        return _product(now, now), (now[:, read], now[-1])

    _, (rows, ends) = jax.lax.scan(climb, total, None, length=LEVELS)
    return rows, ends


def _product(a: Any, b: Any) -> Any:
    """Matrix product over axes 1 and 2 with nodes leading and people in lanes, unrolled so that lanes vectorise."""
    out = a[:, :, 0, None] * b[:, 0, None]
    for k in range(1, a.shape[2]):
        out = out + a[:, :, k, None] * b[:, k, None]
    return out


def _apply(matrix: Any, vector: Any) -> Any:
    """Sum over the last state axis of ``matrix`` (..., state, people) against ``vector`` (state, people)."""
    spread = vector.reshape((1,) * (matrix.ndim - 2) + vector.shape)
    out = matrix[..., 0, :] * spread[..., 0, :]
    for k in range(1, vector.shape[0]):
        out = out + matrix[..., k, :] * spread[..., k, :]
    return out


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
    par = unpack(names, table[:, None])
    now = severity.Setting(*setting[:, None])
    parts: dict[tuple[str, str], Any] = {}
    for layout in layouts:
        seen = _apply(rows[layout.body], held[layout.body])
        parts |= {(layout.body, name): seen[:, k] for k, name in enumerate(layout.read)}
    exposure = concentration.signal(numeric.amounts(parts, jnp.zeros((NODES, table.shape[1]))), par.concentration)
    values = [jnp.broadcast_to(slow[i][None], (NODES, table.shape[1])) for i in range(len(numeric.SLOW))]
    for _ in range(SWEEPS if order.cyclic else 1):
        for level in order.levels:
            found = numeric.records(whole.relaxations(exposure, numeric.slow(values), par, now, jnp))
            for varying in (False, True):
                group = [i for i in level if (i in order.varying) == varying]
                if group:
                    solved = _relax([found[i] for i in group], slow[jnp.asarray(group)], hours, varying)
                    for k, i in enumerate(group):
                        values[i] = solved[:, k]
    moved = {layout.body: _apply(ends[layout.body], held[layout.body]) for layout in layouts}
    return moved, jnp.stack([value[-1] for value in values])


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


def reading_names() -> tuple[str, ...]:
    """Dotted names of what `Machine.read` returns, in order: ``link.signal`` and ``state.link.name``."""
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
    return jnp.stack([jnp.broadcast_to(value, (table.shape[1],)) for value in found.values()])
