"""Numeric reading: the chain's records as arrays that JAX compiles, differentiates and runs over people in lock step.

From ``Transfer`` records it builds the generator matrix of each body; from ``Relax`` records the order in which the slow states can
be solved, one level after another, each knowing only levels before it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from racemate.chain import concentration, severity, whole
from racemate.chain.laws import Relax, Transfer
from racemate.chain.severity import Setting
from racemate.hypothesis import EDGE
from racemate.readings.names import build, leaves

SLOW: tuple[str, ...] = tuple(
    f"{link}.{name}" for link, part in whole.Slow.__annotations__.items() for name in part._fields
)
"""Dotted names of the slow states, in causal order."""


@dataclass(frozen=True)
class Layout:
    """One body as a linear system: the compartments a plan can reach, and after them one row per zero-order input port."""

    body: str
    compartments: tuple[str, ...]
    ports: tuple[str, ...]
    read: tuple[str, ...]
    """Compartments that the exposure reads."""

    @property
    def size(self) -> int:
        """Rows of the augmented system."""
        return len(self.compartments) + len(self.ports)

    def row(self, compartment: str) -> int:
        """Row of a compartment's amount."""
        return self.compartments.index(compartment)

    def port_row(self, compartment: str) -> int:
        """Row of the rate of the zero-order input into a compartment."""
        return len(self.compartments) + self.ports.index(compartment)


def layouts(
    moves: Mapping[str, tuple[Transfer, ...]], at_once: Mapping[str, set[str]], held: Mapping[str, set[str]]
) -> tuple[Layout, ...]:
    """Systems to solve for a plan: per body, what can be reached from inputs ``at_once`` and from zero-order inputs ``held``."""
    reads = exposure_reads()
    out = []
    for body, transfers in moves.items():
        entered = at_once.get(body, set()) | held.get(body, set())
        if not entered:
            continue
        reached = _reach(entered, transfers)
        fields = concentration.State.__annotations__[body]._fields
        compartments = tuple(name for name in fields if name in reached)
        ports = tuple(name for name in fields if name in held.get(body, set()))
        out.append(Layout(body, compartments, ports, tuple(name for name in compartments if (body, name) in reads)))
    return tuple(out)


def _reach(start: Iterable[str], transfers: tuple[Transfer, ...]) -> set[str]:
    reached: set[str] = set()
    frontier = set(start)
    while frontier:
        reached |= frontier
        frontier = {t.sink for t in transfers if t.source in reached and t.sink is not None} - reached
    return reached


@cache
def exposure_reads() -> frozenset[tuple[str, str]]:
    """(body, compartment) pairs on which the exposure depends, found by marking one amount at a time with NaN."""
    ones = build(concentration.Par, lambda *_: 1.0)
    names = leaves(build(concentration.State, lambda *_: 1.0))
    found: set[tuple[str, str]] = set()
    for name in names:
        marked = build(concentration.State, lambda other, _, name=name: np.nan if other == name else 1.0)
        if any(np.isnan(value) for value in concentration.signal(marked, ones)):
            body, _, compartment = name.partition(".")
            found.add((body, compartment))
    return frozenset(found)


def generator(layout: Layout, transfers: tuple[Transfer, ...], xp: Any, like: Any) -> list[list[Any]]:
    """Rows of the augmented generator matrix K of one body, ``z' = K z``; entries broadcast with ``like``, zeros are None."""
    rows: list[list[Any]] = [[None] * layout.size for _ in range(layout.size)]

    def add(i: int, j: int, rate: Any) -> None:
        rows[i][j] = rate if rows[i][j] is None else rows[i][j] + rate

    for move in transfers:
        if move.source not in layout.compartments:
            continue
        j = layout.row(move.source)
        if move.sink is not None:
            add(layout.row(move.sink), j, xp.asarray(move.rate) + 0 * like)
        if not move.keeps:
            add(j, j, -(xp.asarray(move.rate) + 0 * like))
    for port in layout.ports:
        add(layout.row(port), layout.port_row(port), 1 + 0 * like)
    return rows


def amounts(parts: Mapping[tuple[str, str], Any], nothing: Any) -> concentration.State:
    """State of the bodies from the amounts that are known by (body, compartment), ``nothing`` elsewhere."""

    def part(name: str, _: str) -> Any:
        body, _, compartment = name.partition(".")
        return parts.get((body, compartment), nothing)

    return build(concentration.State, part)


def slow(values: Any) -> whole.Slow:
    """Slow states as named by the chain from an indexable of ``len(SLOW)`` rows."""
    rows = iter(values)
    return whole.Slow(*(cls(*(next(rows) for _ in cls._fields)) for cls in whole.Slow.__annotations__.values()))


def records(tree: whole.Slow) -> list[Relax]:
    """The records of the slow states, in the order of SLOW."""
    return [record for part in tree for record in part]


Level = tuple[int, ...]


@dataclass(frozen=True)
class Order:
    """How the slow states are solved; ``varying`` marks states whose rate changes inside a window."""

    parts: tuple[tuple[tuple[Level, ...], bool], ...]
    """Levels in turn, and whether they are a circle: states that depend on themselves through each other, swept more than once."""
    varying: frozenset[int]


@cache
def order(par: whole.Par) -> Order:
    """Dependency order of the slow states, found by marking one state at a time with NaN in the numpy reading.

    ``par`` holds one float per field.  Every gain counts as on, so that one order serves every hypothesis.
    """
    exposure = build(concentration.Exposure, lambda *_: 1.0)
    setting = build(Setting, lambda *_: 1.0)
    base = [0.1] * len(SLOW)
    needs: list[set[int]] = [set() for _ in SLOW]
    varying: set[int] = set()

    def probe(values: list[float], seen: concentration.Exposure) -> list[Relax]:
        with np.errstate(invalid="ignore"):
            return records(whole.relaxations(seen, slow(values), par, setting, np))

    for k in range(len(SLOW)):
        marked = probe([np.nan if j == k else v for j, v in enumerate(base)], exposure)
        for i, record in enumerate(marked):
            if np.isnan(record.target) or np.isnan(record.rate):
                needs[i].add(k)
            if np.isnan(record.rate):
                varying.add(i)
    blind = probe(base, build(concentration.Exposure, lambda *_: np.nan))
    varying |= {i for i, record in enumerate(blind) if np.isnan(record.rate)}
    return Order(parts(needs), frozenset(varying))


@cache
def course_fields() -> frozenset[str]:
    """Fields of the severity's parameters (``severity.tau_onset``) and of the setting (``session``) that act on a slow state.

    Found by marking one at a time with NaN; what is not among them acts only when a reading is taken.
    """
    exposure = build(concentration.Exposure, lambda *_: 1.0)
    still = slow([0.1] * len(SLOW))

    def moved(mark: str) -> bool:
        par = build(whole.Par, lambda name, _: np.nan if name == mark else 1.0)
        setting = build(Setting, lambda name, _: np.nan if name == mark else 1.0)
        with np.errstate(invalid="ignore"):
            found = records(whole.relaxations(exposure, still, par, setting, np))
        return any(np.isnan(record.target) or np.isnan(record.rate) for record in found)

    names = (*(f"severity.{name}" for name in severity.Par._fields), *Setting._fields)
    return frozenset(name for name in names if moved(name))


def _closure(start: int, needs: list[set[int]]) -> set[int]:
    found: set[int] = set()
    frontier = set(needs[start])
    while frontier:
        found |= frontier
        frontier = set().union(*(needs[j] for j in frontier)) - found
    return found


def parts(needs: list[set[int]]) -> tuple[tuple[tuple[Level, ...], bool], ...]:
    """Levels in which each state needs only earlier levels; states on a circle are a part of their own, one by one in causal order."""
    reach = [_closure(i, needs) for i in range(len(needs))]
    circles = [{j for j in reach[i] if i in reach[j]} for i in range(len(needs))]
    done: set[int] = set()
    found: list[tuple[tuple[Level, ...], bool]] = []
    while len(done) < len(needs):
        left = [i for i in range(len(needs)) if i not in done and needs[i] - circles[i] <= done]
        straight = tuple(i for i in left if not circles[i])
        circle = next((sorted(circles[i]) for i in left if all(needs[j] - circles[i] <= done for j in circles[i])), [])
        levels = (straight,) if straight else tuple((i,) for i in circle)
        found.append((levels, not straight))
        done |= {i for level in levels for i in level}
    return tuple(found)


def all_on(par: whole.Par) -> whole.Par:
    """The same parameters with every edge's gain at one half, so that no dependency hides behind a zero."""
    values = leaves(par)
    return build(whole.Par, lambda name, _: 1 / 2 if name.rpartition(".")[2].startswith(EDGE) else values[name])
