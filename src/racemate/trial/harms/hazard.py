"""Hazard: an event as a background per week and an excess per session with drug, and when it first comes to each person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from racemate.evidence.library import library
from racemate.people.random import uniform
from racemate.trial.conduct.world import Floats
from racemate.trial.published import protocol_of
from racemate.trial.witness import Mask, Witness, anyone

WEEK_H = 7 * 24.0
HALF = 0.5
"""Half a person with the event and half a person without, before anybody is counted (Jeffreys 1946)."""


@dataclass(frozen=True)
class Hazard:
    """Background per week and excess per session, one of each per replicate."""

    per_week: Floats
    per_session: Floats

    def load(self, sessions: ArrayLike, weeks: ArrayLike) -> Floats:
        """Cumulative hazard of people, shape (replicates, people), after so many sessions with drug and weeks."""
        return self.per_week[:, None] * np.asarray(weeks) + self.per_session[:, None] * np.asarray(sessions)

    def chance(self, sessions: ArrayLike, weeks: ArrayLike) -> Floats:
        """Probability of the event by then."""
        return -np.expm1(-self.load(sessions, weeks))


@dataclass(frozen=True)
class First:
    """The first event of everybody in one leg of a trial, arrays of shape (people,)."""

    had: Mask
    """Who had it while they were in that leg."""
    hour: Floats
    """Hour of the trial at which the person's hazard is spent, within the leg or later."""
    session: NDArray[np.int64]
    """Sessions of the leg that the person had begun by then."""


def first(witness: Witness, k: int, rates: Hazard, drug: Mask, stream: str) -> First:
    """When the cumulative hazard of each person passes an exponential number of their own, in the leg of place ``k``.

    ``drug`` (people,) says who is given what brings the excess; ``stream`` names the draw.
    """
    sessions, leg, roll = witness.sessions, witness.legs[k], witness.enrolled.roll
    replicate = roll.replicate.astype(np.int64)
    excess, background = rates.per_session[replicate] * drug, rates.per_week[replicate] / WEEK_H
    limit = -np.log(uniform(witness.seed, stream, witness.ids, np.uint64(k)))
    held = sessions.held & (sessions.leg == k)
    entered = anyone(held)
    start = np.where(entered, leg.start_h, 0.0)
    load = np.cumsum(held * excess, axis=0) + background * (sessions.start_h[:, None] - start)
    passed = held & (load >= limit)
    begun = sessions.start_h[np.argmax(passed, axis=0)] if len(held) else np.zeros(limit.size)
    rest = start + np.maximum(limit - (held * excess).sum(axis=0), 0.0) / background
    hour = np.where(anyone(passed), begun, rest)
    before = held & (sessions.start_h[:, None] <= hour)
    return First(entered & (hour <= leg.until_h), hour, before.sum(axis=0))


def exposure(trial: str) -> tuple[float, float]:
    """Weeks and sessions of a trial's first part, those with drug and placebo alike."""
    protocol = protocol_of(library().trial(trial))
    sessions = [len(protocol.session_h(arm)) for arm in protocol.conditions]
    return protocol.visit_h[-1] / WEEK_H, float(np.mean(sessions))
