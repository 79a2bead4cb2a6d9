"""Kinetics of a window: amounts of every body at its nodes and its end, exact for a window of any length.

Amounts are carried as modes (`racemate.simulate.window.modes`), each of which dies away at its own rate, and are put together again
where something happens or is read.
"""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from racemate.chain import concentration
from racemate.model import unpack
from racemate.readings import numeric
from racemate.simulate.window.collocation import NODES, radau
from racemate.simulate.window.lanes import apart
from racemate.simulate.window.modes import Modes, modes

TICK_H = 1 / 600
"""Unit of time, six seconds: every event falls on a tick."""


def bodies(names: tuple[str, ...], layouts: tuple[numeric.Layout, ...], table: Any) -> dict[str, Modes]:
    """Modes of every body in play, for a table of parameters (rows, people)."""
    moves = concentration.transfers(unpack(names, table).concentration)
    return {layout.body: body(layout, moves[layout.body], table[0]) for layout in layouts}


def body(layout: numeric.Layout, moves: Any, like: Any) -> Modes:
    """Modes of one body from its transfers, whose rates broadcast with ``like`` (people,)."""
    return modes(numeric.generator(layout, moves, jnp, like))


def taken(found: Mapping[str, Modes], held: Mapping[str, Any]) -> dict[str, Any]:
    """Amounts (compartments, people) of every body as modes."""
    return {name: apply(one.into, held[name]) for name, one in found.items()}


def held(found: Mapping[str, Modes], moving: Mapping[str, Any]) -> dict[str, Any]:
    """Modes (mode, people) of every body as amounts."""
    return {name: apply(one.back, moving[name]) for name, one in found.items()}


def carried(layout: numeric.Layout, found: Modes, moving: Any, hours: Any) -> tuple[list[Any], Any]:
    """Amounts that the exposure reads, each at the nodes (node, people), and the modes at the end of a window."""
    read = found.back[np.array([layout.row(name) for name in layout.read], dtype=int)]
    seen, moved = apart(_carried)(found.rate, read, moving, hours)
    return [seen[:, k] for k in range(len(layout.read))], moved


def _carried(rate: Any, read: Any, moving: Any, hours: Any) -> tuple[Any, Any]:
    left = jnp.exp(rate[None] * hours * jnp.asarray(radau(NODES).nodes)[:, None, None])
    share = read * moving[None]
    return sum(share[None, :, k] * left[:, k, None] for k in range(len(rate))), moving * left[-1]


def apply(matrix: Any, vector: Any) -> Any:
    """Sum over the last state axis of ``matrix`` (row, state, people) against ``vector`` (state, people)."""
    return sum(matrix[:, k] * vector[k][None] for k in range(len(vector)))
