"""Sessions: what is measured and what is suffered around them: plasma concentrations (ADPC) and adverse events (ADAE)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from racemate.chain.concentration import Plasma
from racemate.chain.dose import ENANTIOMERS
from racemate.exchange.cdisc.dictionary import ADAE, ADPC
from racemate.exchange.cdisc.subjects import Columns, Subjects, date, day, joined, stamp
from racemate.people.random import uniform
from racemate.trial.design.protocol import Protocol
from racemate.trial.safety import MINUTES, follow_up_weeks, given
from racemate.trial.urinary import hazard
from racemate.trial.witness import anyone, row
from racemate.units import convert

if TYPE_CHECKING:
    import pandas as pd

UNIT = "ng/mL"
_CODES = {
    "ketamine_s": ("KETS", "Esketamine"),
    "ketamine_r": ("KETR", "Arketamine"),
    "norketamine_s": ("NORS", "Noresketamine"),
    "norketamine_r": ("NORR", "Norarketamine"),
    "hnk_s": ("HNKS", "S-Hydroxynorketamine, as Ketamine"),
    "hnk_r": ("HNKR", "R-Hydroxynorketamine, as Ketamine"),
    "naltrexone": ("NALT", "Naltrexone"),
    "buprenorphine": ("BUPR", "Buprenorphine"),
    "methadone": ("METH", "Methadone"),
    "midazolam": ("MIDA", "Midazolam"),
}
_WEEK_H = 7 * 24.0
_URINARY = "urinary symptoms"


def analytes(protocol: Protocol) -> tuple[str, ...]:
    """Plasma concentrations that a trial's drugs bring about."""
    drugs = {dose.drug for arm in protocol.conditions for dose in arm.doses}
    bodies = {body for drug in drugs for body in ENANTIOMERS.get(drug, (drug,))}
    sides = {body[-1] for body in bodies if body.startswith("ketamine")}
    return tuple(
        name for name in Plasma._fields
        if name in bodies or (name.startswith(("norketamine", "hnk")) and name[-1] in sides)
    )  # fmt: skip


def adpc(people: Subjects) -> pd.DataFrame:
    """One record per person, analyte and sample of the first and the last session of a period."""
    sessions, protocol = people.seen.witness.sessions, people.seen.witness.protocol
    parts: list[Columns] = []
    period = np.array([_period(people, float(start))[0] for start in sessions.start_h])
    for s, start in enumerate(sessions.start_h):
        k, first = _period(people, float(start))
        held = people.chosen & sessions.held[s]
        last = sessions.ordinal[s] == sessions.ordinal[period == k].max(axis=0)
        who = np.flatnonzero(held & ((sessions.ordinal[s] == 1) | last))
        samples = ((minute, name) for minute in MINUTES for name in analytes(protocol) if who.size)
        parts += [_sample(people, who, name, (k, first, float(start), minute), s) for minute, name in samples]
    return ADPC.frame(joined(parts))


def _period(people: Subjects, hour: float) -> tuple[int, float]:
    """Index and start of the period in which an hour lies."""
    protocol = people.seen.witness.protocol
    starts = [protocol.period_h(period) for period in protocol.live_periods]
    k = max(int(np.searchsorted([start + protocol.baseline_h for start in starts], hour, side="right")) - 1, 0)
    return k, starts[k]


def _sample(people: Subjects, who: np.ndarray, name: str, at: tuple[int, float, float, int], s: int) -> Columns:
    k, first, start, minute = at
    hour = start + minute / 60
    values = people.seen.reading[f"plasma.{name}"][row(people.seen.moments, hour), who]
    code, label = _CODES[name]
    ordinal = people.seen.witness.sessions.ordinal[s, who]
    return people.head(who) | people.period(k, who.size) | {
        "TRTP": people.planned(k)[who],
        "PARAM": np.full(who.size, f"{label} ({UNIT})"),
        "PARAMCD": np.full(who.size, code),
        "AVISIT": np.array([f"Session {number}" for number in ordinal]),
        "ATPT": np.full(who.size, "Before session" if minute == 0 else f"{minute} min"),
        "ADT": np.full(who.size, date(hour)),
        "ADY": np.full(who.size, day(hour)),
        "AVAL": convert(1.0, "mg/L", UNIT) * values,
        "AVALU": np.full(who.size, UNIT),
        **{f"{kind}FRLT": np.full(who.size, hour - first) for kind in "NA"},
        **{f"{kind}RRLT": np.full(who.size, minute / 60) for kind in "NA"},
        "ANL01FL": np.full(who.size, "Y"),
    }  # fmt: skip


def adae(people: Subjects) -> pd.DataFrame:
    """One record per person and event: what is felt in a session, and urinary symptoms."""
    seen = people.seen
    parts: list[Columns] = []
    for s, start in enumerate(seen.witness.sessions.start_h):
        k, _ = _period(people, float(start))
        for name, mask in seen.events.items():
            who = np.flatnonzero(people.chosen & mask[s])
            hours = np.full(who.size, float(start)) + _onset_h(people, name, float(start), who)
            parts.append(_suffered(people, who, name, hours, (k, seen.witness.sessions.ordinal[s, who])))
    parts += [_urinary(people, k) for k in range(people.periods)]
    table = joined([part for part in parts if part["USUBJID"].size] or parts[:1])
    return ADAE.frame(_numbered(table))


def _onset_h(people: Subjects, name: str, start: float, who: np.ndarray) -> np.ndarray:
    """Hours from a session's start to the peak of what is felt; a chance is dated at the start."""
    felt = {"dissociation": "cadss"}.get(name, "systolic_rise" if name.startswith("systolic") else "")
    if not felt:
        return np.zeros(who.size)
    rows = [row(people.seen.moments, start + minute / 60) for minute in MINUTES]
    return np.array(MINUTES)[people.seen.felt[felt][rows][:, who].argmax(axis=0)] / 60


def _suffered(people: Subjects, who: np.ndarray, term: str, hours: np.ndarray, at: tuple[int, np.ndarray]) -> Columns:
    k, ordinal = at
    return people.head(who) | people.period(k, who.size) | {
        "TRTA": people.planned(k)[who],
        "AETERM": np.full(who.size, term),
        "AESTDTC": stamp(hours),
        "ASTDY": day(hours),
        "AESESS": ordinal,
        "TRTEMFL": np.full(who.size, "Y"),
        "_hour": hours,
    }  # fmt: skip


def _urinary(people: Subjects, k: int) -> Columns:
    """First symptoms of a period: the moment at which a person's cumulative hazard passes an exponential number of their own."""
    witness = people.seen.witness
    sessions, protocol = witness.sessions, witness.protocol
    start = protocol.period_h(protocol.live_periods[k])
    here = np.array([_period(people, float(hour))[0] == k for hour in sessions.start_h], dtype=bool)
    drug = np.array([given(witness, index) for index in range(len(protocol.conditions))])[witness.enrolled.arm[k]]
    rates = hazard(witness.seed, witness.enrolled.roll.replicates)
    replicate = witness.enrolled.roll.replicate.astype(np.int64)
    excess = rates.per_session[replicate] * drug
    limit = -np.log(uniform(witness.seed, "safety:urinary", witness.ids, np.uint64(k)))
    held = sessions.held & here[:, None]
    since = sessions.start_h[:, None] - start
    load = np.cumsum(held * excess, axis=0) + rates.per_week[replicate] * since / _WEEK_H
    passed = held & (load >= limit)
    end = follow_up_weeks(witness) * _WEEK_H
    after = np.where(anyone(passed), sessions.start_h[np.argmax(passed, axis=0)] if len(held) else 0.0, np.inf)
    rest = start + (limit - (held * excess).sum(axis=0)) / rates.per_week[replicate] * _WEEK_H
    hours = np.minimum(after, np.maximum(rest, start))
    stays = np.minimum(start + end, witness.enrolled.leaves_h)
    who = np.flatnonzero(people.chosen & anyone(held) & (hours <= stays))
    ordinal = np.where(held & (sessions.start_h[:, None] <= hours), sessions.ordinal, 0).max(axis=0, initial=0)
    return _suffered(people, who, _URINARY, hours[who], (k, ordinal[who]))


def _numbered(table: Columns) -> Columns:
    """Events of each person in order of time, and the first of each term marked."""
    order = np.lexsort((table["AETERM"], table.pop("_hour"), table["USUBJID"]))
    sorted_table = {name: values[order] for name, values in table.items()}
    people, terms = sorted_table["USUBJID"], sorted_table["AETERM"]
    count: dict[str, int] = {}
    known: set[tuple[str, str]] = set()
    number, first = [], []
    for person, term in zip(people.tolist(), terms.tolist(), strict=True):
        count[person] = count.get(person, 0) + 1
        number.append(count[person])
        first.append("" if (person, term) in known else "Y")
        known.add((person, term))
    return sorted_table | {"AESEQ": np.array(number, dtype=np.int64), "AOCCFL": np.array(first, dtype=str)}
