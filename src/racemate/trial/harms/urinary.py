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

COUNTED = {
    ("pollakiuria-esketamine", "pollakiuria-placebo"): ("transform-1", "transform-2"),
    ("pollakiuria-aspire-esketamine", "pollakiuria-aspire-placebo"): ("aspire-1", "aspire-2"),
}
"""Anchors with drug and with placebo spray, and the trials they count."""


def hazard(seed: int, replicates: int) -> Hazard:
    """Hazards of as many replicates."""
    known = library()
    turns = np.arange(replicates, dtype=np.uint64)
    counts = {"drug": np.zeros(2), "placebo": np.zeros(2)}
    had = np.zeros(2)
    for anchors, trials in COUNTED.items():
        for kind, name in zip(counts, anchors, strict=True):
            anchor = known.anchor(name)
            counts[kind] += (anchor.count or 0, anchor.n or 0)
        people = float(known.anchor(anchors[0]).n or 0)
        had += people * np.mean([exposure(trial) for trial in trials], axis=0)
    weeks, sessions = had / counts["drug"][1]
    share = {kind: _share(of, n, uniform(seed, f"safety:urinary {kind}", turns)) for kind, (of, n) in counts.items()}
    drug, placebo = (-np.log1p(-share[kind]) for kind in ("drug", "placebo"))
    return Hazard(placebo / weeks, np.maximum(drug - placebo, 0.0) / sessions)


def _share(count: float, n: float, u: Floats) -> Floats:
    return np.asarray(betaincinv(count + HALF, n - count + HALF, u), dtype=np.float64)
