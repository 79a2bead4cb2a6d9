"""Subjects: who is who in a virtual trial (ADSL), and what every other data set says of a person."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from racemate.exchange.cdisc.dictionary import ADSL, EPOCH, MORNING_H, MOST_PERIODS
from racemate.trial.conduct.world import Floats
from racemate.trial.design.schedule import DAY_H
from racemate.trial.safety import Seen
from racemate.trial.witness import Leg, Mask, anyone

if TYPE_CHECKING:
    import pandas as pd

Columns = dict[str, Any]
_DAY_1 = np.datetime64(EPOCH)
_SITE = "001"


@dataclass(frozen=True)
class Subjects:
    """The people of some replicates of a trial: ``chosen`` says which of everybody are written."""

    seen: Seen
    chosen: Mask

    @property
    def study(self) -> str:
        """Study identifier: that of the protocol, marked as simulated."""
        return f"SIM-{(self.seen.witness.protocol.id or 'protocol').upper()}"

    @cached_property
    def replicate(self) -> np.ndarray:
        """Replicate of each person, from 1."""
        return self.seen.witness.enrolled.roll.replicate.astype(np.int64) + 1

    @cached_property
    def subject(self) -> np.ndarray:
        """Subject identifier within the replicate."""
        size = self.seen.witness.enrolled.roll.people
        return np.array([f"{k % size + 1:05d}" for k in range(self.chosen.size)])

    @cached_property
    def unique(self) -> np.ndarray:
        """Unique subject identifier."""
        pairs = zip(self.replicate, self.subject, strict=True)
        return np.array([f"{self.study}-{replicate:04d}-{subject}" for replicate, subject in pairs])

    def head(self, who: np.ndarray) -> Columns:
        """Columns that every data set has, for people by index."""
        return {
            "STUDYID": np.full(who.size, self.study),
            "USUBJID": self.unique[who],
            "REPLICAT": self.replicate[who],
            "HYPOTH": np.full(who.size, self.seen.witness.world.name),
            "SIMFL": np.full(who.size, "Y"),
        }

    def period(self, k: int, size: int) -> Columns:
        """Number and name of a period or stage."""
        return {"APERIOD": np.full(size, k + 1), "APERIODC": np.full(size, self.legs[k].name)}

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The periods of the trial, then its stages."""
        return self.seen.witness.legs

    def planned(self, k: int) -> np.ndarray:
        """Name of the arm of each person in a period or stage; empty for who never entered it."""
        names = np.array([*(arm.name for arm in self.legs[k].protocol.conditions), ""])
        return names[self.legs[k].arm]

    def flat(self, values: np.ndarray) -> np.ndarray:
        """Turn (replicates, people) into one value per person."""
        return values.reshape(-1)

    @cached_property
    def analysed(self) -> Mask:
        """Who has a baseline and a later rating of the first scale in some period or stage."""
        found = np.zeros(self.chosen.size, dtype=bool)
        for leg in self.legs:
            for arm in leg.protocol.conditions:
                seen = leg.data.seen[arm.name, leg.protocol.scales[0]]
                found |= self.flat(seen[0] & seen[1:].any(axis=0))
        return found

    @cached_property
    def left(self) -> Mask:
        """Who left the trial in any period or stage that they entered."""
        staged = [self.flat(leg.data.left) & (leg.arm >= 0) for leg in self.legs if leg.stage]
        return np.any([self.flat(self.seen.witness.data.left), *staged], axis=0)


def adsl(people: Subjects) -> pd.DataFrame:
    """One record per person."""
    witness = people.seen.witness
    who = np.flatnonzero(people.chosen)
    left = people.left[who]
    planned = [people.planned(k) for k in range(len(people.legs))]
    sequence = np.array([" / ".join(filter(None, parts)) for parts in zip(*planned, strict=True)])

    def trait(name: str) -> Floats:
        return witness.cohort.covariate(name)[who]

    columns = people.head(who) | {
        "SUBJID": people.subject[who],
        "SITEID": np.full(who.size, _SITE),
        "ARM": sequence[who],
        "AGE": trait("age"),
        "AGEU": np.full(who.size, "YEARS"),
        "SEX": np.where(trait("female") > 0, "F", "M"),
        "RACE": np.where(trait("asian") > 0, "ASIAN", "OTHER"),
        "WEIGHTBL": trait("weight"),
        "SCREENBL": people.flat(witness.data.screening)[who],
        "SAFFL": flag(anyone(witness.sessions.held)[who]),
        "ITTFL": np.full(who.size, "Y"),
        "FASFL": flag(people.analysed[who]),
        "COMPLFL": flag(~left),
        "DISCONFL": flag(left),
    }
    for k, names in enumerate(planned[:MOST_PERIODS], 1):
        columns |= {f"TRT{k:02d}{kind}": names[who] for kind in "PA"}
    return ADSL.frame(columns)


def flag(mask: Mask) -> np.ndarray:
    """Y or N."""
    return np.where(mask, "Y", "N")


def day(hours: Any) -> np.ndarray:
    """Relative day of hours since the first session: that of the session is day 1, and there is no day 0."""
    whole = _whole_days(hours)
    return np.where(whole >= 0, whole + 1, whole)


def date(hours: Any) -> np.ndarray:
    """Artificial date of hours since the first session of the trial."""
    return np.datetime_as_string(_DAY_1 + _whole_days(hours))


def stamp(hours: Any) -> np.ndarray:
    """Artificial date and time of hours since the first session of the trial, to the minute."""
    minutes = np.rint((np.asarray(hours, dtype=float) + MORNING_H) * 60).astype(np.int64)
    return np.datetime_as_string(_DAY_1 + minutes.astype("timedelta64[m]"), unit="m")


def _whole_days(hours: Any) -> np.ndarray:
    return np.floor((np.asarray(hours, dtype=float) + MORNING_H) / DAY_H).astype(np.int64)


def joined(parts: list[Columns]) -> Columns:
    """Columns one below the other; every part has the same names."""
    return {name: np.concatenate([np.atleast_1d(part[name]) for part in parts]) for name in parts[0]} if parts else {}
