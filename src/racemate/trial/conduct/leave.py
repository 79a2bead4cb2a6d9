"""Leave: who is not rated any more, and from when: at random, or the more likely the worse the last score and the more was felt."""

import numpy as np

from racemate.people.random import uniform
from racemate.trial.conduct.world import Floats, Ids, Whole
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
