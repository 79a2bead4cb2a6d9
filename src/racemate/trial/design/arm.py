"""Arm: what one group of people is given: drugs, sessions, what they believe, and a treatment that lies outside the chain."""

from __future__ import annotations

from itertools import pairwise
from typing import Self

from pydantic import Field, model_validator

from racemate.chain import dose as dosing
from racemate.chain.severity import Setting
from racemate.evidence.finding import nearest
from racemate.evidence.record import How, Number, Record, Text, Whole
from racemate.trial.design import schedule
from racemate.trial.design.schedule import ProtocolError, reading

CONTEXTS = tuple(name for name in Setting._fields if name not in ("session", "awake"))
NO_SESSIONS = "none"
MOST_LEAD_H = 7 * schedule.DAY_H
RUN_IN_H = 4 * 7 * schedule.DAY_H
"""How much of a drug taken long before the baseline is run: over five half-lives of the slowest tablet, methadone's day and a half."""
Share = Field(ge=0, le=1)


class Figure(Record):
    """One number about the people of a trial: mean and, where it varies, standard deviation; with where it was read."""

    mean: Number
    sd: Number = Field(default=0.0, ge=0)
    how: How
    source: str = ""
    place: str = ""
    note: str = ""


class Flexible(Record):
    """A dose that some people are given instead, from a moment on, as observed: ``share`` of those dosed."""

    amount: Text
    share: Number = Share
    after: Text
    how: How
    source: str = ""
    place: str = ""
    note: str = ""


class Adherence(Record):
    """Share of the doses that are taken; each is missed at random."""

    share: Number = Field(gt=0, le=1)
    how: How
    source: str = ""
    place: str = ""
    note: str = ""


class Comparator(Record):
    """A treatment outside the chain, as a course of improvement that adds to the natural one.

    ``size`` is its part of S in the typical person once it has come in full (`racemate.chain.severity`), over ``tau`` with a Weibull
    ``shape``; ``uncertain`` and ``person`` are standard deviations on the log scale, of the size between replicates and between people.
    """

    name: Text
    size: Number = Field(ge=0)
    tau: Text
    shape: Number = Field(default=1.0, gt=0, le=10)
    uncertain: Number = Field(default=0.0, ge=0, le=3)
    person: Number = Field(default=0.0, ge=0, le=5)
    how: How
    source: str = ""
    place: str = ""
    note: str = ""

    @model_validator(mode="after")
    def _known(self) -> Self:
        with reading("tau"):
            if schedule.span(self.tau) <= 0:
                raise ProtocolError(self.tau, "a time above zero")
        return self


class Dose(Record):
    """One drug of one arm: amount in mg or mg/kg, over how long, on which schedule, how long before the session.

    ``started`` says for how long before the baseline the drug had been taken already, at the interval of its schedule; the baseline
    is then rated on the drug.
    """

    drug: Text
    route: Text
    amount: Text
    over: str = "0 min"
    schedule: Text = "once"
    lead: str = "0 min"
    started: str = ""
    flexible: Flexible | None = None
    adherence: Adherence | None = None

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.drug not in dosing.drugs():
            raise ProtocolError(self.drug, f"{nearest(self.drug, dosing.drugs())}", "drug")
        if self.route not in dosing.routes(self.drug):
            raise ProtocolError(self.route, f"route of {self.drug}: one of {', '.join(dosing.routes(self.drug))}")
        for name in ("amount", "over", "lead"):
            with reading(name):
                (schedule.amount if name == "amount" else schedule.span)(getattr(self, name))
        if self.started:
            with reading("started"):
                schedule.span(self.started)
            if schedule.span(self.lead):
                raise ProtocolError(self.lead, "no lead for a drug that was started before the baseline", "lead")
        if self.flexible is not None:
            same_unit(self.flexible.amount, self.amount, "flexible.amount")
        return self

    def hours(self, first_day: int) -> tuple[float, ...]:
        """Hours since the first session at which the dose is given, ascending; below zero with a lead time or an earlier start."""
        lead = schedule.span(self.lead)
        times = tuple(hour - lead for hour in schedule.times(self.schedule, first_day))
        if not self.started:
            return times
        gap = min((after - before for before, after in pairwise(times)), default=0.0)
        if gap <= 0:
            raise ProtocolError(
                self.schedule, "a repeated schedule, which tells how the drug was taken before", "schedule"
            )
        reach = min(schedule.span(self.started), RUN_IN_H)
        return (*(times[0] - k * gap for k in range(int(reach // gap), 0, -1)), *times)


def same_unit(found: str, usual: str, field: str) -> None:
    """Refuse a second amount that is not in the unit of the first; raises ProtocolError."""
    with reading(field):
        other = schedule.amount(found)
    if other.per_kg != schedule.amount(usual).per_kg:
        raise ProtocolError(found, f"the unit of {usual!r}", field)


class Arm(Record):
    """One arm of a parallel trial or of a stage, or one condition of a crossover."""

    name: Text
    n: Whole | None = Field(default=None, ge=1)
    """People in it; in a stage, how many of those who enter go here relative to the other arms."""
    doses: tuple[Dose, ...] = Field(default=(), alias="dose")
    sessions: str = ""
    """When treatment sessions are held, or "none"; left out, at the doses that have no lead time."""
    context: str = ""
    hope: Figure | None = None
    """Hope that this setting raises, relative to that of its context (mean; the standard deviation is not drawn)."""
    awake: bool = True
    new_antidepressant: bool = False
    comparator: Comparator | None = None
    baseline: Figure | None = None
    dropout: Number = Field(default=0.0, ge=0, lt=1)
    """Share who leave before the last visit (of a crossover: of the whole trial, from `Protocol.dropout`)."""
    dropout_how: How = "assumed"
    simulate: bool = True
    note: str = ""

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.context and self.context not in CONTEXTS:
            raise ProtocolError(self.context, f"one of {', '.join(CONTEXTS)}", "context")
        if self.hope is not None and self.hope.mean < 0:
            raise ProtocolError(self.hope.mean, "a factor of at least zero", "hope.mean")
        return self

    def session_hours(self, first_day: int) -> tuple[float, ...]:
        """Hours at which treatment sessions start; without ``sessions`` at the doses that have neither lead time nor earlier start."""
        if self.sessions == NO_SESSIONS:
            return ()
        if self.sessions:
            return schedule.times(self.sessions, first_day)
        given = [dose for dose in self.doses if not schedule.span(dose.lead)]
        return tuple(
            sorted({hour for dose in given for hour in dose.hours(first_day) if not dose.started or hour >= 0})
        )
