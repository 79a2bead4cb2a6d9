"""Parts: a protocol cut into its periods and stages, each on its own clock, with every hour at which somebody may begin it.

The hours are known before anybody is treated: a decision is taken at ratings whose times the protocol states.  So one plan holds whatever
may happen to anyone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from racemate.trial.design import schedule
from racemate.trial.design.schedule import ProtocolError

if TYPE_CHECKING:
    from racemate.trial.design.protocol import Period, Protocol
    from racemate.trial.design.stage import Decision, Stage

MOST_STARTS = 500
_SLACK_H = 1e-6
_UNTREATED = ("note", "leave")
"""What a decision may lead to that changes no treatment."""


@dataclass(frozen=True)
class Part:
    """One period of the first part of a trial, or one stage; ``protocol`` is on the part's own clock."""

    name: str
    protocol: Protocol
    follows: int | None
    """Place of the part before it; None for the first."""
    starts: tuple[float, ...]
    """Hours since the first dose of the trial at which a person may begin it, ascending."""
    trigger: Decision | None = None
    """The decision of the part before that starts this one; None where time does."""
    due_h: float = 0.0
    """Without a trigger: the hour of the part before at which who enters is decided."""
    delay_h: float = 0.0
    """From the decision to the first session."""
    stage: Stage | None = None


def named(decisions: tuple[Decision, ...], name: str) -> Decision | None:
    """The decision of that name, if there is one."""
    return next((decision for decision in decisions if decision.name == name), None)


def moments(part: Protocol, decision: Decision) -> tuple[float, ...]:
    """Hours of a part at which a decision looks at the ratings; raises ProtocolError where they do not read."""
    if decision.at:
        return tuple(sorted({part.at(text) for text in decision.at}))
    since = part.at(decision.since) if decision.since else part.baseline_h
    rated = part.rated_h(decision.when[0].scale)
    return tuple(hour for hour in rated if hour > part.baseline_h and hour >= since)


def pairs(hours: tuple[float, ...], decision: Decision) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """Moments at which a decision can be met, each with the earlier moments that it may confirm (none without ``confirm``)."""
    if decision.confirm is None:
        return tuple((k, ()) for k in range(len(hours)))
    low, high = (schedule.span(text) for text in decision.confirm)
    found = []
    for k, hour in enumerate(hours):
        first = tuple(i for i, t in enumerate(hours[:k]) if low - _SLACK_H <= hour - t <= high + _SLACK_H)
        found += [(k, first)] if first else []
    return tuple(found)


def met_h(part: Protocol, decision: Decision) -> tuple[float, ...]:
    """Hours of a part at which a decision can be met."""
    hours = moments(part, decision)
    return tuple(hours[k] for k, _ in pairs(hours, decision))


def horizons(every: tuple[Part, ...]) -> tuple[float, ...]:
    """Hours since the first dose of the trial at which it is decided how somebody is treated from then on, ascending."""
    found: set[float] = set()
    for k, part in enumerate(every):
        started = {other.trigger.name for other in every if other.follows == k and other.trigger}
        treating = [one for one in part.protocol.decisions if one.then not in _UNTREATED or one.name in started]
        hours = {hour for one in treating for hour in met_h(part.protocol, one)}
        hours |= {other.due_h for other in every if other.follows == k and other.stage and not other.trigger}
        found |= {start + hour for start in part.starts for hour in hours}
    ascending = sorted(found)
    return tuple(hour for k, hour in enumerate(ascending) if not k or hour - ascending[k - 1] > _SLACK_H)


def parts(protocol: Protocol) -> tuple[Part, ...]:
    """The periods of a trial in order, then its stages, as declared; raises ProtocolError for a stage that follows none before it."""
    found: list[Part] = []
    for period in protocol.live_periods:
        found.append(_period(protocol, period, found[-1] if found else None, len(found) - 1))
    last, place = len(found) - 1, dict[str, int]()
    for stage in protocol.stages:
        if stage.follows and stage.follows not in place:
            raise ProtocolError(stage.follows, f"a stage before it: {', '.join(place) or 'none'}", "follows")
        follows = place[stage.follows] if stage.follows else last
        place[stage.name] = len(found)
        found.append(_stage(protocol, stage, found[follows], follows))
    return tuple(found)


def _period(protocol: Protocol, period: Period, before: Part | None, place: int) -> Part:
    latest = protocol.period_h(period)
    if before is None:
        return Part(period.name, protocol, None, (latest,))
    trigger, delay = named(protocol.decisions, period.start), schedule.span(period.after)
    starts = {latest}
    if trigger:
        starts |= {start + hour + delay for start in before.starts for hour in met_h(protocol, trigger)}
    ascending = tuple(sorted(start for start in starts if start <= latest))
    return Part(period.name, protocol, place, ascending, trigger, latest, delay)


def _stage(protocol: Protocol, stage: Stage, before: Part, follows: int) -> Part:
    trigger, delay = named(before.protocol.decisions, stage.start), schedule.span(stage.after)
    due = 0.0 if trigger else before.protocol.at(stage.start)
    hours = met_h(before.protocol, trigger) if trigger else (due,)
    starts = tuple(sorted({start + hour + delay for start in before.starts for hour in hours}))
    if len(starts) > MOST_STARTS:
        raise ProtocolError(len(starts), f"at most {MOST_STARTS} times at which the stage may begin", "start")
    return Part(stage.name, protocol.of_stage(stage), follows, starts, trigger, due, delay, stage)
