"""Leave: who is not rated any more, and from when: at random, or the more likely the worse the last score and the more was felt."""

import numpy as np

from racemate.people.random import uniform
from racemate.trial.conduct.treat import first_h
from racemate.trial.conduct.world import Enrolled, Floats, Ids, Whole
from racemate.trial.design.parts import Part, moments, parts
from racemate.trial.design.people import Leaving
from racemate.trial.design.protocol import Protocol

_HALVINGS = 60
"""Steps of the bisection for the hazard: the share is then met to the last bit."""
_WIDEST = 100.0
"""Range of the log hazard looked through, either way from one event over the whole time."""


def leaving(protocol: Protocol, seed: int, ids: Ids, arm: Whole) -> Floats:
    """Hours from the first dose after which a person is not rated: at random at the observed share, at any time alike."""
    share = np.array([one.dropout for one in protocol.conditions])[arm]
    if protocol.crossover:
        share = np.full(arm.shape, protocol.dropout)
    last = protocol.period_h(protocol.live_periods[-1]) + protocol.visit_h[-1]
    when = uniform(seed, "trial:leaving when", ids) * last
    return np.where(uniform(seed, "trial:leaving", ids) < share, when, np.inf)


def leaving_stage(share: Floats, last_h: float, seed: int, stage: str, ids: Ids) -> Floats:
    """Hours from the start of a stage after which a person is not rated: at random at the share of the arm."""
    when = uniform(seed, f"trial:leaving when {stage}", ids) * last_h
    return np.where(uniform(seed, f"trial:leaving {stage}", ids) < share, when, np.inf)


def by_score(protocol: Protocol) -> bool:
    """True when who leaves a part early hangs on its ratings."""
    told = protocol.leaving
    return told is not None and not protocol.crossover and (told.scale in protocol.scales or not told.per_point)


def leaves_drawn(part: Part, place: int, enrolled: Enrolled, seed: int) -> Floats:
    """Hours from the first dose of the trial after which a person in a part is not rated, where that hangs on no rating of the part."""
    if part.stage is None:
        return enrolled.leaves_h
    own = part.protocol
    share = np.array([arm.dropout for arm in own.conditions])[enrolled.arm[place]]
    return enrolled.start_h[place] + leaving_stage(share, own.visit_h[-1], seed, part.name, enrolled.roll.ids)


def leaves_decided(part: Part, place: int, enrolled: Enrolled) -> Floats:
    """Hours from the first dose of the trial after which a person is not rated in a part because of what was decided so far."""
    leaves = np.full(enrolled.roll.ids.size, np.inf)
    for decision in part.protocol.decisions:
        if decision.then == "leave":
            met = enrolled.met[place][decision.name]
            leaves = np.minimum(leaves, enrolled.start_h[place] + first_h(moments(part.protocol, decision), met))
    return leaves


def asked_h(protocol: Protocol, enrolled: Enrolled, seed: int) -> Floats:
    """Hour from the first dose of the trial after which nobody asks how a person is, as decided so far, shape (people,).

    A person is asked while in a part that is rated and has not been left, and only such a person can come into another part.  Where
    leaving hangs on ratings that are yet to come, everybody is asked to the end of the part.
    """
    every = parts(protocol)
    found = np.full(enrolled.roll.ids.size, -np.inf)
    for k, part in enumerate(every):
        first, own = k if part.stage is not None else 0, part.protocol
        until = np.minimum(enrolled.start_h[k] + own.visit_h[-1], enrolled.ends_h(k))
        if not by_score(own):
            until = np.minimum(until, leaves_drawn(every[first], first, enrolled, seed))
        until = np.minimum(until, leaves_decided(every[first], first, enrolled))
        if own.guess is not None:  # what people guess hangs on how they came to be, whether or not they were rated
            until = np.maximum(until, enrolled.start_h[k] + own.at(own.guess.at))
        found = np.where(enrolled.arm[k] >= 0, np.maximum(found, until), found)
    return found


def leaving_by_score(told: Leaving, hours: Floats, score: Floats, felt: Floats | None) -> Floats:
    """Hazard of leaving after each visit but the last, relative and up to a factor, added up over time; shape (visits, people).

    ``hours`` (visits,) ascending, ``score`` and ``felt`` (visits, people) as rated there.  From one visit to the next the hazard is
    ``exp(per_point * score + per_felt * felt)`` with the last of each.
    """
    push = told.per_point * score[:-1] + (told.per_felt * felt[:-1] if felt is not None else 0.0)
    steps = np.exp(push) * np.diff(hours)[:, None] / (hours[-1] - hours[0])
    return np.concatenate([np.zeros((1, steps.shape[1])), np.cumsum(steps, axis=0)])


def spent(hours: Floats, exposure: Floats, log_hazard: Floats, luck: Floats) -> Floats:
    """Hour at which a person's luck, uniform in (0, 1), has been used up by the hazard; infinite for who stays."""
    with np.errstate(over="ignore"):
        bound = -np.log(luck) * np.exp(-log_hazard)
    out = np.full(luck.shape, np.inf)
    for k in range(len(hours) - 1):
        here = (exposure[k] < bound) & (bound <= exposure[k + 1])
        part = (bound[here] - exposure[k, here]) / (exposure[k + 1, here] - exposure[k, here])
        out[here] = hours[k] + part * (hours[k + 1] - hours[k])
    return out


def log_hazard(exposure: Floats, share: Floats, groups: Whole) -> Floats:
    """Log hazard of each person's group at which the mean chance of leaving in it is its share, by bisection."""
    _, group = np.unique(groups, return_inverse=True)
    size = np.bincount(group)
    wanted = np.bincount(group, share) / size
    low, high = np.full(size.shape, -_WIDEST), np.full(size.shape, _WIDEST)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        mean = np.bincount(group, -np.expm1(-np.exp(middle[group]) * exposure)) / size
        low, high = np.where(mean < wanted, middle, low), np.where(mean < wanted, high, middle)
    return ((low + high) / 2)[group]
