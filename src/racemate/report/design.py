"""Design: what a trial does, when and to whom, laid out on one axis of time; and what a reader must know before believing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from racemate.evidence.record import DOUBTFUL
from racemate.trial.design import schedule
from racemate.trial.design.parts import met_h, parts
from racemate.trial.design.schedule import DAY_H

if TYPE_CHECKING:
    from racemate.evidence.record import Bias, Trial
    from racemate.trial.design.parts import Part
    from racemate.trial.design.protocol import Arm, Protocol
    from racemate.trial.design.stage import Decision, Rule

NOTHING = "no drug"
NOT_FOUND = "not found"
_HOURLY_H = 2 * DAY_H
"""A trial that is over so soon is told in hours."""
_OPEN_END = 0.08
"""How far a last period without visits is drawn, as a share of the time before it."""


@dataclass(frozen=True)
class Course:
    """One drug, or sessions without one, in one arm of a parallel trial or one sequence of a crossover; times in hours."""

    row: str
    drug: str
    told: str
    hours: tuple[float, ...]


@dataclass(frozen=True)
class Span:
    """One period or stage of a trial, from hour to hour; simulated or only published."""

    name: str
    start: float
    end: float
    simulated: bool
    kind: str = "period"


@dataclass(frozen=True)
class Turn:
    """A decision taken from people's own ratings: what it does, and the hours at which it is looked at first."""

    name: str
    told: str
    hours: tuple[float, ...]


@dataclass(frozen=True)
class Design:
    """A trial on its axis of time: hours since its first dose, and the number the trial gives to the day of that dose."""

    courses: tuple[Course, ...]
    visits: tuple[float, ...]
    spans: tuple[Span, ...]
    turns: tuple[Turn, ...]
    first_day: int

    @property
    def rows(self) -> tuple[str, ...]:
        """Arms of a parallel trial, sequences of a crossover."""
        return tuple(dict.fromkeys(course.row for course in self.courses))

    @property
    def ends(self) -> tuple[float, float]:
        """First and last hour of anything."""
        hours = [hour for course in self.courses for hour in course.hours]
        hours += [hour for turn in self.turns for hour in turn.hours]
        hours += [*self.visits, *(hour for span in self.spans for hour in (span.start, span.end))]
        return min(hours, default=0.0), max(hours, default=0.0)

    @property
    def hourly(self) -> bool:
        """True for a trial that is told in hours after the first dose, and not in its own days."""
        low, high = self.ends
        return high - low <= _HOURLY_H

    def shown(self, hour: float) -> float:
        """An hour on the axis that people read: hours, or days as the trial numbers them."""
        return hour if self.hourly else hour / DAY_H + self.first_day

    @property
    def unit(self) -> str:
        """What the axis counts."""
        return "hours after the first dose" if self.hourly else "day of the trial"


def design(protocol: Protocol) -> Design:
    """Lay a protocol out: a row for each arm, or for each sequence of a crossover with its arms in their periods, then the stages.

    What starts when a decision is met is laid out where it can start first.
    """
    every = parts(protocol)
    starts = [part.starts[0] for part in every if part.stage is None]
    courses: list[Course] = []
    if protocol.crossover:
        for sequence in protocol.sequences:
            row = f"{sequence.name} (n {sequence.n})"
            for start, name in zip(starts, sequence.arms, strict=True):
                courses += _courses(protocol, protocol.arm(name), row, start)
    else:
        for arm in _shown(protocol):
            size = "" if arm.n is None else f" (n {arm.n})"
            courses += _courses(
                protocol, arm, f"{arm.name}{size}{'' if arm.simulate else ', not simulated'}", starts[0]
            )
    for part in every:
        if part.stage is not None:
            for arm in part.protocol.conditions:
                courses += _courses(part.protocol, arm, f"{part.name}: {arm.name}", part.starts[0])
    visits = tuple(sorted({part.starts[0] + hour for part in every for hour in part.protocol.visit_h}))
    return Design(tuple(courses), visits, tuple(_spans(protocol, every, visits)), _turns(every), protocol.first_day)


def days(protocol: Protocol) -> float:
    """Days from the first dose of a trial to the last rating of its simulated part."""
    return max(part.starts[-1] + part.protocol.visit_h[-1] for part in parts(protocol)) / DAY_H


def _shown(protocol: Protocol) -> list[Arm]:
    """The arms of the first part; one that only a stage has is drawn with the stage."""
    later = {arm.name for stage in protocol.stages for arm in stage.arms}
    return [arm for arm in protocol.arms if arm.simulate or arm.name not in later]


def _turns(every: tuple[Part, ...]) -> tuple[Turn, ...]:
    found: dict[tuple[str, str], set[float]] = {}
    for part in every:
        for decision in part.protocol.decisions:
            where = f"{part.name}: {decision.name}" if part.stage is not None else decision.name
            hours = {part.starts[0] + hour for hour in met_h(part.protocol, decision)}
            found.setdefault((where, told(decision)), set()).update(hours)
    return tuple(Turn(name, what, tuple(sorted(hours))) for (name, what), hours in found.items())


def told(decision: Decision) -> str:
    """What a decision does, in words, and on which conditions."""
    does = {
        "note": "noted",
        "stop": "treatment stops",
        "leave": "leaves the trial",
        "dose": f"{decision.drug} to {', '.join(decision.to)}",
        "interval": f"sessions at least {decision.every} apart",
    }[decision.then]
    rules = "; ".join(_rule(rule) for rule in decision.when)
    confirmed = f", and again {' to '.join(decision.confirm)} later" if decision.confirm else ""
    return f"{does} when {rules}{confirmed}"


def _rule(rule: Rule) -> str:
    if rule.chance is not None:
        return f"chance {rule.chance:g}"
    ends = [
        f"{word} {end:g}" for word, end in (("at least", rule.at_least), ("at most", rule.at_most)) if end is not None
    ]
    what = rule.rule or " and ".join(ends)
    when = f" at {', '.join(rule.at)}" if rule.at else ""
    return f"{what} on {rule.scale}{when}{f' ({rule.least} of {len(rule.at)})' if rule.least else ''}"


def _courses(protocol: Protocol, arm: Arm, row: str, start: float) -> list[Course]:
    found: list[Course] = []
    given: set[float] = set()
    for dose in arm.doses:
        hours = protocol.dose_h(dose)
        over = "" if not schedule.span(dose.over) else f" over {dose.over}"
        found.append(Course(row, dose.drug, f"{dose.amount} {dose.route}{over}", tuple(start + h for h in hours)))
        if not schedule.span(dose.lead):
            given.update(hours)
    empty = tuple(start + hour for hour in protocol.session_h(arm) if hour not in given)
    if empty or not arm.doses:
        found.append(Course(row, NOTHING, "session", empty))
    return found


def _spans(protocol: Protocol, every: tuple[Part, ...], visits: tuple[float, ...]) -> list[Span]:
    stages = {part.name for part in every if part.stage is not None}
    periods = [period for period in protocol.periods if period.name not in stages]
    if not periods and not stages:
        return []
    live = {part.name: part.starts[0] for part in every if part.stage is None}
    begin = {period.name: live.get(period.name, protocol.period_h(period)) for period in periods}
    known = sorted({*begin.values(), *(part.starts[0] for part in every)})
    last = max([*visits, *known])
    if last == known[-1]:
        last += _OPEN_END * (last - known[0])
    spans: list[Span] = []
    for period in periods:
        start = begin[period.name]
        following = [hour for hour in known if hour > start]
        end = start + protocol.visit_h[-1] if period.simulate else min(following, default=last)
        spans.append(Span(period.name, start, min([end, *following]), period.simulate))
    later = [part for part in every if part.stage is not None]
    return spans + [
        Span(part.name, part.starts[0], part.starts[0] + part.protocol.visit_h[-1], simulated=True, kind="stage")
        for part in later
    ]


def bias(told: Bias, blinding: str = "") -> list[tuple[str, str]]:
    """Risk of bias, a line per question with what is known; what nobody found is told as such."""
    blinded = NOT_FOUND if told.blinded is None else {"none": "no"}.get(told.blinded, told.blinded)
    return [
        ("randomised", _answer(told.randomised)),
        ("blinded", blinded + (f": {blinding}" if blinding else "")),
        ("blinding checked", _answer(told.blinding_checked)),
        ("control", told.control or NOT_FOUND),
        ("stopped early", _answer(told.early_stop)),
        ("open label", _answer(told.open_label)),
    ]


def _answer(known: bool | None) -> str:
    return NOT_FOUND if known is None else "yes" if known else "no"


def features(trial: Trial, protocol: Protocol) -> dict[str, Any]:
    """One trial as a row of the feature matrix; a question that nobody found an answer to is None."""
    arms = [arm for part in parts(protocol) for arm in part.protocol.conditions]
    given = [dose for arm in arms for dose in arm.doses]
    return {
        "id": trial.id,
        "title": trial.title,
        "use": trial.use,
        "people": protocol.people,
        "arms": len(protocol.conditions),
        "drugs": ", ".join(dict.fromkeys(dose.drug for dose in given)),
        "routes": ", ".join(dict.fromkeys(dose.route for dose in given)),
        "control": trial.bias.control,
        "randomised": trial.bias.randomised,
        "blinded": trial.bias.blinded,
        "blinding_checked": trial.bias.blinding_checked,
        "early_stop": trial.bias.early_stop,
        "open_label": trial.bias.open_label,
        "crossover": protocol.crossover,
        "scales": ", ".join(protocol.every_scale),
        "days": days(protocol),
        "rows": len(trial.observations),
        "recalled": sum(row.how in DOUBTFUL for row in trial.observations),
        "sources": ", ".join(trial.sources),
    }
