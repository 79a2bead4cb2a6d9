"""Background: an event as people on placebo spray report it, which comes mostly early, and when it first comes to each person.

The cumulative hazard grows as a power of the weeks since a person's first session: events of placebo arms belong to the start of a trial,
when an antidepressant is new as well, and those who go on for months report few (`background-fading` in `evidence/safety/carried.toml`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from racemate.evidence.library import library
from racemate.people.random import normal
from racemate.trial.conduct.world import Floats
from racemate.trial.harms.hazard import WEEK_H, First
from racemate.trial.harms.propensity import carried
from racemate.trial.witness import Mask, Witness, anyone

FADING = "background-fading"
"""The anchor with the power of time."""
SPAN_WEEKS = 4.0
"""Weeks after which a background is stated: those of the trials it was counted in."""


@dataclass(frozen=True)
class Background:
    """One of each per replicate."""

    load: Floats
    """Cumulative hazard after `SPAN_WEEKS`."""
    fading: Floats
    """The power of time; below one, less and less comes."""
    within: Floats
    """How closely it is tied to the same person's sessions with drug."""

    def chance(self, weeks: ArrayLike) -> Floats:
        """Probability of the event by then."""
        return np.asarray(-np.expm1(-self.load * (np.asarray(weeks) / SPAN_WEEKS) ** self.fading), dtype=np.float64)


def powers(seed: int, replicates: int) -> Floats:
    """The power of time, one per replicate."""
    told = library().anchor(FADING)
    assert told.spread.value is not None
    z = normal(seed, "safety:background fading", np.arange(replicates, dtype=np.uint64))
    return np.asarray(told.value * np.exp(told.spread.value * z), dtype=np.float64)


def earliest(witness: Witness, k: int, rates: Background, hits: Mask, event: str) -> First:
    """The first event of everybody in the leg of place ``k``, from the background or in a session that ``hits`` names.

    ``hits`` has shape (sessions, people); ``event`` names the draws.
    """
    sessions, leg, roll = witness.sessions, witness.legs[k], witness.enrolled.roll
    replicate = roll.replicate.astype(np.int64)
    load, power, tied = (values[replicate] for values in (rates.load, rates.fading, rates.within))
    limit = -np.log1p(-carried(witness.seed, event, "background", witness.ids, np.uint64(k), tied))
    held = sessions.held & (sessions.leg == k)
    entered = anyone(held)
    origin = np.where(entered, np.min([one.start_h for one in witness.legs], axis=0), 0.0)
    span = SPAN_WEEKS * WEEK_H
    before = (np.where(entered, leg.start_h, 0.0) - origin) / span
    hour = origin + span * (before**power + limit / load) ** (1 / power)
    hit = hits & held
    begun = sessions.start_h[np.argmax(hit, axis=0)] if len(hit) else hour
    hour = np.where(anyone(hit), np.minimum(hour, begun), hour)
    had = held & (sessions.start_h[:, None] <= hour)
    return First(entered & (hour <= leg.until_h), hour, had.sum(axis=0))
