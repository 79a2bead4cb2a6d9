"""Treat: everything that is done to the people of every arm and stage, as one plan on one axis of time.

The plan holds every dose that anybody may come to be given, with an amount of zero for those who are not: what is decided on the way
changes amounts and never times, so that the grid of a trial stays the same from round to round.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racemate.people.random import uniform
from racemate.simulate.plan import Condition, Dose, Plan, nasal_session
from racemate.trial.conduct.believe import Spell, spells
from racemate.trial.conduct.world import Enrolled, Floats, Mask, Met, World
from racemate.trial.design import schedule
from racemate.trial.design.arm import CONTEXTS, Arm
from racemate.trial.design.arm import Dose as Prescribed
from racemate.trial.design.parts import Part, horizons, moments, parts
from racemate.trial.design.protocol import Protocol
from racemate.trial.design.stage import Decision

_MARGIN_H = 1.0
_SAME_H = 1e-3
"""Two times closer than four seconds are one, told in two ways."""
Given = dict[tuple[float, str, str, float], Floats]
Held = dict[tuple[float, float, str], Floats]
Most = dict[tuple[object, ...], float]


def plan(protocol: Protocol, world: World, enrolled: Enrolled, seed: int) -> Plan:
    """Everything that is done to the people of every arm, as one plan on one time axis.

    Where treatment is decided on the way, doses and conditions say as well how large they may become, so that everybody can be carried
    on the same grid from the beginning.
    """
    people = enrolled.roll.ids.size
    every = parts(protocol)
    open_ended = bool(horizons(every))
    visits = visiting(every)
    never = float(visits[-1]) + _MARGIN_H
    doses: Given = {}
    setting: Held = {}
    most: Most = {}
    antidepressant = np.full(people, never)
    for k, part in enumerate(every):
        for arm_number, arm in enumerate(part.protocol.conditions):
            belongs = enrolled.arm[k] == arm_number
            held, amounts = regimen(part, arm, enrolled.met[k], enrolled, seed)
            for start in part.starts:
                here = (belongs & (enrolled.start_h[k] == start)).astype(np.float64)
                _give(doses, part, arm, start, here, enrolled.ends_h(k), amounts)
                _set(setting, every, k, arm, start, here, enrolled, held)
                if open_ended:
                    _reach(most, every, k, arm, start, enrolled)
            if arm.new_antidepressant:
                antidepressant = np.where(belongs, np.minimum(antidepressant, enrolled.start_h[k]), antidepressant)
    once = _Once()
    given: list[Dose] = []
    for (hour, drug, route, duration), amount in sorted(doses.items()):
        mg = most.get((hour, drug, route, duration), 0.0)
        if route == "intranasal":
            devices = nasal_session(hour, drug, amount, world.dose, mg)
            given += (replace(device, amount_mg=once(device.amount_mg)) for device in devices)
        else:
            given.append(Dose(hour, drug, route, once(amount), duration, most_mg=mg))
    conditions = tuple(Condition(*spell, once(value), most.get(spell, 0.0)) for spell, value in sorted(setting.items()))
    return Plan(people, tuple(given), conditions, visits, antidepressant)


class _Once(dict[int, Floats]):
    """Equal values kept once: most weeks of a long trial do the same to everybody."""

    def __call__(self, values: Floats) -> Floats:
        known = self.setdefault(hash(values.tobytes()), values)
        return known if np.array_equal(known, values) else values


def same(one: Plan, other: Plan) -> bool:
    """True when a plan does what another one does to the same people and asks no more of them, so that it need not be run again."""
    mine, theirs = ((*plan.doses, *plan.conditions) for plan in (one, other))
    alike = len(one.doses) == len(other.doses) and len(one.conditions) == len(other.conditions)
    return (
        alike
        and bool(np.all(_asked(one) <= _asked(other)))
        and np.array_equal(one.antidepressant_start_h, other.antidepressant_start_h)
        and all(np.array_equal(_amount(a), _amount(b)) for a, b in zip(mine, theirs, strict=True))
    )


def _asked(plan: Plan) -> Floats:
    return np.full(plan.people, np.inf) if plan.asked_h is None else plan.asked_h


def _amount(part: Dose | Condition) -> Floats:
    return part.amount_mg if isinstance(part, Dose) else part.value


def visiting(every: tuple[Part, ...]) -> Floats:
    """Hours since the first dose of the trial at which anybody may be rated, ascending."""
    hours = np.unique([start + hour for part in every for start in part.starts for hour in part.protocol.visit_h])
    return hours[np.r_[True, np.diff(hours) > _SAME_H]]


def rows(visits_h: Floats, hours: Floats) -> np.ndarray:
    """Places among the visits of some hours, which may be infinite (then the last place)."""
    return np.minimum(np.searchsorted(visits_h, hours - _SAME_H), len(visits_h) - 1)


def regimen(part: Part, arm: Arm, met: Met, enrolled: Enrolled, seed: int) -> tuple[Mask, list[Floats]]:
    """Which sessions of an arm are held (sessions, people), and each dose's amounts in mg (times, people), as decided so far."""
    sessions = np.array(part.protocol.session_h(arm))
    until = _stopped(part, arm, met, enrolled)
    held = sessions[:, None] < until
    apart = _apart(part, arm, met, sessions)
    if apart is not None:
        held = _spaced(sessions, apart, held)
    amounts = []
    for number, dose in enumerate(arm.doses):
        hours = np.array(part.protocol.dose_h(dose))
        on = hours[:, None] < until
        if apart is not None:
            on &= _attended(hours + schedule.span(dose.lead), sessions, held)
        if dose.adherence is not None:
            index = np.arange(len(hours), dtype=np.uint64)[:, None]
            stream = f"trial:taken {part.name} {arm.name} {number}"
            on &= uniform(seed, stream, enrolled.roll.ids, index) < dose.adherence.share
        amounts.append(_amounts(part, arm, dose, hours, met, enrolled, seed) * on)
    return held, amounts


def _amounts(part: Part, arm: Arm, dose: Prescribed, hours: Floats, met: Met, enrolled: Enrolled, seed: int) -> Floats:
    usual = schedule.amount(dose.amount)
    other, share, after = usual, 0.0, np.inf
    if dose.flexible is not None:
        other, share = schedule.amount(dose.flexible.amount), dose.flexible.share
        after = part.protocol.at(dose.flexible.after)
    switched = uniform(seed, f"trial:flexible {dose.drug}", enrolled.roll.ids) < share
    mg = np.where(switched & (hours[:, None] >= after), other.mg, usual.mg)
    for decision in _taken(part, arm, "dose"):
        if decision.drug == dose.drug:
            ladder = np.array([0.0, *(schedule.amount(text).mg for text in decision.to)])
            steps = np.cumsum(met[decision.name], axis=0)
            steps = _latest(steps, moments(part.protocol, decision), hours, 0)
            mg = np.where(steps > 0, ladder[np.minimum(steps, len(ladder) - 1)], mg)
    return mg * (enrolled.cohort.covariate("weight") if usual.per_kg else np.ones(enrolled.roll.ids.size))


def _taken(part: Part, arm: Arm, *then: str) -> list[Decision]:
    """Decisions of a kind that concern an arm."""
    return [
        decision
        for decision in part.protocol.decisions
        if decision.then in then and (not decision.arms or arm.name in decision.arms)
    ]


def _latest(values: NDArray[Any], known_h: tuple[float, ...], hours: Floats, before: float) -> NDArray[Any]:
    """Values (moments, people) as last known at some hours; ``before`` until the first moment.  A moment comes before its session."""
    start = np.full((1, values.shape[1]), before, dtype=values.dtype)
    return np.concatenate([start, values])[np.searchsorted(np.array(known_h), hours + _SAME_H)]


def _stopped(part: Part, arm: Arm, met: Met, enrolled: Enrolled) -> Floats:
    """Hour of the part from which a person is not treated any more."""
    until = np.full(enrolled.roll.ids.size, np.inf)
    for decision in _taken(part, arm, "stop"):
        until = np.minimum(until, first_h(moments(part.protocol, decision), met[decision.name]))
    return until


def first_h(hours: tuple[float, ...], met: Mask) -> Floats:
    """Hour at which each person first met something, shape (people,); infinite for never."""
    return np.where(met.any(axis=0), np.array(hours)[met.argmax(axis=0)], np.inf)


def _apart(part: Part, arm: Arm, met: Met, sessions: Floats) -> Floats | None:
    """How far apart sessions are to be at each session (sessions, people); None where no decision speaks of it."""
    decisions = _taken(part, arm, "interval")
    if not decisions:
        return None
    shape = (len(sessions), met[decisions[0].name].shape[1])
    latest, apart = np.full(shape, -np.inf), np.zeros(shape)
    for decision in decisions:
        known = moments(part.protocol, decision)
        told = np.maximum.accumulate(np.where(met[decision.name], np.array(known)[:, None], -np.inf), axis=0)
        last = _latest(told, known, sessions, -np.inf)
        newer = np.isfinite(last) & (last >= latest)
        latest, apart = np.where(newer, last, latest), np.where(newer, schedule.span(decision.every), apart)
    return apart


def _spaced(sessions: Floats, apart: Floats, held: Mask) -> Mask:
    """Of the sessions that might be held, those far enough from the one before."""
    out, last = np.zeros_like(held), np.full(held.shape[1], -np.inf)
    for k, hour in enumerate(sessions):
        out[k] = held[k] & (hour - last >= apart[k] - _SAME_H)
        last = np.where(out[k], hour, last)
    return out


def _attended(hours: Floats, sessions: Floats, held: Mask) -> Mask:
    """Doses whose session is held; a dose without a session is given in any case."""
    place = np.minimum(np.searchsorted(sessions, hours - _SAME_H), max(len(sessions) - 1, 0))
    if not len(sessions):
        return np.ones((len(hours), held.shape[1]), dtype=bool)
    return held[place] | (np.abs(sessions[place] - hours) > _SAME_H)[:, None]


def _give(
    doses: Given, part: Part, arm: Arm, start: float, here: Floats, ends_h: Floats, amounts: list[Floats]
) -> None:
    for dose, mg in zip(arm.doses, amounts, strict=True):
        for hour, each in zip(part.protocol.dose_h(dose), mg, strict=True):
            amount = each * here * (start + hour < ends_h)
            key = (start + hour, dose.drug, dose.route, schedule.span(dose.over))
            doses[key] = doses[key] + amount if key in doses else amount


def _reach(most: Most, every: tuple[Part, ...], k: int, arm: Arm, start: float, enrolled: Enrolled) -> None:
    """The largest doses and settings that anybody of an arm may come to, whatever is decided."""
    part, heaviest = every[k], float(enrolled.cohort.covariate("weight").max())
    for dose in arm.doses:
        told = [dose.amount, *([dose.flexible.amount] if dose.flexible else [])]
        told += [text for one in _taken(part, arm, "dose") if one.drug == dose.drug for text in one.to]
        known = [schedule.amount(text) for text in told]
        mg = max(one.mg for one in known) * (heaviest if known[0].per_kg else 1.0)
        for hour in part.protocol.dose_h(dose):
            key = (start + hour, dose.drug, dose.route, schedule.span(dose.over))
            most[key] = max(most.get(key, 0.0), mg)
    for spell, _ in _spells(every, k, arm, start):
        value = _hope(arm) if spell[2] in CONTEXTS else 1.0
        most[spell] = max(most.get(spell, 0.0), value)


def _hope(arm: Arm) -> float:
    return arm.hope.mean if arm.hope is not None else 1.0


def _spells(every: tuple[Part, ...], k: int, arm: Arm, start: float) -> Iterator[tuple[Spell, int | None]]:
    """The setting of an arm of a part that begins at ``start``, until the trial or the next period ends it."""
    part = every[k]
    end = float(visiting(every)[-1]) + _MARGIN_H
    begin = start + part.protocol.baseline_h - (0.0 if k else _MARGIN_H)
    cuts = {s + later.protocol.baseline_h for later in every[k + 1 :] for s in later.starts}
    if k + 1 < len(every) and every[k + 1].stage is None:
        end = every[k + 1].starts[-1] + every[k + 1].protocol.baseline_h
    return spells(part.protocol, arm, begin, start, end, tuple(sorted(cuts)))


def _set(
    setting: Held, every: tuple[Part, ...], k: int, arm: Arm, start: float, here: Floats, enrolled: Enrolled, held: Mask
) -> None:
    ends_h = enrolled.ends_h(k)
    for spell, session in _spells(every, k, arm, start):
        value = here * (spell[0] < ends_h)
        if session is not None:
            value = value * held[session]
        if spell[2] in CONTEXTS:
            value = value * _hope(arm)
        setting[spell] = setting.get(spell, 0.0) + value
