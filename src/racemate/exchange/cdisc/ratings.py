"""Ratings: what raters wrote down (ADQS), and when people responded, remitted or left (ADTTE)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from racemate.evidence.library import library
from racemate.exchange.cdisc.dictionary import ADQS, ADTTE
from racemate.exchange.cdisc.subjects import Columns, Subjects, date, day, flag, joined
from racemate.trial.design.protocol import Protocol
from racemate.trial.design.schedule import DAY_H
from racemate.trial.design.scheme import MOOD_SCALES
from racemate.trial.witness import anyone

if TYPE_CHECKING:
    import pandas as pd

_PRESSURE = ("SYSTRISE", "Rise of Systolic Pressure (mmHg)")
_LABEL = {"systolic": _PRESSURE}
_MINUTES_UNTIL_H = 6.0
"""Hours up to which a visit is named in minutes, as sessions are."""


def parameter(scale: str) -> tuple[str, str]:
    """Code and name of a scale."""
    return _LABEL[scale] if scale in _LABEL else (scale.upper(), f"{library().scale(scale).label} (points)")


def visit(protocol: Protocol, hour: float) -> str:
    """Name of a visit of a period."""
    if hour == protocol.baseline_h:
        return "Baseline"
    days = hour / DAY_H + protocol.first_day
    if days.is_integer():
        return f"Day {days:g}"
    return f"{60 * hour:.0f} min" if abs(hour) < _MINUTES_UNTIL_H else f"{hour:g} h"


def adqs(people: Subjects) -> pd.DataFrame:
    """One record per person, period, scale and visit at which the person was rated."""
    parts = [
        _rated(people, k, scale, number) for k, scale in _blocks(people)
        for number in range(len(people.seen.witness.protocol.rated_h(scale)))
    ]  # fmt: skip
    return ADQS.frame(joined(parts))


def _blocks(people: Subjects) -> Iterator[tuple[int, str]]:
    return ((k, scale) for k in range(people.periods) for scale in people.seen.witness.protocol.scales)


def _values(people: Subjects, k: int, scale: str) -> tuple[np.ndarray, np.ndarray]:
    """Ratings of everybody in their arm of a period and who has them, shape (visits, people)."""
    data, conditions = people.seen.witness.data, people.seen.witness.protocol.conditions
    arm = people.seen.witness.enrolled.arm[k]
    value = np.stack([data.value[one.name, scale].reshape(-1, arm.size) for one in conditions])
    seen = np.stack([data.seen[one.name, scale].reshape(-1, arm.size) for one in conditions])
    place = (arm[None, None, :], np.arange(value.shape[1])[None, :, None], np.arange(arm.size)[None, None, :])
    return value[place][0], seen[place][0]


def _rated(people: Subjects, k: int, scale: str, number: int) -> Columns:
    protocol = people.seen.witness.protocol
    value, seen = _values(people, k, scale)
    who = np.flatnonzero(people.chosen & seen[number])
    hour = protocol.rated_h(scale)[number]
    start = protocol.period_h(protocol.live_periods[k])
    code, name = parameter(scale)
    now = value[number, who]
    base = np.where(seen[0, who], value[0, who], np.nan)
    later = number > 0
    return people.head(who) | people.period(k, who.size) | {
        "TRTP": people.planned(k)[who],
        "PARAM": np.full(who.size, name),
        "PARAMCD": np.full(who.size, code),
        "AVISIT": np.full(who.size, visit(protocol, hour)),
        "AVISITN": np.full(who.size, number),
        "ADT": np.full(who.size, date(start + hour)),
        "ADY": np.full(who.size, day(start + hour)),
        "AVAL": now,
        "BASE": base,
        "CHG": now - base if later else np.full(who.size, np.nan),
        "PCHG": _percent(now - base, base) if later else np.full(who.size, np.nan),
        "ABLFL": np.full(who.size, "" if later else "Y"),
        "ANL01FL": np.full(who.size, "Y"),
        "FASFL": flag(people.analysed[who]),
    }  # fmt: skip


def _percent(change: np.ndarray, base: np.ndarray) -> np.ndarray:
    return np.divide(100 * change, base, out=np.full(change.shape, np.nan), where=base != 0)


def adtte(people: Subjects) -> pd.DataFrame:
    """Times to response, to remission and to leaving, from the first session of each period, in days."""
    protocol = people.seen.witness.protocol
    scales = [scale for scale in protocol.scales if scale in MOOD_SCALES]
    parts = []
    for k in range(people.periods):
        for scale in scales[:1]:
            parts.append(_event(people, k, scale, "response"))
            if scale in protocol.remission:
                parts.append(_event(people, k, scale, "remission"))
            parts.append(_left(people, k, scale))
    return ADTTE.frame(joined(parts))


def _event(people: Subjects, k: int, scale: str, what: str) -> Columns:
    """First rating that meets a definition; censored at the last rating."""
    protocol = people.seen.witness.protocol
    value, seen = _values(people, k, scale)
    hours = np.array(protocol.rated_h(scale))
    if what == "remission":
        met, title = (
            value <= protocol.remission[scale],
            f"Time to {scale.upper()} of {protocol.remission[scale]:g} or less",
        )
    else:
        screened = people.flat(people.seen.witness.data.screening)
        base = screened if protocol.response_from == "screening" else value[0]
        met = value <= (1 - protocol.response) * base
        title = f"Time to Fall of {100 * protocol.response:g} Percent on {scale.upper()}"
    met &= seen
    met[0] = False
    who = np.flatnonzero(people.chosen & seen[0])
    had = anyone(met[:, who])
    first = hours[np.argmax(met[:, who], axis=0)]
    last = _last(hours, seen)[who]
    return _timed(
        people, k, who, np.where(had, first, last), had, ("TTRESP" if what == "response" else "TTREMIT", title, what)
    )


def _left(people: Subjects, k: int, scale: str) -> Columns:
    """Leaving is known at the last rating that a person has; those who stay are censored at the end."""
    _, seen = _values(people, k, scale)
    hours = np.array(people.seen.witness.protocol.rated_h(scale))
    who = np.flatnonzero(people.chosen & seen[0])
    last = _last(hours, seen)[who]
    return _timed(people, k, who, last, last < hours[-1], ("TTDISC", "Time to Last Rating of Those Who Left", "left"))


def _last(hours: np.ndarray, seen: np.ndarray) -> np.ndarray:
    return np.where(seen, hours[:, None], hours[0]).max(axis=0)


def _timed(people: Subjects, k: int, who: np.ndarray, hour: np.ndarray, event: np.ndarray, told: Any) -> Columns:
    protocol = people.seen.witness.protocol
    start = protocol.period_h(protocol.live_periods[k])
    code, name, what = told
    return people.head(who) | people.period(k, who.size) | {
        "TRTP": people.planned(k)[who],
        "PARAM": np.full(who.size, f"{name} (days)"),
        "PARAMCD": np.full(who.size, code),
        "AVAL": np.maximum(hour, 0.0) / DAY_H,
        "STARTDT": np.full(who.size, date(start)),
        "ADT": date(start + hour),
        "CNSR": np.where(event, 0, 1),
        "EVNTDESC": np.where(event, what, "censored"),
        "CNSDTDSC": np.where(event, "", "last rating"),
    }  # fmt: skip
