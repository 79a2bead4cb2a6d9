"""Ratings: what raters wrote down (ADQS), and when people responded, remitted or left (ADTTE)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from racemate.evidence.library import library
from racemate.exchange.cdisc.dictionary import ADQS, ADTTE
from racemate.exchange.cdisc.subjects import Columns, Subjects, date, day, flag, joined
from racemate.trial.design.protocol import Protocol
from racemate.trial.design.schedule import DAY_H
from racemate.trial.design.scheme import MOOD_SCALES
from racemate.trial.witness import Leg, anyone

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
        _rated(people, k, scale, number) for k, leg in enumerate(people.legs) for scale in leg.protocol.scales
        for number in range(len(leg.protocol.rated_h(scale)))
    ]  # fmt: skip
    return ADQS.frame(joined(parts))


def _values(leg: Leg, scale: str) -> tuple[np.ndarray, np.ndarray]:
    """Ratings of everybody in their arm of a leg and who has them, shape (visits, people)."""
    conditions = leg.protocol.conditions
    value = np.stack([leg.data.value[one.name, scale].reshape(-1, leg.arm.size) for one in conditions])
    seen = np.stack([leg.data.seen[one.name, scale].reshape(-1, leg.arm.size) for one in conditions])
    everybody = np.arange(leg.arm.size)[None, None, :]
    place = (np.maximum(leg.arm, 0)[None, None, :], np.arange(value.shape[1])[None, :, None], everybody)
    return value[place][0], seen[place][0] & (leg.arm >= 0)


def _rated(people: Subjects, k: int, scale: str, number: int) -> Columns:
    leg = people.legs[k]
    value, seen = _values(leg, scale)
    who = np.flatnonzero(people.chosen & seen[number])
    hour = leg.protocol.rated_h(scale)[number]
    when = leg.start_h[who] + hour
    code, name = parameter(scale)
    now = value[number, who]
    base = np.where(seen[0, who], value[0, who], np.nan)
    later = number > 0
    return people.head(who) | people.period(k, who.size) | {
        "TRTP": people.planned(k)[who],
        "PARAM": np.full(who.size, name),
        "PARAMCD": np.full(who.size, code),
        "AVISIT": np.full(who.size, visit(leg.protocol, hour)),
        "AVISITN": np.full(who.size, number),
        "ADT": date(when),
        "ADY": day(when),
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
    """Times to response, to remission and to leaving, from the first session of each period or stage, in days."""
    parts = []
    for k, leg in enumerate(people.legs):
        scale = next((name for name in leg.protocol.scales if name in MOOD_SCALES), None)
        if scale is not None:
            parts.append(_event(people, k, scale, "response"))
            parts += [_event(people, k, scale, "remission")] if scale in leg.protocol.remission else []
            parts.append(_left(people, k, scale))
    return ADTTE.frame(joined(parts))


def _event(people: Subjects, k: int, scale: str, what: str) -> Columns:
    """First rating that meets a definition; censored at the last rating."""
    leg, protocol = people.legs[k], people.legs[k].protocol
    value, seen = _values(leg, scale)
    hours = np.array(protocol.rated_h(scale))
    if what == "remission":
        cut = protocol.remission[scale]
        met, title = value <= cut, f"Time to {scale.upper()} of {cut:g} or less"
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
    told = ("TTRESP" if what == "response" else "TTREMIT", title, what)
    return _timed(people, k, who, np.where(had, first, _last(hours, seen)[who]), had, told)


def _left(people: Subjects, k: int, scale: str) -> Columns:
    """Leaving is dated at the last rating that a person has; those who stay, or go on, are censored there."""
    leg = people.legs[k]
    _, seen = _values(leg, scale)
    hours = np.array(leg.protocol.rated_h(scale))
    who = np.flatnonzero(people.chosen & seen[0])
    last = _last(hours, seen)[who]
    gone = people.flat(leg.data.left)[who] & (last < hours[-1])
    return _timed(people, k, who, last, gone, ("TTDISC", "Time to Last Rating of Those Who Left", "left"))


def _last(hours: np.ndarray, seen: np.ndarray) -> np.ndarray:
    return np.where(seen, hours[:, None], hours[0]).max(axis=0)


def _timed(people: Subjects, k: int, who: np.ndarray, hour: np.ndarray, event: np.ndarray, told: Any) -> Columns:
    start = people.legs[k].start_h[who]
    code, name, what = told
    return people.head(who) | people.period(k, who.size) | {
        "TRTP": people.planned(k)[who],
        "PARAM": np.full(who.size, f"{name} (days)"),
        "PARAMCD": np.full(who.size, code),
        "AVAL": np.maximum(hour, 0.0) / DAY_H,
        "STARTDT": date(start),
        "ADT": date(start + hour),
        "CNSR": np.where(event, 0, 1),
        "EVNTDESC": np.where(event, what, "censored"),
        "CNSDTDSC": np.where(event, "", "last rating"),
    }  # fmt: skip
