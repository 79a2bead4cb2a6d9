"""Decide: what follows from people's own ratings, and rounds of treatment until nobody's treatment changes any more.

As a rule people are treated and rated from one hour of decision to the next.  Where that cannot be, because who leaves early hangs on
later ratings as well, everybody is treated to the end, round after round.  A round treats and rates everybody under what is decided so
far, and decides anew from those ratings.  Since every draw belongs to a person and a time, and what is decided at a time only moves what
comes after it, the first thing that a round changes for a person stands from then on.  So each round settles at least the next change
of everybody, most settle many, and the rounds come to an end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from racemate.people.random import uniform
from racemate.trial.conduct.allocate import again
from racemate.trial.conduct.rate import Data
from racemate.trial.conduct.treat import first_h
from racemate.trial.conduct.world import Enrolled, Floats, Mask, Met, Whole
from racemate.trial.design.parts import Part, horizons, moments, pairs, parts
from racemate.trial.design.protocol import Protocol
from racemate.trial.design.stage import NOTHING, Decision, Entry, Rule

_SLACK = 1e-9
_SLACK_H = 1e-3


def rounds(protocol: Protocol, enrolled: Enrolled, seed: int, run: Callable[[Enrolled, float], Data]) -> Data:
    """Treat and rate until what is decided from the ratings is what they were treated by; a trial without decisions once.

    ``run`` is told up to which hour it is decided how people are treated, and gives the ratings up to then (infinite: all of them).
    """
    if protocol.staged and not _foresees(protocol):
        enrolled = _onward(protocol, enrolled, seed, run)
    while True:
        data = run(enrolled, np.inf)
        if not protocol.staged:
            return data
        following = decide(protocol, enrolled, data, seed)
        if np.array_equal(following.settled_h, enrolled.settled_h):
            return _told(protocol, following, data)
        enrolled = following


def _foresees(protocol: Protocol) -> bool:
    """True when who leaves early hangs on later ratings, as it does where a published share of leavers is met by their scores."""
    own = [part.protocol for part in parts(protocol)]
    return any(one.leaving is not None and not one.crossover for one in own)


def _onward(protocol: Protocol, enrolled: Enrolled, seed: int, run: Callable[[Enrolled, float], Data]) -> Enrolled:
    """Treat and decide from one hour of decision to the next, so that nobody is treated by what is not decided yet.

    What is decided at an hour may decide more at the same hour (who enters a stage is asked at its baseline), so each hour is asked
    until nothing changes.
    """
    before = -np.inf
    for hour in horizons(parts(protocol)):
        while True:
            now = replace(enrolled, settled_h=np.full(enrolled.roll.ids.size, before))
            enrolled = decide(protocol, now, run(now, hour), seed, hour)
            if np.array_equal(enrolled.settled_h, now.settled_h):
                break
        before = hour + _SLACK_H
    return replace(enrolled, settled_h=np.full(enrolled.roll.ids.size, before))


def _told(protocol: Protocol, enrolled: Enrolled, data: Data) -> Data:
    """The data with the hours at which each decision was first met, of every part."""
    found: dict[str, dict[str, Floats]] = {}
    for k, part in enumerate(parts(protocol)):
        for one in part.protocol.decisions:
            hours = enrolled.roll.fold(first_h(moments(part.protocol, one), enrolled.met[k][one.name]))
            earlier = found.setdefault(part.stage.name if part.stage else "", {})
            earlier[one.name] = np.minimum(earlier[one.name], hours) if one.name in earlier else hours
    stages = {name: replace(one, met_h=found.get(name, {})) for name, one in data.stages.items()}
    return replace(data, met_h=found.get("", {}), stages=stages, enrolled=enrolled)


def decide(protocol: Protocol, enrolled: Enrolled, data: Data, seed: int, until_h: float = np.inf) -> Enrolled:
    """Everybody's arms, starts and decisions up to an hour as the ratings of a round have it.

    ``settled_h`` moves on where a treatment changed.
    """
    every = parts(protocol)
    now = _Now(enrolled, until_h)
    for k, part in enumerate(every):
        if part.stage is not None:
            now.move(part, k, *_enter(every, k, enrolled, data, now, seed))
        elif part.trigger is not None:
            now.move(part, k, enrolled.arm[k], _begin(every, k, now), enrolled.entry[k])
        book = _Book(part, k, enrolled, data)
        triggers = {other.trigger.name for other in every if other.follows == k and other.trigger}
        met: Met = {}
        for one in part.protocol.decisions:
            acts = one.then != NOTHING or one.name in triggers
            met |= {one.name: now.stand(k, book, one, _met(book, one, seed), acts)}
        now.met.append(met)
    return replace(
        enrolled, arm=now.arm, start_h=now.start, entry=now.entry, met=tuple(now.met), settled_h=now.settled()
    )


class _Now:
    """What a round decides, where that is not settled yet, and from when on it differs from what the round was treated by."""

    def __init__(self, before: Enrolled, until_h: float) -> None:
        self.before, self.until_h = before, until_h + _SLACK_H
        self.arm, self.start, self.entry = before.arm.copy(), before.start_h.copy(), before.entry.copy()
        self.met: list[Met] = []
        self.changed_h = np.full(before.roll.ids.size, np.inf)

    def settled(self) -> Floats:
        """Hours up to which what is decided of a person stands: the first thing that changed follows from what stood already."""
        changed = np.isfinite(self.changed_h)
        return np.where(changed, np.maximum(self.changed_h, self.before.settled_h), self.before.settled_h)

    def move(self, part: Part, k: int, arm: Whole, start: Floats, entry: Whole) -> None:
        """Put people into a part, where that was not settled otherwise."""
        due = np.minimum(start, self.before.start_h[k]) - part.delay_h
        other = (arm != self.before.arm[k]) | (start != self.before.start_h[k]) | (entry != self.before.entry[k])
        other &= (due > self.before.settled_h) & (due <= self.until_h)
        self.arm[k], self.start[k] = np.where(other, arm, self.arm[k]), np.where(other, start, self.start[k])
        self.entry[k] = np.where(other, entry, self.entry[k])
        self.changed_h = np.where(other, np.minimum(self.changed_h, due), self.changed_h)

    def stand(self, k: int, book: _Book, decision: Decision, met: Mask, acts: bool) -> Mask:
        """Who meets a decision, where that was not settled otherwise; one that does not act is told as the ratings have it."""
        if not acts:
            return met
        hours = np.array(moments(book.part.protocol, decision))[:, None] + self.start[k]
        old = self.before.met[k][decision.name]
        other = (met != old) & (hours > self.before.settled_h) & (hours <= self.until_h)
        first = np.where(other, hours, np.inf).min(axis=0, initial=np.inf)
        self.changed_h = np.minimum(self.changed_h, first)
        return np.where(other, met, old)


class _Book:
    """The ratings of one part, person by person, whatever their arm."""

    def __init__(self, part: Part, place: int, enrolled: Enrolled, data: Data) -> None:
        self.part, self.place, self.enrolled, self.main = part, place, enrolled, data
        self.data = data if part.stage is None else data.stages[part.name]

    def score(self, scale: str) -> tuple[Floats, Mask]:
        """Ratings and who has them, shape (times, people) each."""
        roll, own = self.enrolled.roll, self.part.protocol
        shape = (len(own.rated_h(scale)), roll.ids.size)
        value, seen = np.zeros(shape), np.zeros(shape, dtype=bool)
        for index, arm in enumerate(own.conditions):
            here = self.enrolled.arm[self.place] == index
            value[:, here] = roll.unfold(self.data.value[arm.name, scale])[:, here]
            seen[:, here] = roll.unfold(self.data.seen[arm.name, scale])[:, here]
        return value, seen

    def first(self, scale: str) -> Floats:
        """The rating at the baseline of the whole trial, shape (people,); zero where it was not made."""
        roll, value = self.enrolled.roll, np.zeros(self.enrolled.roll.ids.size)
        for index, arm in enumerate(self.main.protocol.conditions):
            if scale in self.main.protocol.scales:
                score = roll.unfold(self.main.value[arm.name, scale][0])
                value = np.where(self.enrolled.arm[0] == index, score, value)
        return value

    def present(self, hours: Floats) -> Mask:
        """Who is in the part at some of its hours and has not left, shape (hours, people)."""
        inside = self.enrolled.arm[self.place] >= 0
        own = np.where(inside, self.enrolled.start_h[self.place], 0.0)
        first = self.enrolled.start_h[0] if self.part.stage is None else own
        until = np.minimum(self.enrolled.roll.unfold(self.data.until_h) + first, self.enrolled.ends_h(self.place))
        return inside & (own + hours[:, None] <= until + _SLACK_H)

    def among(self, names: tuple[str, ...]) -> Mask:
        """Who is in one of the arms; without names everybody in the part."""
        own = [arm.name for arm in self.part.protocol.conditions]
        chosen = [own.index(name) for name in names] if names else range(len(own))
        return np.isin(self.enrolled.arm[self.place], list(chosen))


def _met(book: _Book, decision: Decision, seed: int) -> Mask:
    """Who meets a decision at each of its moments, shape (moments, people)."""
    hours = moments(book.part.protocol, decision)
    plain = book.present(np.array(hours)) & book.among(decision.arms)
    for number, rule in enumerate(decision.when):
        plain = plain & _holds(book, rule, np.array(hours), seed, f"{decision.name} {number}")
    met = np.zeros_like(plain)
    for k, earlier in pairs(hours, decision):
        met[k] = plain[k] & (plain[list(earlier)].any(axis=0) if decision.confirm else True)
    return met


def _holds(book: _Book, rule: Rule, hours: Floats, seed: int, name: str) -> Mask:
    """Who meets one rule at each of some hours of the part, shape (hours, people)."""
    if rule.chance is not None:
        index = np.arange(len(hours), dtype=np.uint64)[:, None]
        stream = f"trial:chance {book.part.name} {name}"
        return uniform(seed, stream, book.enrolled.roll.ids, index) < rule.chance
    own = book.part.protocol
    value, seen = book.score(rule.scale)
    good = _outcome(book, rule, value) & seen
    rated = np.array(own.rated_h(rule.scale))
    if rule.at:
        named = [int(np.searchsorted(rated, own.at(text))) for text in rule.at]
        enough = good[named].sum(axis=0) >= (rule.least or len(named))
        return np.broadcast_to(enough, (len(hours), enough.size))
    last = np.searchsorted(rated, hours + _SLACK_H) - 1
    return good[last]


def _outcome(book: _Book, rule: Rule, value: Floats) -> Mask:
    own = book.part.protocol
    if rule.rule is None:
        low = -np.inf if rule.at_least is None else rule.at_least
        high = np.inf if rule.at_most is None else rule.at_most
        return (value >= low - _SLACK) & (value <= high + _SLACK)
    if rule.rule.endswith("remission"):
        found = value <= own.remission[rule.scale] + _SLACK
    else:
        whole = rule.baseline == "trial" or book.part.stage is None
        base = book.first(rule.scale) if rule.baseline == "trial" else value[0]
        if whole and own.response_from == "screening" and rule.scale == own.baseline_scale:
            base = book.enrolled.screening
        found = (base > 0) & (base - value >= own.response * base - _SLACK)
    return ~found if rule.rule.startswith("no-") else found


def _begin(every: tuple[Part, ...], k: int, now: _Now) -> Floats:
    """When each person begins a period that a decision starts: then, or at the latest."""
    part, before = every[k], every[k].follows or 0
    assert part.trigger is not None
    own = moments(every[before].protocol, part.trigger)
    due = now.start[before] + first_h(own, now.met[before][part.trigger.name]) + part.delay_h
    return _one_of(part.starts, np.minimum(due, part.starts[-1]))


def _one_of(starts: tuple[float, ...], hours: Floats) -> Floats:
    """The start nearest to each hour; infinite stays so."""
    known = np.array(starts)
    place = np.clip(np.searchsorted(known, np.where(np.isfinite(hours), hours, 0.0) - _SLACK_H), 0, len(known) - 1)
    return np.where(np.isfinite(hours), known[place], np.inf)


def _enter(
    every: tuple[Part, ...], k: int, enrolled: Enrolled, data: Data, now: _Now, seed: int
) -> tuple[Whole, Floats, Whole]:
    """Who goes on to a stage: arm (-1 for others), start and entry of each person."""
    part, place = every[k], every[k].follows or 0
    assert part.stage is not None
    book = _Book(every[place], place, enrolled, data)
    if part.trigger is None:
        hours, when = (part.due_h,), np.full(enrolled.roll.ids.size, part.due_h)
    else:
        hours = moments(book.part.protocol, part.trigger)
        when = first_h(hours, now.met[place][part.trigger.name])
    begin = _one_of(part.starts, now.start[place] + when + part.delay_h)
    row = np.minimum(np.searchsorted(np.array(hours), when - _SLACK_H), len(hours) - 1)
    rivals = [now.start[j] for j in range(k) if every[j].follows == place and every[j].stage is not None]
    free = np.isfinite(begin) & _picked(book.present(np.array(hours)), row)
    for rival in rivals:
        free &= rival > begin
    into, by = np.full(begin.shape, -1), np.zeros(begin.shape, dtype=np.int64)
    for number, entry in enumerate(part.stage.entries):
        who = free & book.among(entry.arms)
        for order, rule in enumerate(entry.when):
            who = who & _picked(_holds(book, rule, np.array(hours), seed, f"{part.name} {number} {order}"), row)
        into[who] = _allotted(part, entry, number, who, enrolled, seed)[who]
        by[who] = number
        free = free & ~who
    return into, np.where(into >= 0, begin, np.inf), by


def _picked(values: Mask, row: Whole) -> Mask:
    """One row for each person."""
    return np.take_along_axis(values, row[None, :], axis=0)[0]


def _allotted(part: Part, entry: Entry, number: int, who: Mask, enrolled: Enrolled, seed: int) -> Whole:
    own = [arm.name for arm in part.protocol.conditions]
    into = np.array([own.index(name) for name in entry.to or own])
    if len(into) == 1:
        return np.full(who.shape, into[0])
    weights = tuple(part.protocol.conditions[i].n or 1 for i in into)
    return into[again(weights, who, seed, f"{part.name} {number}", enrolled.roll)]
