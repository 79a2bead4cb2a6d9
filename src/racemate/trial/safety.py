"""Safety: what a virtual trial's people feel and suffer beside what they gain, session by session.

Dissociation and pressure are courses within a session, and their peaks over sessions show whether they wear off: only dissociation
does, where the card holds the edge ``felt_tolerance``.  Sedation (any loss of alertness on the MOAA/S) and nausea are chances at a
session's peak, and fall on the same people again.  Adverse events that the chain does not make, and a background of those that it makes,
come from published counts of people on esketamine and on placebo spray, and so do urinary symptoms; they are marked as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from racemate.evidence.library import library
from racemate.evidence.record import Trial
from racemate.hypothesis import default
from racemate.model import bind
from racemate.people.random import normal
from racemate.trial.analysis.statistics import divide, exact_interval
from racemate.trial.analysis.statistics import line as line_of
from racemate.trial.beside import Size
from racemate.trial.conduct.world import Floats, World
from racemate.trial.design.arm import Arm
from racemate.trial.design.protocol import Protocol
from racemate.trial.design.scheme import FELT_SCALE, MOOD_SCALES
from racemate.trial.harms import reported
from racemate.trial.harms.hazard import First
from racemate.trial.harms.urinary import hazard
from racemate.trial.published import protocol_of
from racemate.trial.replicate import SEED, Report, allow
from racemate.trial.witness import Leg, Mask, Witness, anyone, row, witness
from racemate.trial.world import ChainWorld
from racemate.units import convert

if TYPE_CHECKING:
    import pandas as pd

MINUTES = (0, 10, 20, 30, 40, 50, 60, 75, 90, 120, 180, 240)
"""When a session is looked at: close around the peaks of dissociation, pressure and sedation at 30 to 50 min, then until it is over."""
PEAK_MINUTES = (40, 50)
"""When a session is looked at in a trial that has more than CLOSE of them, but for the first ones."""
CLOSE, FIRST = 36, 8
"""Sessions up to which all are looked at closely, and how many are in a longer trial: four weeks of two a week."""
FELT = {"cadss": "score.cadss", "systolic_rise": "score.systolic_rise"}
CHANCES = {"sedation": "score.sedation", "nausea": "score.nausea"}
DRAWN = {reported.SEDATED: "sedation", reported.NAUSEA: "nausea"}
"""Events that come at a chance, and whose."""
RISEN = "systolic rise of 40 mmHg or more"
CHAIN, COUNTS = "the chain", "counts of other trials"
"""Where an event comes from."""
LEVEL = (2.5, 50.0, 97.5)
REPLICATES = 20
_FRAMES = ("courses", "sessions", "events", "benefit", "urinary")


@dataclass(frozen=True)
class Group:
    """One arm of one stage (empty: the first part) and the sessions its people had, shape (sessions, people)."""

    stage: str
    arm: Arm
    leg: Leg
    here: Mask

    @property
    def named(self) -> dict[str, Any]:
        """How rows of a frame call it."""
        return {"stage": self.stage, "arm": self.arm.name}


@dataclass(frozen=True)
class Seen:
    """One hypothesis: the people of a trial with their sessions read closely."""

    witness: Witness
    moments: Floats
    reading: Mapping[str, Floats]

    @cached_property
    def minutes(self) -> tuple[tuple[int, ...], ...]:
        """When each session was looked at, minutes after its start."""
        return looked(len(self.witness.sessions.start_h))

    @cached_property
    def felt(self) -> dict[str, Floats]:
        """Rated CADSS and rise of pressure at every moment, shape (moments, people): a session's own strength, whole points, bounds."""
        return {
            "cadss": self._rated(self.reading["score.cadss"]),
            "systolic_rise": np.asarray(self.reading["score.systolic_rise"]),
        }

    def _rated(self, expected: Floats) -> Floats:
        """Dissociation of one person differs from session to session by more than any rater's error: the trial's own draws."""
        who = self.witness
        occasion = normal(who.seed, f"trial:occasion:{FELT_SCALE}", who.ids, self._occasion[:, None])
        low, high = library().scale(FELT_SCALE).range
        return np.clip(np.rint(expected * np.exp(who.cohort.parameter("score.cadss_occasion") * occasion)), low, high)

    @property
    def _occasion(self) -> NDArray[np.uint64]:
        """Which draw of the trial a moment shares: that of the visit nearest to the peak of its session; else a later one of its own."""
        starts, visits = self.witness.sessions.start_h, self.witness.plan.visits_h
        session = np.maximum(np.searchsorted(starts, self.moments, side="right") - 1, 0)
        found = np.arange(len(starts), dtype=np.uint64) + np.uint64(len(visits))
        for k, start in enumerate(starts):
            near = row(visits, start + _peak_h())
            if start < visits[near] <= start + MINUTES[-1] / 60:
                found[k] = near
        return found[session] if len(starts) else np.zeros(len(self.moments), dtype=np.uint64)

    def peak(self, values: Floats) -> Floats:
        """Largest value in each session, shape (sessions, people)."""
        starts = self.witness.sessions.start_h
        pairs = zip(starts, self.minutes, strict=True)
        rows = [[row(self.moments, start + minute / 60) for minute in minutes] for start, minutes in pairs]
        return np.array([values[picked].max(axis=0) for picked in rows]).reshape(len(starts), values.shape[1])

    @cached_property
    def peaks(self) -> dict[str, Floats]:
        """Peak of each felt effect and chance of each other one, by session; zero where no session was held."""
        found = {name: self.peak(values) for name, values in self.felt.items()}
        found["cadss"] = np.maximum(found["cadss"], self._written())
        found |= {name: self.peak(np.asarray(self.reading[place])) for name, place in CHANCES.items()}
        return {name: np.where(self.witness.sessions.held, values, 0.0) for name, values in found.items()}

    def _written(self) -> Floats:
        """Highest dissociation that the trial's raters wrote down in each session; zero where they did not look."""
        who = self.witness
        out = np.zeros(who.sessions.held.shape)
        for k, leg in enumerate(who.legs):
            for hour in leg.protocol.rated_h(FELT_SCALE) if FELT_SCALE in leg.protocol.scales else ():
                since = leg.start_h + hour - who.sessions.start_h[:, None]
                inside = (since > 0) & (since <= MINUTES[-1] / 60) & (who.sessions.leg == k)
                for index, arm in enumerate(leg.protocol.conditions):
                    value, seen = leg.data.at(arm.name, FELT_SCALE, hour)
                    here = inside & seen.reshape(-1) & (leg.arm == index)
                    out = np.where(here, np.maximum(out, value.reshape(-1)), out)
        return out

    @cached_property
    def events(self) -> dict[str, Mask]:
        """Who had which event by the drug's own doing in which session, shape (sessions, people)."""
        above, by = cut_off("cadss-counted"), cut_off("systolic-rise-counted")
        found = {reported.DISSOCIATED: self.peaks["cadss"] > above, RISEN: self.peaks["systolic_rise"] >= by}
        found |= {name: reported.in_sessions(self.witness, name, self.peaks[of]) for name, of in DRAWN.items()}
        return {name: mask & self.witness.sessions.held for name, mask in found.items()}

    @cached_property
    def firsts(self) -> tuple[Mapping[str, First], ...]:
        """By leg: first events that counts of other trials make, and the background of the chain's own; none where they speak of no arm."""
        return tuple(reported.firsts(self.witness, k) for k in range(len(self.witness.legs)))

    def counted(self, group: Group) -> dict[str, Mask]:
        """Who had which event by those counts in a group's stage, shape (people,)."""
        legs = [k for k, leg in enumerate(self.witness.legs) if (leg.name if leg.stage else "") == group.stage]
        names = self.firsts[legs[0]]
        return {name: anyone(np.array([self.firsts[k][name].had for k in legs])) & anyone(group.here) for name in names}

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """Every arm of the first part (all its periods) and of each stage."""
        found: dict[tuple[str, str], Group] = {}
        for k, leg in enumerate(self.witness.legs):
            for index, arm in enumerate(leg.protocol.conditions):
                stage = leg.name if leg.stage else ""
                sessions = self.witness.sessions
                here = sessions.held & (sessions.leg == k) & (sessions.arm == index)
                before = found.get((stage, arm.name))
                found[stage, arm.name] = Group(stage, arm, leg, here if before is None else before.here | here)
        return tuple(found.values())

    def had(self, group: Group, ordinal: int) -> Mask:
        """Who had that session of that arm, shape (sessions, people)."""
        return group.here & (self.witness.sessions.ordinal == ordinal)


@dataclass(frozen=True)
class Safety:
    """Side effects of a virtual trial, as frames over every hypothesis; intervals hold 95 % of the replicates.

    ``courses``: mean within a session; ``sessions``: mean peak, and its ratio to the first session; ``events``: people with an event,
    with the exact interval that one trial of this size would print, where the event comes from (``basis``) and what the trial's own
    report says; ``benefit``: dissociation in the first session against the later
    change of mood; ``urinary``: chance of urinary symptoms.
    """

    trial: str
    frames: Mapping[str, pd.DataFrame]
    size: Size


def safety(
    trial: str | Trial | Protocol,
    hypotheses: Iterable[str] | None = None,
    people: int | None = None,
    replicates: int = REPLICATES,
    seed: int = SEED,
    progress: Report | None = None,
    worlds: Any = None,
) -> Safety:
    """Side effects of a trial under some hypotheses (default: the default card); raises EvidenceError for what cannot be run."""
    import pandas as pd

    size = Size(people, replicates, seed)
    allow(size)
    record = library().trial(trial) if isinstance(trial, str) else trial
    protocol = protocol_of(record) if isinstance(record, Trial) else record
    make = worlds or (lambda name: ChainWorld(name, bind(name), seed))
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in _FRAMES}
    told = reported.published(record) if isinstance(record, Trial) else {}
    for name in [default()] if hypotheses is None else list(hypotheses):
        seen = look(protocol, make(name), seed, replicates, people, progress)
        for frame, make_rows in _TABLES.items():
            rows[frame] += [{"hypothesis": seen.witness.world.name, **line} for line in make_rows(seen)]
    rows["events"] = [
        line | told.get((line["stage"], line["arm"], line["event"]), reported.NOT_TOLD) for line in rows["events"]
    ]
    return Safety(protocol.id, {name: pd.DataFrame(found) for name, found in rows.items()}, size)


def look(
    protocol: Protocol,
    world: World,
    seed: int,
    replicates: int,
    people: int | None,
    progress: Report | None = None,
    more: tuple[str, ...] = (),
) -> Seen:
    """Conduct a trial and read every session closely, ``more`` readings by dotted name besides what is felt."""
    seen = witness(protocol, world, seed, replicates, people, progress)
    starts = seen.sessions.start_h
    pairs = zip(starts, looked(len(starts)), strict=True)
    hours = [start + minute / 60 for start, minutes in pairs for minute in minutes] or [float(seen.plan.visits_h[0])]
    names = (*FELT.values(), *CHANCES.values(), *more)
    return Seen(seen, *seen.read(hours, names, progress))


def looked(sessions: int) -> tuple[tuple[int, ...], ...]:
    """When each of so many sessions is looked at: closely throughout, or in a long trial at the first ones and else about the peak."""
    close = sessions if sessions <= CLOSE else FIRST
    return tuple(MINUTES if k < close else PEAK_MINUTES for k in range(sessions))


def _mean(seen: Seen, values: Floats, mask: Mask) -> Floats:
    """Mean over those who count, by replicate."""
    fold = seen.witness.fold
    return divide(fold(np.where(mask, values, 0.0)).sum(axis=-1), fold(mask).sum(axis=-1))


def _spread(values: Floats, prefix: str = "") -> dict[str, float | None]:
    """Low, median and high over the replicates in which something is defined."""
    told = values[np.isfinite(values)]
    ends = np.percentile(told, LEVEL) if told.size else (None, None, None)
    return {
        f"{prefix}{name}": None if end is None else float(end)
        for name, end in zip(("low", "median", "high"), ends, strict=True)
    }


def _turns(seen: Seen) -> list[tuple[Group, int, Mask]]:
    """Every arm and session of it that somebody had."""
    most = int(seen.witness.sessions.ordinal.max(initial=0))
    every = ((group, ordinal, seen.had(group, ordinal)) for group in seen.groups for ordinal in range(1, most + 1))
    return [(group, ordinal, mask) for group, ordinal, mask in every if mask.any()]


def _courses(seen: Seen) -> Iterable[dict[str, Any]]:
    starts = seen.witness.sessions.start_h
    close = np.array([minutes == MINUTES for minutes in seen.minutes], dtype=bool)
    for group, ordinal, had in _turns(seen):
        mask = had & close[:, None]
        for minute in MINUTES if mask.any() else ():
            rows = [row(seen.moments, start + minute / 60) for start in starts]
            for name, values in seen.felt.items():
                now = np.where(mask, values[rows], 0.0).sum(axis=0)
                line = {**group.named, "session": ordinal, "minute": minute, "outcome": name, "unit": _unit(name)}
                yield {**line, **_spread(_mean(seen, now, anyone(mask)))}


def _peak_h() -> float:
    """When dissociation peaks, hours after a session's start (evidence ``cadss-peak-time``)."""
    anchor = library().anchor("cadss-peak-time")
    return convert(anchor.value, anchor.unit, "h")


def _unit(name: str) -> str:
    return {"cadss": "point", "systolic_rise": "mmHg"}.get(name, "1")


def _sessions(seen: Seen) -> Iterable[dict[str, Any]]:
    first: dict[tuple[str, str, str], Floats] = {}
    for group, ordinal, mask in _turns(seen):
        who = anyone(mask)
        for name, values in seen.peaks.items():
            mean = _mean(seen, np.where(mask, values, 0.0).sum(axis=0), who)
            begun = first.setdefault((group.stage, group.arm.name, name), mean)
            line = {**group.named, "session": ordinal, "outcome": name, "unit": _unit(name)}
            yield {**line, **_spread(mean), **_spread(divide(mean, begun), "ratio_")}


def _events(seen: Seen) -> Iterable[dict[str, Any]]:
    fold = seen.witness.fold
    for group in seen.groups:
        n = fold(anyone(group.here)).sum(axis=-1)
        if not n.any():
            continue
        counted = seen.counted(group)
        for name, mask in seen.events.items():
            per = divide(fold(mask & group.here).sum(axis=(0, 2)), fold(group.here).sum(axis=(0, 2)))
            had = anyone(mask & group.here)
            basis = f"{CHAIN} and {COUNTS}" if name in counted else CHAIN
            line = _people(fold(had | counted.pop(name, np.zeros_like(had))), n) | _spread(100 * per, "per_session_")
            yield {**group.named, "event": name, "basis": basis, **line}
        for name, had in counted.items():
            line = _people(fold(had), n) | _spread(np.empty(0), "per_session_")
            yield {**group.named, "event": name, "basis": COUNTS, **line}


def _people(had: Mask, n: Floats) -> dict[str, Any]:
    """People with an event over the replicates, and the exact interval of one trial in the middle."""
    count = had.sum(axis=-1)
    middle = int(np.median(count))
    low, high = exact_interval(middle, int(np.median(n)))
    line = {"n": int(np.median(n)), "people": middle, "unit": "percent"}
    return line | _spread(100 * divide(count, n)) | {"exact_low": 100 * low, "exact_high": 100 * high}


def _benefit(seen: Seen) -> Iterable[dict[str, Any]]:
    for group in seen.groups:
        protocol, data = group.leg.protocol, group.leg.data
        mask = seen.had(group, 1)
        felt = seen.witness.fold(np.where(mask, seen.peaks["cadss"], 0.0).sum(axis=0))
        there = seen.witness.fold(anyone(mask))
        for scale in (scale for scale in protocol.scales if scale in MOOD_SCALES and there.any()):
            base, had = data.at(group.arm.name, scale, protocol.baseline_h)
            for hour in protocol.rated_h(scale)[1:]:
                value, rated = data.at(group.arm.name, scale, hour)
                slope, r, n = line_of(felt, value - base, there & had & rated)
                line = {**group.named, "scale": scale, "hours": hour, "n": int(np.median(n))}
                yield line | _spread(r, "correlation_") | _spread(slope, "slope_")


def _urinary(seen: Seen) -> Iterable[dict[str, Any]]:
    fold = seen.witness.fold
    rates = hazard(seen.witness.seed, seen.witness.enrolled.roll.replicates)
    for group in seen.groups:
        weeks = follow_up_weeks(group.leg)
        who = fold(anyone(group.here))
        if who.any():
            had = fold(group.here.sum(axis=0)) * gives_ketamine(group.arm)
            chance = divide(np.where(who, rates.chance(had, weeks), 0.0).sum(axis=-1), who.sum(axis=-1))
            line = {**group.named, "sessions": float(np.mean(had[who])), "weeks": weeks, "unit": "percent"}
            yield line | _spread(100 * chance)


def cut_off(name: str) -> float:
    """From where on something counts as an event (an anchor of `evidence/safety/acute.toml`), in the unit that is read."""
    anchor = library().anchor(name)
    assert not isinstance(anchor.value, tuple)
    return float(anchor.value)


def gives_ketamine(arm: Arm) -> bool:
    """True when an arm gives ketamine or one of its enantiomers."""
    from racemate.chain.dose import ENANTIOMERS

    return any(dose.drug in ENANTIOMERS for dose in arm.doses)


def follow_up_weeks(leg: Leg) -> float:
    """Weeks from the first session of a leg to its last rating."""
    return leg.protocol.visit_h[-1] / (7 * 24)


_TABLES = {"courses": _courses, "sessions": _sessions, "events": _events, "benefit": _benefit, "urinary": _urinary}
