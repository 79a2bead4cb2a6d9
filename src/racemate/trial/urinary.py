"""Urinary: the hazard of urinary symptoms, a background per week and an excess per session with drug.

Counts of people with pollakiuria or urgency on esketamine and on placebo spray stand in `evidence/safety/urinary.toml`; how long they
were followed and how many sessions they had, in the protocols of those trials.  That the excess grows with sessions had, and with
nothing else, is an assumption.  Uncertainty is that of the counts (Jeffreys 1946), drawn once per replicate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv

from racemate.evidence.library import library
from racemate.people.random import uniform
from racemate.trial.conduct.world import Floats
from racemate.trial.published import protocol_of

COUNTED = {
    ("pollakiuria-esketamine", "pollakiuria-placebo"): ("transform-1", "transform-2"),
    ("pollakiuria-aspire-esketamine", "pollakiuria-aspire-placebo"): ("aspire-1", "aspire-2"),
}
"""Anchors with drug and with placebo spray, and the trials they count."""
_WEEK_H = 7 * 24
_JEFFREYS = 0.5
"""Half a person with the symptom and half a person without, before anybody is counted (Jeffreys 1946)."""


@dataclass(frozen=True)
class Hazard:
    """Background per week and excess per session, one of each per replicate."""

    per_week: Floats
    per_session: Floats

    def load(self, sessions: ArrayLike, weeks: ArrayLike) -> Floats:
        """Cumulative hazard of people, shape (replicates, people), after so many sessions with drug and weeks."""
        return self.per_week[:, None] * np.asarray(weeks) + self.per_session[:, None] * np.asarray(sessions)

    def chance(self, sessions: ArrayLike, weeks: ArrayLike) -> Floats:
        """Probability of symptoms by then."""
        return -np.expm1(-self.load(sessions, weeks))


def hazard(seed: int, replicates: int) -> Hazard:
    """Hazards of as many replicates."""
    known = library()
    turns = np.arange(replicates, dtype=np.uint64)
    counts = {"drug": np.zeros(2), "placebo": np.zeros(2)}
    exposure = np.zeros(2)
    for anchors, trials in COUNTED.items():
        for kind, name in zip(counts, anchors, strict=True):
            anchor = known.anchor(name)
            counts[kind] += (anchor.count or 0, anchor.n or 0)
        people = float(known.anchor(anchors[0]).n or 0)
        exposure += people * np.mean([_exposure(trial) for trial in trials], axis=0)
    weeks, sessions = exposure / counts["drug"][1]
    share = {kind: _share(had, n, uniform(seed, f"safety:urinary {kind}", turns)) for kind, (had, n) in counts.items()}
    drug, placebo = (-np.log1p(-share[kind]) for kind in ("drug", "placebo"))
    return Hazard(placebo / weeks, np.maximum(drug - placebo, 0.0) / sessions)


def _share(count: float, n: float, u: Floats) -> Floats:
    return np.asarray(betaincinv(count + _JEFFREYS, n - count + _JEFFREYS, u), dtype=np.float64)


def _exposure(trial: str) -> tuple[float, float]:
    """Weeks and sessions of a trial's first weeks, those with drug and placebo alike."""
    protocol = protocol_of(library().trial(trial))
    sessions = [len(protocol.session_h(arm)) for arm in protocol.conditions]
    return protocol.visit_h[-1] / _WEEK_H, float(np.mean(sessions))
