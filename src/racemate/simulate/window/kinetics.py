"""Kinetics of a window: transition matrices of any length, from one ladder of doublings of the matrix exponential.

One Taylor series of a small part of a tick, squared a few times, is the matrix of half a tick at every node; each squaring doubles
its length.  A window of any whole number of half ticks is the product of the rungs in its binary digits, always from the shortest
to the longest, so the matrix of a length is the same bits whatever else is asked for.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from racemate.chain import concentration
from racemate.model import unpack
from racemate.readings import numeric
from racemate.simulate.window.collocation import NODES, radau

TICK_H = 1 / 600
"""Unit of time, six seconds: every event falls on a tick."""
_HALVINGS = 3
_TERMS = 7


class Step(NamedTuple):
    """Transition matrices of every body over a window: ``rows`` (node, read, state, people) to the nodes, ``ends`` to the end."""

    rows: dict[str, Any]
    ends: dict[str, Any]


class Kinetics:
    """Compiled matrices of the bodies in play for tables with the given row names."""

    def __init__(self, names: tuple[str, ...], layouts: tuple[numeric.Layout, ...]) -> None:
        """Compile nothing yet; each function is compiled at its first call."""
        self._scaled: Any = jax.jit(partial(_scaled, names, layouts))
        self._identity: Any = jax.jit(_identity)
        self._horner: Any = jax.jit(_horner)
        self._double: Any = jax.jit(_double)
        self._take: Any = jax.jit(partial(_take, {layout.body: _read_rows(layout) for layout in layouts}))
        self._extend: Any = jax.jit(_extend)

    def steps(self, table: Any, lengths: Iterable[int]) -> dict[int, Step]:
        """Matrices of windows of the given lengths (half ticks), for a table (rows, people); holds one rung at a time."""
        wanted = sorted(set(lengths))
        found: dict[int, Step] = {}
        rung: Any = None
        for level in range(max(wanted, default=0).bit_length()):
            rung = self.rung(table, rung)
            for length in wanted:
                if length >> level & 1:
                    found[length] = self._take(rung) if length not in found else self._extend(found[length], rung)
        return found

    def search(self, table: Any) -> "Search":
        """Matrices of lengths that are not known beforehand."""
        return Search(self, table)

    def rung(self, table: Any, below: Any) -> Any:
        """Matrices (node, state, state, people) of every body for twice the length of ``below`` (None: for half a tick)."""
        if below is not None:
            return self._double(below)
        scaled = self._scaled(table)
        rung = self._identity(scaled)
        for term in range(_TERMS, 0, -1):
            rung = self._horner(scaled, rung, term)
        for _ in range(_HALVINGS):
            rung = self._double(rung)
        return rung

    def compose(self, rungs: list[Any], length: int) -> Step:
        """Matrices of one length from rungs that are all kept."""
        first, *others = (rung for level, rung in enumerate(rungs) if length >> level & 1)
        found = self._take(first)
        for rung in others:
            found = self._extend(found, rung)
        return found


class Search:
    """Matrices by length (half ticks), made when asked for; keeps every rung, so for one batch of people at a time."""

    def __init__(self, kinetics: Kinetics, table: Any) -> None:
        """Start with no rung."""
        self._kinetics, self._table = kinetics, table
        self._rungs: list[Any] = []
        self._found: dict[int, Step] = {}

    def __getitem__(self, length: int) -> Step:
        """Matrices of a window of ``length`` half ticks."""
        while len(self._rungs) < length.bit_length():
            self._rungs.append(self._kinetics.rung(self._table, self._rungs[-1] if self._rungs else None))
        if length not in self._found:
            self._found[length] = self._kinetics.compose(self._rungs, length)
        return self._found[length]


def _read_rows(layout: numeric.Layout) -> tuple[int, ...]:
    return tuple(layout.row(name) for name in layout.read)


def _scaled(names: tuple[str, ...], layouts: tuple[numeric.Layout, ...], table: Any) -> dict[str, Any]:
    """Generators times the nodes of a part of half a tick, (node, state, state, people)."""
    moves = concentration.transfers(unpack(names, table).concentration)
    return {layout.body: _generator(layout, moves[layout.body], table[0]) for layout in layouts}


def _generator(layout: numeric.Layout, moves: Any, like: Any) -> Any:
    zero = 0 * like
    entries = numeric.generator(layout, moves, jnp, like)
    k = jnp.stack([jnp.stack([zero if v is None else v for v in row]) for row in entries])
    nodes = radau(NODES).nodes * TICK_H / 2 / 2**_HALVINGS
    return k[None] * jnp.asarray(nodes)[:, None, None, None]


def _horner(scaled: dict[str, Any], series: dict[str, Any], term: Any) -> dict[str, Any]:
    """One step of the series of the exponential, from its end: ``1 + scaled * series / term``."""
    one = _identity(scaled)
    return {body: one[body] + product(matrix, series[body]) / term for body, matrix in scaled.items()}


def _identity(like: dict[str, Any]) -> dict[str, Any]:
    return {
        body: jnp.broadcast_to(jnp.eye(matrix.shape[1])[None, :, :, None], matrix.shape)
        for body, matrix in like.items()
    }


def _double(rung: dict[str, Any]) -> dict[str, Any]:
    return {body: product(matrix, matrix) for body, matrix in rung.items()}


def _take(read: dict[str, tuple[int, ...]], rung: dict[str, Any]) -> Step:
    rows = {body: matrix[:, jnp.asarray(read[body], dtype=int)] for body, matrix in rung.items()}
    return Step(rows, {body: matrix[-1] for body, matrix in rung.items()})


def _extend(step: Step, rung: dict[str, Any]) -> Step:
    rows = {body: product(step.rows[body], matrix) for body, matrix in rung.items()}
    ends = {body: product(step.ends[body][None], matrix[-1:])[0] for body, matrix in rung.items()}
    return Step(rows, ends)


def product(a: Any, b: Any) -> Any:
    """Matrix product over axes 1 and 2 with nodes leading and people in lanes, unrolled so that lanes vectorise."""
    out = a[:, :, 0, None] * b[:, 0, None]
    for k in range(1, a.shape[2]):
        out = out + a[:, :, k, None] * b[:, k, None]
    return out


def apply(matrix: Any, vector: Any) -> Any:
    """Sum over the last state axis of ``matrix`` (..., state, people) against ``vector`` (state, people)."""
    spread = vector.reshape((1,) * (matrix.ndim - 2) + vector.shape)
    out = matrix[..., 0, :] * spread[..., 0, :]
    for k in range(1, vector.shape[0]):
        out = out + matrix[..., k, :] * spread[..., k, :]
    return out
