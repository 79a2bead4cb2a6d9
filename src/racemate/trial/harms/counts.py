"""Counts: what trials of esketamine spray report of common adverse events by arm, pooled over the trials.

Counts stand with the trials (`evidence/trials/*/outcomes.csv`).  Each trial gives a cumulative hazard on placebo spray and one on drug; both
are pooled over trials on the log scale with a variance between trials (DerSimonian-Laird 1986) that is at least what
`evidence/pooling.toml` asks of laboratories.  No trial that is held out is counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from racemate.evidence.library import library
from racemate.evidence.record import Observation
from racemate.trial.conduct.world import Floats
from racemate.trial.harms.background import FADING, SPAN_WEEKS
from racemate.trial.harms.hazard import HALF, exposure

COUNTED: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "aspire-2": (("esketamine + standard of care",), ("placebo + standard of care",)),
    "china-usa-phase-3": (("esketamine + antidepressant",), ("placebo + antidepressant",)),
    "japan-phase-2b": (("esketamine 28 mg", "esketamine 56 mg", "esketamine 84 mg"), ("placebo",)),
    "transform-1": (("esketamine, both doses",), ("placebo + antidepressant",)),
}
"""Trials of four weeks, twice a week, whose report counts common events, with their arms on drug and on placebo spray."""
_PERCENT = 100.0

Law = tuple[float, float]


@dataclass(frozen=True)
class Pooled:
    """Mean and predictive standard deviation over trials, on the log scale."""

    placebo: Law
    """Of the cumulative hazard on placebo spray after `SPAN_WEEKS`."""
    drug: Law
    """Of the cumulative hazard on drug after `SPAN_WEEKS` and that many sessions."""
    sessions: float
    """Sessions of the trials."""


@cache
def pooled(event: str) -> Pooled:
    """What the trials that count an event say of it."""
    told = np.array(list(_trials(event)))
    judgement = library().judgement
    least = judgement.between_claims["lognormal-meta"].floor if judgement else 0.0
    placebo, drug = (predictive(told[:, k], told[:, k + 1], least) for k in (0, 2))
    return Pooled(placebo, drug, float(told[:, 4].mean()))


def count(trial: str, event: str, arms: tuple[str, ...]) -> tuple[float, float]:
    """People with the event and people, over arms."""
    found = [row for row in rows(trial, event) if row.arm in arms and row.n]
    had = [
        float(np.rint(row.value * row.n / _PERCENT)) if row.count is None else float(row.count)
        for row in found
        if row.n
    ]
    return sum(had), float(sum(row.n or 0 for row in found))


def rows(trial: str, event: str) -> list[Observation]:
    """Shares of people with an event, in the counted arms of a trial."""
    wanted = {arm for arms in COUNTED[trial] for arm in arms}
    every = library().trial(trial).observations
    return [row for row in every if row.outcome == event and row.statistic == "share" and row.arm in wanted]


def log_hazard(had: float, n: float) -> Law:
    """Log of the cumulative hazard behind a share, and its variance (delta method)."""
    share = (had + HALF) / (n + 2 * HALF)
    load = -np.log1p(-share)
    return float(np.log(load)), float(share / ((1 - share) * (n + 2 * HALF) * load**2))


def predictive(value: Floats, variance: Floats, least: float) -> Law:
    """Mean over trials and the standard deviation of the next trial's value."""
    w = 1 / variance
    mean = (w * value).sum() / w.sum()
    q, spare = (w * (value - mean) ** 2).sum(), w.sum() - (w**2).sum() / w.sum()
    between = max((q - (len(value) - 1)) / spare if spare > 0 else 0.0, least**2)
    w = 1 / (variance + between)
    return float((w * value).sum() / w.sum()), float(np.sqrt(between + 1 / w.sum()))


def _trials(event: str) -> Iterator[tuple[float, ...]]:
    """Per trial: log hazard on placebo and its variance, log hazard on drug and its variance, sessions."""
    fading = library().anchor(FADING).value
    for trial, (drug, placebo) in COUNTED.items():
        counts = [count(trial, event, arms) for arms in (drug, placebo)]
        if all(n for _, n in counts):
            (high, noise), (low, own) = (log_hazard(had, n) for had, n in counts)
            weeks, sessions = exposure(trial)
            yield low - fading * np.log(weeks / SPAN_WEEKS), own, high, noise, sessions
