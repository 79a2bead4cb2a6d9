"""Reported: adverse events as counts of other trials make them: those that the chain does not make, and a background for those it makes.

An event on drug comes from the background of placebo arms or in a session, and both fall on the same people (`propensity`).  A replicate is
a new trial: it draws its rates once, and one that hears more in one arm hears more in both.  That a session has the same chance whatever the dose, and however many came before, is an assumption.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from racemate.evidence.library import library
from racemate.evidence.record import Trial
from racemate.evidence.synthesis import Anchor
from racemate.people.random import normal
from racemate.trial.conduct.world import Floats
from racemate.trial.design.arm import Arm
from racemate.trial.design.parts import parts
from racemate.trial.design.protocol import Protocol
from racemate.trial.harms.background import FADING, Background, earliest, powers
from racemate.trial.harms.counts import COUNTED, Law, pooled, rows
from racemate.trial.harms.hazard import First
from racemate.trial.harms.propensity import carried, per_session, within
from racemate.trial.witness import Leg, Mask, Witness

EVENTS = (
    "dissociation",
    "dizziness",
    "headache",
    "vertigo",
    "vomiting",
    "somnolence",
    "sedation",
    "hypertension",
    "dysgeusia",
    "hypoaesthesia",
    "blurred-vision",
)
"""What at least two of the counted trials count in both arms, and the chain does not make."""
NAUSEA, DISSOCIATED, SEDATED = "nausea", "CADSS above 4", "MOAA/S below 5"
"""Events that the chain makes in sessions with drug, and counts give a background."""
PLACEBO = {DISSOCIATED: "cadss-over-4-placebo", SEDATED: "sedation-label-placebo"}
"""Anchors with the share of people on placebo spray whose rating is counted."""
TIED = {SEDATED: "within-person-sedation"}
"""Anchors with the correlation between the sessions of one person, where it is not that of an adverse event."""
_TIED = "within-person-event"
LEARNED_FROM = {
    ("sustain-1", "placebo + antidepressant"): (NAUSEA, *EVENTS),
    ("sustain-2", "esketamine + antidepressant"): (NAUSEA, "dissociation", "dizziness"),
}
"""Events of trials and arms from which was learned how events fade and come again."""
NOT_TOLD: dict[str, Any] = dict.fromkeys(("published", "published_n", "published_put_in", "published_how"))
"""What a trial's own report says of an event, where it says nothing: percent, people, whether the rates were made of it too, how it is known."""
_PERCENT = 100.0
_RANGE95 = 3.92
"""Standard deviations between the ends of an interval that holds 95 %."""


@dataclass(frozen=True)
class Rates:
    """An event as a background and a chance in each session with drug, one per replicate."""

    background: Background
    chance: Floats


def concerns(protocol: Protocol) -> bool:
    """Whether the counts speak of a trial: one that gives esketamine spray in some arm."""
    return any(gives_spray(arm) for part in parts(protocol) for arm in part.protocol.conditions)


def gives_spray(arm: Arm) -> bool:
    """True when an arm gives esketamine by nose."""
    return any((dose.drug, dose.route) == ("esketamine", "intranasal") for dose in arm.doses)


def given(leg: Leg) -> Mask:
    """Who is in an arm of a leg that gives esketamine by nose, shape (people,)."""
    return np.array([*(gives_spray(arm) for arm in leg.protocol.conditions), False])[leg.arm]


def published(record: Trial) -> dict[tuple[str, str, str], dict[str, Any]]:
    """What a trial's report says of people with nausea or one of `EVENTS`, by stage, arm and event; and whether it was learned from."""
    stages = {stage["name"] for stage in record.protocol.get("stage", [])}
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in record.observations:
        if row.statistic == "share" and row.outcome in (NAUSEA, *EVENTS):
            values = (row.value, row.n, _put_in(record.id, row.arm, row.outcome), str(row.how))
            line: dict[str, Any] = dict(zip(NOT_TOLD, values, strict=True))
            found.setdefault((row.period if row.period in stages else "", row.arm, row.outcome), line)
    return found


def _put_in(trial: str, arm: str, event: str) -> bool:
    """Whether a row of a trial was learned from; of nausea the chain makes what comes with drug, and only placebo arms are counted."""
    drug, placebo = COUNTED.get(trial, ((), ()))
    return arm in (placebo if event == NAUSEA else drug + placebo) or event in LEARNED_FROM.get((trial, arm), ())


def sources(protocol: Protocol) -> tuple[str, ...]:
    """Ids of the sources of what is known about a trial's events."""
    anchors = [_TIED, *TIED.values()]
    found = []
    if concerns(protocol):
        anchors += [FADING, *PLACEBO.values()]
        found = [row.source for event in (NAUSEA, *EVENTS) for trial in COUNTED for row in rows(trial, event)]
    return tuple(dict.fromkeys([*found, *(library().anchor(name).source for name in anchors)]))


def stream(event: str) -> str:
    """The draws of an event."""
    return f"safety:{event}"


def tied(event: str, seed: int, replicates: int) -> Floats:
    """Correlation between the sessions of one person, one per replicate."""
    return within(TIED.get(event, _TIED), seed, replicates)


def in_sessions(witness: Witness, event: str, chance: Floats) -> Mask:
    """Who has an event in which session, shape (sessions, people), from its chance there (broadcast to that shape)."""
    roll, turn = witness.enrolled.roll, np.arange(len(witness.sessions.held), dtype=np.uint64)[:, None]
    rho = tied(event, witness.seed, roll.replicates)[roll.replicate.astype(np.int64)]
    return carried(witness.seed, stream(event), "session", witness.ids, turn, rho) < chance


def firsts(witness: Witness, k: int) -> dict[str, First]:
    """First events of everybody in the leg of place ``k``: `EVENTS`, and the background of what the chain makes; empty where none is known."""
    if not concerns(witness.protocol):
        return {}
    roll, found = witness.enrolled.roll, {}
    for event, one in rates(witness.seed, roll.replicates).items():
        chance = one.chance[roll.replicate.astype(np.int64)] * given(witness.legs[k])
        hits = in_sessions(witness, event, chance)
        found[event] = earliest(witness, k, one.background, hits, stream(event))
    return found


@cache
def rates(seed: int, replicates: int) -> Mapping[str, Rates]:
    """Rates of each event, of as many replicates; no chance in a session where the chain makes the event."""
    fading, found = powers(seed, replicates), {}
    for event in (*EVENTS, NAUSEA, *PLACEBO):
        law = _placebo(library().anchor(PLACEBO[event])) if event in PLACEBO else pooled(event).placebo
        load = _drawn(law, seed, event, replicates)
        background = Background(load, fading, tied(event, seed, replicates))
        chance = _chance(event, background, seed) if event in EVENTS else np.zeros(replicates)
        found[event] = Rates(background, chance)
    return found


def _chance(event: str, background: Background, seed: int) -> Floats:
    """Chance of a session that gives the share of people on drug in trials of that many sessions; none where placebo gives as many."""
    told = pooled(event)
    load = _drawn(told.drug, seed, event, background.load.size)
    chance = per_session(-np.expm1(-load), background.within, told.sessions, -np.expm1(-background.load))
    return np.where(load > background.load, chance, 0.0)


def _drawn(law: Law, seed: int, event: str, replicates: int) -> Floats:
    """Cumulative hazards of as many replicates, by one draw for both arms."""
    z = normal(seed, f"{stream(event)} trial", np.arange(replicates, dtype=np.uint64))
    return np.asarray(np.exp(law[0] + law[1] * z), dtype=np.float64)


def _placebo(told: Anchor) -> Law:
    """Log of the cumulative hazard behind the share of an anchor, and its standard deviation."""
    spread = told.spread
    sd = np.log(spread.high / spread.low) / _RANGE95 if spread.low and spread.high else spread.value
    return float(np.log(-np.log1p(-told.value / _PERCENT))), float(sd or 0.0)
