"""Reported: adverse events that the chain does not make, as hazards from what trials of esketamine spray report by arm.

Counts stand with the trials (`evidence/trials/*/outcomes.csv`).  Each trial gives a background per week from its placebo arm and the ratio
of its arms; both are pooled over trials on the log scale with a variance between trials (DerSimonian-Laird 1986) that is at least what
`evidence/pooling.toml` asks of laboratories.  A replicate is a new trial: it draws both once.  That the excess grows with sessions, whatever
the dose, is an assumption, as is that it neither wears off nor comes to the same people again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np

from racemate.evidence.library import library
from racemate.evidence.record import Observation, Trial
from racemate.people.random import normal
from racemate.trial.conduct.world import Floats
from racemate.trial.design.arm import Arm
from racemate.trial.design.parts import parts
from racemate.trial.design.protocol import Protocol
from racemate.trial.harms.hazard import HALF, Hazard, exposure
from racemate.trial.witness import Leg, Mask

COUNTED: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "aspire-2": (("esketamine, both trials",), ("placebo, both trials",)),
    "china-usa-phase-3": (("esketamine + antidepressant",), ("placebo + antidepressant",)),
    "japan-phase-2b": (("esketamine 28 mg", "esketamine 56 mg", "esketamine 84 mg"), ("placebo",)),
    "transform-1": (("esketamine, both doses",), ("placebo + antidepressant",)),
}
"""Trials of four weeks, twice a week, whose report counts common events, with their arms on drug and on placebo spray."""
EVENTS = (
    "dizziness",
    "headache",
    "vomiting",
    "somnolence",
    "hypertension",
    "dysgeusia",
    "hypoaesthesia",
    "blurred-vision",
)
"""What at least two of them count in both arms, and the chain does not make."""
NOT_TOLD: dict[str, Any] = dict.fromkeys(("published", "published_n", "published_put_in", "published_how"))
"""What a trial's own report says of an event, where it says nothing: percent, people, whether the rates were made of it too, how it is known."""
_PERCENT = 100.0


def concerns(protocol: Protocol) -> bool:
    """Whether the counts speak of a trial: one that gives esketamine spray in some arm."""
    return any(gives_spray(arm) for part in parts(protocol) for arm in part.protocol.conditions)


def gives_spray(arm: Arm) -> bool:
    """True when an arm gives esketamine by nose."""
    return any((dose.drug, dose.route) == ("esketamine", "intranasal") for dose in arm.doses)


def given(leg: Leg) -> Mask:
    """Who is in an arm of a leg that gives esketamine by nose, shape (people,)."""
    return np.array([*(gives_spray(arm) for arm in leg.protocol.conditions), False])[leg.arm]


def stream(event: str) -> str:
    """The draw that decides when an event first comes."""
    return f"safety:reported {event}"


def published(record: Trial, more: tuple[str, ...]) -> dict[tuple[str, str, str], dict[str, Any]]:
    """What a trial's report says of people with one of `EVENTS`, or of ``more``, by stage, arm and event; and whether it was counted here."""
    stages = {stage["name"] for stage in record.protocol.get("stage", [])}
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in record.observations:
        if row.statistic == "share" and row.outcome in (*more, *EVENTS):
            put_in = record.id in COUNTED and row.outcome in EVENTS
            values = (row.value, row.n, put_in, str(row.how))
            line: dict[str, Any] = dict(zip(NOT_TOLD, values, strict=True))
            found.setdefault((row.period if row.period in stages else "", row.arm, row.outcome), line)
    return found


def sources() -> tuple[str, ...]:
    """Ids of the sources of the counts."""
    return tuple(dict.fromkeys(row.source for event in EVENTS for trial in COUNTED for row in _rows(trial, event)))


def hazards(seed: int, replicates: int) -> dict[str, Hazard]:
    """The hazard of each event, of as many replicates."""
    turns = np.arange(replicates, dtype=np.uint64)
    found = {}
    for event in EVENTS:
        background, ratio, weeks, sessions = _pooled(event)
        z = {kind: normal(seed, f"safety:reported {event} {kind}", turns) for kind in ("background", "ratio")}
        per_week = np.exp(background[0] + background[1] * z["background"])
        times = np.exp(ratio[0] + ratio[1] * z["ratio"])
        found[event] = Hazard(per_week, per_week * weeks * np.maximum(times - 1.0, 0.0) / sessions)
    return found


@cache
def _pooled(event: str) -> tuple[tuple[float, float], tuple[float, float], float, float]:
    """Mean and predictive standard deviation of the log background per week and of the log ratio; weeks and sessions of the trials."""
    told = np.array(list(_trials(event)))
    judgement = library().judgement
    least = judgement.between_claims["lognormal-meta"].floor if judgement else 0.0
    background, ratio = (_predictive(told[:, k], told[:, k + 1], least) for k in (0, 2))
    return background, ratio, float(told[:, 4].mean()), float(told[:, 5].mean())


def _trials(event: str) -> Iterator[tuple[float, ...]]:
    """Per trial: log background per week and its variance, log ratio and its variance, weeks, sessions."""
    for trial, (drug, placebo) in COUNTED.items():
        counts = [_count(trial, event, arms) for arms in (drug, placebo)]
        if all(n for _, n in counts):
            (high, noise), (low, own) = (_log_hazard(had, n) for had, n in counts)
            weeks, sessions = exposure(trial)
            yield low - np.log(weeks), own, high - low, noise + own, weeks, sessions


def _count(trial: str, event: str, arms: tuple[str, ...]) -> tuple[float, float]:
    """People with the event and people, over arms."""
    rows = [row for row in _rows(trial, event) if row.arm in arms and row.n]
    had = [
        float(np.rint(row.value * row.n / _PERCENT)) if row.count is None else float(row.count) for row in rows if row.n
    ]
    return sum(had), float(sum(row.n or 0 for row in rows))


def _rows(trial: str, event: str) -> list[Observation]:
    wanted = {arm for arms in COUNTED[trial] for arm in arms}
    every = library().trial(trial).observations
    return [row for row in every if row.outcome == event and row.statistic == "share" and row.arm in wanted]


def _log_hazard(had: float, n: float) -> tuple[float, float]:
    """Log of the cumulative hazard behind a share, and its variance (delta method)."""
    share = (had + HALF) / (n + 2 * HALF)
    load = -np.log1p(-share)
    return float(np.log(load)), float(share / ((1 - share) * (n + 2 * HALF) * load**2))


def _predictive(value: Floats, variance: Floats, least: float) -> tuple[float, float]:
    """Mean over trials and the standard deviation of the next trial's value."""
    w = 1 / variance
    mean = (w * value).sum() / w.sum()
    q, spare = (w * (value - mean) ** 2).sum(), w.sum() - (w**2).sum() / w.sum()
    between = max((q - (len(value) - 1)) / spare if spare > 0 else 0.0, least**2)
    w = 1 / (variance + between)
    return float((w * value).sum() / w.sum()), float(np.sqrt(between + 1 / w.sum()))
