"""Urinary: the hazard of urinary symptoms, a background per week and an excess per session with drug.

Counts of people with pollakiuria or urgency on esketamine and on placebo spray stand in `evidence/safety/urinary.toml`; how long they
were followed and how many sessions they had, in the protocols of those trials.  That the excess grows with sessions had, and with
nothing else, is an assumption.  Uncertainty is that of the counts (Jeffreys 1946), drawn once per replicate.
"""

from __future__ import annotations

import numpy as np
from scipy.special import betaincinv

from racemate.evidence.library import library
from racemate.people.random import uniform
from racemate.trial.conduct.world import Floats
from racemate.trial.harms.hazard import HALF, Hazard, exposure

COUNTED = ("pollakiuria-esketamine", "pollakiuria-placebo")
"""Anchors with drug and with placebo spray.  Those of ASPIRE I and II are printed together, and ASPIRE I is held out."""
_TRIALS = ("transform-1", "transform-2")
"""The trials they count."""


def hazard(seed: int, replicates: int) -> Hazard:
    """Hazards of as many replicates."""
    turns = np.arange(replicates, dtype=np.uint64)
    drug, placebo = (
        -np.log1p(-_share(anchor.count or 0, anchor.n or 0, uniform(seed, f"safety:urinary {kind}", turns)))
        for kind, anchor in zip(("drug", "placebo"), map(library().anchor, COUNTED), strict=True)
    )
    weeks, sessions = np.mean([exposure(trial) for trial in _TRIALS], axis=0)
    return Hazard(placebo / weeks, np.maximum(drug - placebo, 0.0) / sessions)


def _share(count: float, n: float, u: Floats) -> Floats:
    return np.asarray(betaincinv(count + HALF, n - count + HALF, u), dtype=np.float64)
