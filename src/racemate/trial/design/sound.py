"""Sound: what must fit together in a whole protocol: times in order, names that exist, doses that can be given, people who can enter."""

from __future__ import annotations

from itertools import pairwise
from math import gcd
from typing import TYPE_CHECKING

from racemate.evidence.finding import nearest
from racemate.trial.design import schedule
from racemate.trial.design.arm import CONTEXTS, MOST_LEAD_H, NO_SESSIONS, same_unit
from racemate.trial.design.parts import Part, moments, named, pairs, parts
from racemate.trial.design.schedule import ProtocolError, reading, within
from racemate.trial.design.scheme import COMPLETERS, EVERYONE, FELT_SCALE, MOOD_SCALES, Look

if TYPE_CHECKING:
    from racemate.trial.design.arm import Arm
    from racemate.trial.design.protocol import Protocol
    from racemate.trial.design.stage import Decision, Entry, Rule, Stage


def check(protocol: Protocol) -> None:
    """Refuse a protocol whose parts do not fit together; raises ProtocolError naming field, found and allowed."""
    for field in ("arms", "periods", "sequences", "groups", "patterns", "decisions", "stages"):
        _unique([part.name for part in getattr(protocol, field)], field.removesuffix("s"))
    _check_setting(protocol)
    if not protocol.conditions:
        raise ProtocolError("no arm", "at least one with simulate = true", "arm")
    _check_part(protocol)
    _check_design(protocol)
    _check_people(protocol)
    for number, stage in enumerate(protocol.stages):
        with within(f"stage {stage.name!r}"):
            _check_stage(protocol, stage, number)


def _unique(names: list[str], field: str) -> None:
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ProtocolError(twice[0], "each name once", field)


def _check_setting(protocol: Protocol) -> None:
    if protocol.context not in CONTEXTS:
        raise ProtocolError(protocol.context, f"one of {', '.join(CONTEXTS)}", "context")
    with reading("session"):
        if schedule.span(protocol.session) <= 0:
            raise ProtocolError(protocol.session, "a time above zero")
    for name, figure in protocol.population.items():
        ends = (0, 150) if name == "age" else (20, 400) if name == "weight" else (0, 1)
        if not ends[0] <= figure.mean <= ends[1]:
            raise ProtocolError(figure.mean, f"{ends[0]} to {ends[1]}", f"population.{name}.mean")
    if protocol.baseline_scale not in MOOD_SCALES:
        raise ProtocolError(protocol.baseline_scale, f"one of {', '.join(MOOD_SCALES)}", "baseline_scale")


def _check_part(part: Protocol) -> None:
    """What holds for the first part of a trial and for each stage alike."""
    for arm in part.conditions:
        _check_doses(part, arm)
    for rating in part.ratings:
        with reading(f"rating of {rating.scale!r}.at"):
            for text in rating.at:
                schedule.moment(text, part.first_day)
    for decision in part.decisions:
        with within(f"decision {decision.name!r}"):
            _check_decision(part, decision)
    _check_names(part)


def _check_doses(part: Protocol, arm: Arm) -> None:
    for dose in arm.doses:
        where = f"arm {arm.name!r}.dose of {dose.drug}"
        with within(where), reading("schedule"):
            first = part.dose_h(dose)[0]
        if not dose.started and first < -MOST_LEAD_H:
            allowed = "at most a week before the first session; what was taken before the baseline has started"
            raise ProtocolError(dose.lead, allowed, f"{where}.lead")
        if dose.flexible is not None:
            with reading(f"{where}.flexible.after"):
                schedule.moment(dose.flexible.after, part.first_day)
    with reading(f"arm {arm.name!r}.sessions"):
        if not part.session_h(arm) and arm.sessions != NO_SESSIONS:
            raise ProtocolError(arm.sessions, f"a schedule, as no dose tells it, or {NO_SESSIONS!r}")


def _check_names(part: Protocol) -> None:
    arms, scales = {arm.name for arm in part.conditions}, set(part.scales)
    groups = {group.name for group in part.groups} | {EVERYONE, COMPLETERS}
    for look in (*part.groups, *part.analyses, *(line for pattern in part.patterns for line in pattern.expect)):
        for name, known, field in (
            *((arm, arms, "arm") for arm in look.named_arms),
            (look.outcome, scales | {"dropout"}, "outcome"),
            (look.group or EVERYONE, groups, "group"),
        ):
            if name not in known:
                raise ProtocolError(name, nearest(name, known), f"{look.label}.{field}")
        _check_visits(part, look)
    events = {decision.name for decision in part.decisions}
    for analysis in part.analyses:
        for names, known, field in (
            ((analysis.event,) if analysis.event else (), events, "event"),
            (analysis.strata, part.randomise.strata, "strata"),
        ):
            for name in names:
                if name not in known:
                    raise ProtocolError(name, nearest(name, known), f"{analysis.label}.{field}")


def _check_visits(part: Protocol, look: Look) -> None:
    with reading(f"{look.label}.at"):
        hours = {text: part.at(text) for text in look.at}
    rated = part.rated_h(look.outcome) if look.outcome in part.scales else tuple(hours.values())
    for text, hour in hours.items():
        if hour not in rated:
            raise ProtocolError(text, f"a time at which {look.outcome} is rated", f"{look.label}.at")


def _check_decision(part: Protocol, decision: Decision) -> None:
    arms = {arm.name for arm in part.conditions}
    for name in decision.arms:
        if name not in arms:
            raise ProtocolError(name, nearest(name, arms), "arms")
    for rule in decision.when:
        _check_scale(part, rule)
    with reading("at"):
        hours = moments(part, decision)
    if not pairs(hours, decision):
        raise ProtocolError(decision.at or decision.since, "times of which at least one can meet it", "at")
    for rule in decision.when:
        _check_looks(part, rule, hours[0])
    if decision.then == "dose":
        chosen = [arm for arm in part.conditions if arm.name in (decision.arms or arms)]
        doses = [dose for arm in chosen for dose in arm.doses if dose.drug == decision.drug]
        if not doses:
            raise ProtocolError(decision.drug, "a drug that the arms are given", "drug")
        for dose in doses:
            for amount in decision.to:
                same_unit(amount, dose.amount, "to")


def _check_scale(part: Protocol, rule: Rule) -> None:
    if rule.chance is not None:
        return
    if rule.scale not in part.scales:
        raise ProtocolError(rule.scale, nearest(rule.scale, set(part.scales)), "when.scale")
    if rule.rule is not None and rule.rule.endswith("remission") and rule.scale not in part.remission:
        raise ProtocolError(rule.scale, "a scale with a cut-off in remission", "when.rule")


def _check_looks(part: Protocol, rule: Rule, first: float) -> None:
    """A rule may look at ratings up to the first time its decision is taken, and at one at least."""
    if rule.chance is not None:
        return
    rated = part.rated_h(rule.scale)
    for text in rule.at:
        with reading("when.at"):
            if part.at(text) not in rated or part.at(text) > first:
                raise ProtocolError(text, f"a time at which {rule.scale} is rated, no later than the decision")
    if not rule.at and rated[0] > first:
        raise ProtocolError(rule.scale, "a scale that is rated before the decision", "when.scale")


def _check_design(protocol: Protocol) -> None:
    live = protocol.live_periods
    conditions = {arm.name for arm in protocol.conditions}
    for sequence in protocol.sequences:
        if len(sequence.arms) != len(live):
            raise ProtocolError(
                sequence.arms, f"one arm for each of {len(live)} periods", f"sequence {sequence.name!r}"
            )
        if set(sequence.arms) != conditions:
            raise ProtocolError(sequence.arms, "every arm of the trial once", f"sequence {sequence.name!r}")
    if not protocol.sequences and len(live) > 1:
        raise ProtocolError(len(live), "one with simulate = true, unless the trial has sequences", "period")
    groups = [group.n or 0 for group in protocol.sequences or protocol.conditions]
    if protocol.randomise.block and protocol.randomise.block % (sum(groups) // gcd(*groups) if all(groups) else 1):
        raise ProtocolError(protocol.randomise.block, f"a multiple of {sum(groups) // gcd(*groups)}", "randomise.block")
    if not protocol.sequences and any(arm.n is None for arm in protocol.conditions):
        raise ProtocolError(None, "people per arm", "arm.n")
    _check_periods(protocol)


def _check_periods(protocol: Protocol) -> None:
    for number, period in enumerate(protocol.periods):
        by_decision = number and named(protocol.decisions, period.start)
        with within(f"period {period.name!r}"):
            for field in ("latest",) if by_decision else ("start",):
                with reading(field):
                    schedule.moment(getattr(period, field), protocol.first_day)
            with reading("after"):
                schedule.span(period.after)
            if period.latest and not by_decision:
                raise ProtocolError(period.latest, "a latest start only where a decision starts the period", "latest")
    last = protocol.visit_h[-1] - protocol.visit_h[0]
    found = parts(protocol.model_copy(update={"stages": ()}))
    for before, after in pairwise(found):
        gap = after.starts[-1 if after.trigger else 0] - before.starts[-1]
        if gap <= (0 if after.trigger else last):
            allowed = "ratings end before the next period"
            raise ProtocolError(f"{last:g} h from baseline to the last rating", allowed, "rating.at")


def _check_people(protocol: Protocol) -> None:
    asked = (("leaving", protocol.leaving), ("guess", protocol.guess))
    for name, told in asked:
        if told is None:
            continue
        if (told.per_point or name == "guess") and told.scale not in protocol.scales:
            raise ProtocolError(told.scale, nearest(told.scale, set(protocol.scales)), f"{name}.scale")
        if told.per_felt and FELT_SCALE not in protocol.scales:
            raise ProtocolError(told.per_felt, f"zero, or ratings of {FELT_SCALE}", f"{name}.per_felt")
    if protocol.guess is not None:
        with reading("guess.at"):
            hour = protocol.at(protocol.guess.at)
        if protocol.crossover or hour not in protocol.rated_h(protocol.guess.scale):
            allowed = f"a time of a parallel trial at which {protocol.guess.scale} is rated"
            raise ProtocolError(protocol.guess.at, allowed, "guess.at")


def _check_stage(protocol: Protocol, stage: Stage, number: int) -> None:
    for field in ("arms", "decisions", "groups", "patterns"):
        _unique([part.name for part in getattr(stage, field)], field.removesuffix("s"))
    if stage.name in {period.name for period in protocol.live_periods if protocol.periods}:
        raise ProtocolError(stage.name, "a name that no simulated period has", "name")
    if stage.context and stage.context not in CONTEXTS:
        raise ProtocolError(stage.context, f"one of {', '.join(CONTEXTS)}", "context")
    view = protocol.of_stage(stage)
    if not view.conditions:
        raise ProtocolError("no arm", "at least one with simulate = true", "arm")
    _check_part(view)
    with reading("start"):
        found = parts(protocol.model_copy(update={"stages": protocol.stages[: number + 1]}))
    before = found[found[-1].follows or 0]
    _check_start(stage, found[-1], before)
    for entry in stage.entries:
        with within(f"enter {entry.name!r}" if entry.name else "enter"):
            _check_entry(entry, found[-1], before)


def _check_start(stage: Stage, part: Part, before: Part) -> None:
    if part.trigger is None and part.due_h <= before.protocol.baseline_h:
        raise ProtocolError(
            stage.start, "a time after the baseline of the part before, or one of its decisions", "start"
        )


def _check_entry(entry: Entry, part: Part, before: Part) -> None:
    arms, own = {arm.name for arm in before.protocol.conditions}, {arm.name for arm in part.protocol.conditions}
    for names, known, field in ((entry.arms, arms, "arms"), (entry.to, own, "to")):
        for name in names:
            if name not in known:
                raise ProtocolError(name, nearest(name, known), field)
    into = [arm for arm in part.protocol.conditions if arm.name in (entry.to or own)]
    if len(into) > 1 and any(arm.n is None for arm in into):
        raise ProtocolError(None, "how many go to each arm, relative to the others", "arm.n")
    first = moments(before.protocol, part.trigger)[0] if part.trigger else part.due_h
    for rule in entry.when:
        _check_scale(before.protocol, rule)
        _check_looks(before.protocol, rule, first)
