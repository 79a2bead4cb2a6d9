"""Sessions: what is measured and what is suffered around them: plasma concentrations (ADPC) and adverse events (ADAE)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from racemate.chain.concentration import Plasma
from racemate.chain.dose import ENANTIOMERS
from racemate.exchange.cdisc.dictionary import ADAE, ADPC
from racemate.exchange.cdisc.subjects import Columns, Subjects, date, day, joined, stamp
from racemate.trial.design.parts import parts
from racemate.trial.design.protocol import Protocol
from racemate.trial.harms import reported
from racemate.trial.harms.hazard import first
from racemate.trial.harms.urinary import hazard
from racemate.trial.safety import CHAIN, COUNTS, RISEN, gives_ketamine
from racemate.trial.witness import row
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
_URINARY = "urinary symptoms"


def analytes(protocol: Protocol) -> tuple[str, ...]:
    """Plasma concentrations that a trial's drugs bring about."""
    drugs = {dose.drug for part in parts(protocol) for arm in part.protocol.conditions for dose in arm.doses}
    bodies = {body for drug in drugs for body in ENANTIOMERS.get(drug, (drug,))}
    sides = {body[-1] for body in bodies if body.startswith("ketamine")}
    return tuple(
        name for name in Plasma._fields
        if name in bodies or (name.startswith(("norketamine", "hnk")) and name[-1] in sides)
    )  # fmt: skip


def adpc(people: Subjects) -> pd.DataFrame:
    """One record per person, analyte and sample of the first and the last session of a period or stage."""
    sessions, names = people.seen.witness.sessions, analytes(people.seen.witness.protocol)
    found: list[Columns] = []
    for k in range(len(people.legs)):
        here = sessions.held & (sessions.leg == k)
        last = np.where(here, sessions.ordinal, 0).max(axis=0, initial=0)
        for s in np.flatnonzero(here.any(axis=1)):
            ends = (sessions.ordinal[s] == 1) | (sessions.ordinal[s] == last)
            who = np.flatnonzero(people.chosen & here[s] & ends)
            samples = ((minute, name) for minute in people.seen.minutes[s] for name in names if who.size)
            found += [_sample(people, who, (k, int(s), minute), name) for minute, name in samples]
    return ADPC.frame(joined(found))


def _sample(people: Subjects, who: np.ndarray, at: tuple[int, int, int], name: str) -> Columns:
    k, s, minute = at
    hour = float(people.seen.witness.sessions.start_h[s]) + minute / 60
    values = people.seen.reading[f"plasma.{name}"][row(people.seen.moments, hour), who]
    code, label = _CODES[name]
    since = hour - people.legs[k].start_h[who]
    return people.head(who) | people.period(k, who.size) | {
        "TRTP": people.planned(k)[who],
        "PARAM": np.full(who.size, f"{label} ({UNIT})"),
        "PARAMCD": np.full(who.size, code),
        "AVISIT": np.array([f"Session {number}" for number in people.seen.witness.sessions.ordinal[s, who]]),
        "ATPT": np.full(who.size, "Before session" if minute == 0 else f"{minute} min"),
        "ADT": np.full(who.size, date(hour)),
        "ADY": np.full(who.size, day(hour)),
        "AVAL": convert(1.0, "mg/L", UNIT) * values,
        "AVALU": np.full(who.size, UNIT),
        **{f"{kind}FRLT": since for kind in "NA"},
        **{f"{kind}RRLT": np.full(who.size, minute / 60) for kind in "NA"},
        "ANL01FL": np.full(who.size, "Y"),
    }  # fmt: skip


def adae(people: Subjects) -> pd.DataFrame:
    """One record per person and event: what is felt in a session, and the first of each event that comes at a hazard."""
    seen, sessions = people.seen, people.seen.witness.sessions
    found: list[Columns] = []
    for k in range(len(people.legs)):
        for s, start in enumerate(sessions.start_h):
            for name, mask in seen.events.items():
                who = np.flatnonzero(people.chosen & mask[s] & (sessions.leg[s] == k))
                hours = np.full(who.size, float(start)) + _onset_h(people, name, s, who)
                found.append(_suffered(people, who, name, hours, (k, sessions.ordinal[s, who]), CHAIN))
        found += _counted(people, k)
    table = joined([part for part in found if part["USUBJID"].size] or found[:1])
    return ADAE.frame(_numbered(table))


def _onset_h(people: Subjects, name: str, s: int, who: np.ndarray) -> np.ndarray:
    """Hours from a session's start to the peak of what is felt; a chance is dated at the start."""
    felt = {reported.DISSOCIATED: "cadss", RISEN: "systolic_rise"}.get(name)
    if not felt:
        return np.zeros(who.size)
    start, minutes = float(people.seen.witness.sessions.start_h[s]), people.seen.minutes[s]
    rows = [row(people.seen.moments, start + minute / 60) for minute in minutes]
    return np.array(minutes)[people.seen.felt[felt][rows][:, who].argmax(axis=0)] / 60


def _suffered(
    people: Subjects, who: np.ndarray, term: str, hours: np.ndarray, at: tuple[int, np.ndarray], basis: str
) -> Columns:
    k, ordinal = at
    return people.head(who) | people.period(k, who.size) | {
        "TRTA": people.planned(k)[who],
        "AETERM": np.full(who.size, term),
        "AESTDTC": stamp(hours),
        "ASTDY": day(hours),
        "AESESS": ordinal,
        "AEBASIS": np.full(who.size, basis),
        "TRTEMFL": np.full(who.size, "Y"),
        "_hour": hours,
    }  # fmt: skip


def _counted(people: Subjects, k: int) -> Iterator[Columns]:
    """First events of a leg that come at a hazard: urinary symptoms, and what trials of the spray report."""
    witness, leg = people.seen.witness, people.legs[k]
    replicates = witness.enrolled.roll.replicates
    ketamine = np.array([*(gives_ketamine(arm) for arm in leg.protocol.conditions), False])[leg.arm]
    found = {_URINARY: first(witness, k, hazard(witness.seed, replicates), ketamine, "safety:urinary")}
    for name, one in (found | dict(people.seen.firsts[k])).items():
        who = np.flatnonzero(people.chosen & one.had)
        yield _suffered(people, who, name, one.hour[who], (k, one.session[who]), COUNTS)


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
