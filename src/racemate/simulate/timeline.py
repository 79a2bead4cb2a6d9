"""Timeline: a plan cut at everything that happens, on a grid of ticks, with what jumps at each cut.

Between two cuts nothing happens: amounts die away in modes of their own and the setting is constant.  What holds for a person is put
together when it is asked for: for everybody at every cut it would not fit into memory.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from racemate.chain import dose as dosing
from racemate.chain.severity import Setting
from racemate.readings.numeric import Layout
from racemate.simulate.plan import Condition, Dose, Plan
from racemate.simulate.window.kinetics import TICK_H

Values = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True)
class Jump:
    """A change of one row of one body's system at the start of a segment: an amount (mg), or a rate of input (mg/h) that starts or stops."""

    body: str
    row: int
    amount: Values
    """Amount of the dose, mg, shape (people,)."""
    share: Values
    """Share of it that comes in by this way, shape (people,) or ()."""
    hours: float | None = None
    """Over how many hours; None for at once, below zero for a rate that stops."""

    def value(self, who: Places | None = None) -> Values:
        """The change in some people (default: all)."""
        share, amount = (one if who is None or one.ndim == 0 else one[who] for one in (self.share, self.amount))
        entered = share * amount
        return entered if self.hours is None else entered / self.hours


class Visit(NamedTuple):
    """What is read on one tick of a segment: how many ticks after its start, and the places of the plan's visits, seldom more than one."""

    ticks: int
    places: tuple[int, ...]


@dataclass(frozen=True)
class Segment:
    """A stretch of time of so many ticks in which nothing happens, and what is read in it, at its end or on the way."""

    ticks: int
    jumps: tuple[Jump, ...]
    conditions: tuple[Condition, ...]
    """Those that hold."""
    visits: tuple[Visit, ...]
    people: int

    def setting(self, who: Places | None = None) -> Values:
        """Fields of the setting (fields, people) of some people (default: all)."""
        now = {name: np.zeros(self.people if who is None else len(who)) for name in Setting._fields}
        for condition in self.conditions:
            now[condition.name] = now[condition.name] + (condition.value if who is None else condition.value[who])
        return np.stack(list(now.values()))


@dataclass(frozen=True)
class Timeline:
    """Segments in order, and the moment before anything happens, with what is read then."""

    segments: tuple[Segment, ...]
    opening: Segment


def tick(time_h: float, start_h: float) -> int:
    """Tick nearest to a time."""
    return round((time_h - start_h) / TICK_H)


def entered(plan: Plan, typical: dosing.Par) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Compartments that doses enter at once, and those they enter at a constant rate, by body."""
    at_once: dict[str, set[str]] = {}
    held: dict[str, set[str]] = {}
    for dose in plan.doses:
        for way in dosing.inputs(dose.drug, dose.route, dose.later, typical):
            group = held if _hours(way, dose) > 0 else at_once
            group.setdefault(way.body, set()).add(way.compartment)
    return at_once, held


def _hours(way: dosing.Input, dose: Dose) -> float:
    return dose.duration_h if way.hours is None else float(way.hours)


def timeline(plan: Plan, layouts: tuple[Layout, ...], par: dosing.Par, typical: dosing.Par) -> Timeline:
    """Cut a plan; ``par`` holds the people's bioavailabilities (arrays), ``typical`` the durations all share."""
    start = plan.start_h
    by_body = {layout.body: layout for layout in layouts}
    jumps: dict[int, list[Jump]] = {}
    for dose in plan.doses:
        shares = dosing.inputs(dose.drug, dose.route, dose.later, par)
        ways = dosing.inputs(dose.drug, dose.route, dose.later, typical)
        for way, share in zip(ways, shares, strict=True):
            for at, jump in _enter(dose, way, np.asarray(share.fraction), by_body[way.body], start):
                jumps.setdefault(at, []).append(jump)
    visits: dict[int, list[int]] = {}
    for place, hour in enumerate(plan.visits_h):
        visits.setdefault(tick(hour, start), []).append(place)
    last = max(visits)
    cuts = {
        0,
        last,
        *(visits if plan.stops else ()),
        *jumps,
        *(tick(t, start) for c in plan.conditions for t in (c.start_h, c.end_h)),
    }
    times = sorted(t for t in cuts if 0 <= t <= last)
    segments = tuple(
        Segment(
            after - now,
            tuple(jumps.get(now, ())),
            _held(plan, start + (now + 0.5) * TICK_H),
            tuple(Visit(at - now, tuple(places)) for at, places in visits.items() if now < at <= after),
            plan.people,
        )
        for now, after in pairwise(times)
    )
    opening = tuple(Visit(0, tuple(places)) for at, places in visits.items() if at == 0)
    return Timeline(segments, Segment(0, (), _held(plan, start), opening, plan.people))


def _enter(dose: Dose, way: dosing.Input, share: Values, layout: Layout, start_h: float) -> list[tuple[int, Jump]]:
    """Jumps of one way in of one dose: an amount at once, or a rate that starts and stops."""
    at, hours = tick(dose.time_h, start_h), _hours(way, dose)
    if hours == 0:
        return [(at, Jump(way.body, layout.row(way.compartment), dose.amount_mg, share))]
    length = max(1, round(hours / TICK_H))
    row, lasting = layout.port_row(way.compartment), length * TICK_H
    return [
        (at, Jump(way.body, row, dose.amount_mg, share, lasting)),
        (at + length, Jump(way.body, row, dose.amount_mg, share, -lasting)),
    ]


def _held(plan: Plan, time_h: float) -> tuple[Condition, ...]:
    return tuple(one for one in plan.conditions if one.start_h <= time_h < one.end_h)
