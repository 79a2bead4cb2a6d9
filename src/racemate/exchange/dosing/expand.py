"""Expand: the rows of an event table as doses in time, person by person and stretch by stretch.

A reset (EVID 3 or 4) empties the body, so what follows it is a *stretch* of its own: the same person, started anew, with neither the
doses before nor those that were still to come.  Steady state is reached by giving the dose often enough before: SS=1 starts a stretch
whose doses reach back, SS=2 adds such doses to what was given before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import ceil

from racemate.exchange.dosing.rules import MODELLED_DURATION
from racemate.exchange.dosing.table import RESETTING, Row, Table
from racemate.simulate.timeline import TICK_H
from racemate.trial.design.schedule import MOST_DOSES

Settle = Callable[[int, str], float]
"""Hours after which nothing measurable is left of a dose, by person and drug."""


@dataclass(frozen=True, order=True)
class Given:
    """One dose: hour of the table, drug, route, mg, and how long an infusion lasts (0 where the route decides)."""

    hour: float
    drug: str
    route: str
    mg: float
    hours: float


@dataclass(frozen=True)
class Reading:
    """A row of the table as it is read: its index, the hour to look at, the doses so far and the last one's hour."""

    row: int
    hour: float
    doses: int
    last_h: float | None


@dataclass(frozen=True)
class Stretch:
    """One person between two resets: what is given from when on, and which rows are read."""

    person: int
    start_h: float
    doses: tuple[Given, ...] = ()
    readings: tuple[Reading, ...] = ()


@dataclass
class _Open:
    """A stretch while it is read."""

    person: int
    start_h: float
    doses: list[Given] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    counted: list[float] = field(default_factory=list)
    """Hours of the doses of the table itself, run-in left out."""

    def closed(self) -> Stretch:
        first = min([self.start_h, *(dose.hour for dose in self.doses)])
        return Stretch(self.person, first, tuple(sorted(self.doses)), tuple(self.readings))


def expand(table: Table, settle: Settle) -> tuple[Stretch, ...]:
    """Stretches of every person, in the order of the table; raises EvidenceError for a steady state that takes too many doses."""
    index = {id(row): k for k, row in enumerate(table.rows)}
    found: list[Stretch] = []
    for person, rows in table.people().items():
        now = _Open(person, _hour(table, rows[0]))
        for row in rows:
            if row.evid in RESETTING or (row.doses and row.get("SS") == 1):
                now = _next(found, now, _Open(person, _hour(table, row), counted=list(now.counted)))
            elif row.doses and row.get("SS") == 2:
                now = _next(found, now, replace(now, doses=list(now.doses), readings=[], counted=list(now.counted)))
            if row.doses:
                _give(table, row, now, settle)
            now.readings.append(_reading(table, row, index[id(row)], now))
        found.append(now.closed())
    return tuple(stretch for stretch in found if stretch.readings)


def _next(found: list[Stretch], before: _Open, after: _Open) -> _Open:
    found.append(before.closed())
    return after


def _hour(table: Table, row: Row) -> float:
    """Hour of a row, on the engine's ticks, so that the same moment is the same number for everybody."""
    return snap(row.get("TIME") * table.sidecar.inside("time"))


def snap(hour: float) -> float:
    """The nearest moment that the engine knows."""
    return round(hour / TICK_H) * TICK_H


def _reading(table: Table, row: Row, index: int, now: _Open) -> Reading:
    """A row is read before a dose of the same time that follows it in the table, and a tick after one that precedes it."""
    hour = _hour(table, row)
    given = [at for at in now.counted if at <= hour]
    just = any(dose.hour == hour for dose in now.doses)
    return Reading(index, snap(hour + TICK_H) if just else hour, len(given), max(given, default=None))


def _give(table: Table, row: Row, now: _Open, settle: Settle) -> None:
    compartment = table.sidecar.cmt[int(row.get("CMT", 1))]
    hour, gap = _hour(table, row), row.get("II") * table.sidecar.inside("time")
    mg = row.get("AMT") * table.sidecar.inside("amount")
    rate = row.get("RATE")
    hours = 0.0 if rate in (0, MODELLED_DURATION) else row.get("AMT") / rate * table.sidecar.inside("time")
    before = _run_in(table, row, settle(row.person, compartment.drug), gap) if row.get("SS") else 0
    for k in range(-before, int(row.get("ADDL")) + 1):
        at = snap(hour + k * gap)
        now.doses.append(Given(at, compartment.drug, compartment.route, mg, hours))
        now.counted += [at] if k >= 0 else []


def _run_in(table: Table, row: Row, settle_h: float, gap: float) -> int:
    doses = ceil(settle_h / gap)
    if doses > MOST_DOSES:
        table.refuse(
            row, "II", row.get("II"), f"an interval at which steady state takes at most {MOST_DOSES} doses, not {doses}"
        )
    return doses
