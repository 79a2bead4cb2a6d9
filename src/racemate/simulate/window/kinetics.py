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


def first_rows(layouts: tuple[numeric.Layout, ...]) -> dict[str, int]:
    """Where each body begins in the amounts of all, which lie one body under another."""
    starts = np.cumsum([0, *(layout.size for layout in layouts)]).tolist()
    return {layout.body: start for layout, start in zip(layouts, starts, strict=False)}


def taken(layouts: tuple[numeric.Layout, ...], found: Mapping[str, Modes], held: Any) -> dict[str, Any]:
    """Amounts of all bodies (rows, people) as the modes of each."""
    first = first_rows(layouts)
    rows = {one.body: held[first[one.body] : first[one.body] + one.size] for one in layouts}
    return {body: apply(found[body].into, amounts) for body, amounts in rows.items()}


def held(layouts: tuple[numeric.Layout, ...], found: Mapping[str, Modes], moving: Mapping[str, Any], like: Any) -> Any:
    """The modes of each body as amounts of all (rows, people), of the type of ``like`` (rows, people)."""
    return jnp.concatenate([like[:0], *(apply(found[one.body].back, moving[one.body]) for one in layouts)])


def later(found: Mapping[str, Modes], moving: Mapping[str, Any], hours: Any) -> dict[str, Any]:
    """Modes (mode, people) of every body so many hours later."""
    return {name: moving[name] * jnp.exp(one.rate * hours) for name, one in found.items()}


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
