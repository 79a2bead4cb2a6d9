"""Schedule: the short texts of a protocol ("0.5 mg/kg", "40 min", "day 8", "twice weekly for 4 weeks") read as numbers.

Inside, time is hours since the first dose of a period.  A trial numbers its days from 0 or from 1 (`first_day`), so "day 8" means seven
days after the first dose in one trial and eight in another, while "24 h" means the same in both.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

DAY_H = 24.0
LONGEST_H = 20 * 365 * DAY_H
"""Nothing in a protocol lies further off than twenty years: a longer time is a slip of the pen."""
MOST_DOSES = 2000

_MONTH_H = 365.25 / 12 * DAY_H
"""A month is the twelfth part of a year."""
_HOURS = {
    "s": 1 / 3600,
    "min": 1 / 60,
    "h": 1.0,
    "day": DAY_H,
    "week": 7 * DAY_H,
    "month": _MONTH_H,
    "year": 12 * _MONTH_H,
}
_UNIT = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), "s"),
    **dict.fromkeys(("min", "minute", "minutes"), "min"),
    **dict.fromkeys(("h", "hr", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "day"),
    **dict.fromkeys(("wk", "week", "weeks"), "week"),
    **dict.fromkeys(("month", "months"), "month"),
    **dict.fromkeys(("year", "years"), "year"),
}
_MILLIGRAMS = {"ug": 1e-3, "µg": 1e-3, "μg": 1e-3, "mg": 1.0, "g": 1e3}
_NUMBER = r"(\d{1,9}(?:\.\d{1,9})?)"
_AMOUNT = re.compile(rf"{_NUMBER}\s*(ug|µg|μg|mg|g)\s*(/\s*kg)?")
_SPAN = re.compile(rf"(-?){_NUMBER}\s*([a-z]+)")
_DAY = re.compile(rf"day\s+(-?){_NUMBER}")
_DAYS = re.compile(r"days?\s+([\d\s,.and-]+)")
_EVERY = re.compile(rf"every\s+(?:{_NUMBER}\s+)?([a-z]+)\s+for\s+(\d{{1,4}})\s+(?:doses|times|sessions)")
_WEEKLY = re.compile(r"(?:(once|twice|thrice|three times|(\d) times)\s+)?weekly\s+for\s+(\d{1,4})\s+weeks?")
_DAILY = re.compile(r"(?:(once|twice|thrice|three times)\s+)?daily\s+for\s+(\d{1,4})\s+days?")
_TIMES = {None: 1, "once": 1, "twice": 2, "thrice": 3, "three times": 3}
_WEEK_PATTERN = {1: (0,), 2: (0, 3), 3: (0, 2, 4), 4: (0, 2, 4, 6), 5: (0, 1, 2, 3, 4), 7: (0, 1, 2, 3, 4, 5, 6)}
"""Days of the week on which so many sessions a week fall; twice is the 3 and 4 days apart of the esketamine trials."""
AMOUNT_ALLOWED = 'an amount above zero in ug, mg, g or the same per kg, such as "84 mg" or "0.5 mg/kg"'
SPAN_ALLOWED = 'a time in s, min, h, days, weeks, months or years, such as "40 min"'
MOMENT_ALLOWED = '"baseline", a time since the first dose such as "24 h", or a day of the trial such as "day 8"'
SCHEDULE_ALLOWED = (
    '"once", "day 4", "days 1, 4 and 8", "daily for 7 days", "twice weekly for 4 weeks", "every 2 days for 6 doses", '
    'or several of these joined by ", then "'
)


class ProtocolError(ValueError):
    """Something in a protocol that does not read as what it should be: ``field`` (within its record), ``found``, ``allowed``."""

    def __init__(self, found: object, allowed: str, field: str = "") -> None:
        self.field = field
        self.found = repr(found)
        self.allowed = allowed
        super().__init__(f"found {found!r}, allowed: {allowed}")


@contextmanager
def reading(field: str) -> Iterator[None]:
    """Name the field in any ProtocolError raised inside that does not name its own."""
    try:
        yield
    except ProtocolError as fault:
        fault.field = fault.field or field
        raise


@contextmanager
def within(place: str) -> Iterator[None]:
    """Put the name of a part before the field of any ProtocolError raised inside."""
    try:
        yield
    except ProtocolError as fault:
        fault.field = ".".join(filter(None, (place, fault.field)))
        raise


@dataclass(frozen=True)
class Amount:
    """A dose in mg, or in mg per kg of body weight."""

    mg: float
    per_kg: bool = False


def amount(text: str) -> Amount:
    """Read a dose such as ``"84 mg"`` or ``"0.5 mg/kg"``; raises ProtocolError."""
    found = _AMOUNT.fullmatch(text.strip())
    if not found or float(found[1]) <= 0:
        raise ProtocolError(text, AMOUNT_ALLOWED)
    return Amount(float(found[1]) * _MILLIGRAMS[found[2]], per_kg=found[3] is not None)


def span(text: str, *, may_precede: bool = False) -> float:
    """Hours of a time such as ``"40 min"``; below zero only where it may precede the first dose; raises ProtocolError."""
    found = _SPAN.fullmatch(text.strip().lower())
    if not found or found[3] not in _UNIT or (found[1] and not may_precede):
        raise ProtocolError(text, SPAN_ALLOWED)
    hours = float(found[2]) * _HOURS[_UNIT[found[3]]]
    if hours > LONGEST_H:
        raise ProtocolError(text, SPAN_ALLOWED + ", within twenty years")
    return -hours if found[1] else hours


def day(number: float, first_day: int) -> float:
    """Hours from the first dose to the same hour of a numbered day of the trial."""
    return (number - first_day) * DAY_H


def moment(text: str, first_day: int) -> float | None:
    """Hours since the first dose of the period; None for ``"baseline"``, whose time depends on the arm; raises ProtocolError."""
    plain = text.strip().lower()
    if plain == "baseline":
        return None
    numbered = _DAY.fullmatch(plain)
    if numbered:
        hours = day(float(numbered[2]) * (-1 if numbered[1] else 1), first_day)
        if abs(hours) > LONGEST_H:
            raise ProtocolError(text, MOMENT_ALLOWED)
        return hours
    try:
        return span(plain, may_precede=True)
    except ProtocolError as fault:
        raise ProtocolError(text, MOMENT_ALLOWED) from fault


def elapsed(time: float, unit: str, first_day: int) -> float | None:
    """Hours since the first dose of a published time; a ``day`` is the trial's own numbering; None for a unit that is no time."""
    kind = _UNIT.get(unit.strip().lower())
    if kind is None:
        return None
    return day(time, first_day) if kind == "day" else time * _HOURS[kind]


def times(text: str, first_day: int) -> tuple[float, ...]:
    """Hours since the first dose of every session of a schedule, ascending; raises ProtocolError."""
    plain = " ".join(text.lower().split())
    found: list[float] = []
    start = 0.0
    for part in re.split(r",?\s+then\s+", plain):
        hours, following = _stretch(part, first_day, text)
        found += [start + hour for hour in hours]
        start += following
    ascending = all(before < after for before, after in pairwise(found))
    if not found or not ascending or found[0] < 0 or found[-1] > LONGEST_H or len(found) > MOST_DOSES:
        raise ProtocolError(text, SCHEDULE_ALLOWED)
    return tuple(found)


def _stretch(part: str, first_day: int, whole: str) -> tuple[list[float], float]:
    """Times of one stretch from its own start, and when the next stretch would start."""
    if part == "once":
        return [0.0], DAY_H
    if found := _WEEKLY.fullmatch(part):
        count = int(found[2]) if found[2] else _TIMES[found[1]]
        if count not in _WEEK_PATTERN or not int(found[3]):
            raise ProtocolError(whole, SCHEDULE_ALLOWED)
        weeks = int(found[3])
        return [(7 * week + d) * DAY_H for week in range(weeks) for d in _WEEK_PATTERN[count]], 7 * weeks * DAY_H
    if found := _DAILY.fullmatch(part):
        count, days = _TIMES[found[1]], int(found[2])
        return [(d + k / count) * DAY_H for d in range(days) for k in range(count)], days * DAY_H
    if found := _EVERY.fullmatch(part):
        return _repeated(found, whole)
    if found := _DAYS.fullmatch(part):
        return _numbered(found[1], first_day, whole)
    raise ProtocolError(whole, SCHEDULE_ALLOWED)


def _repeated(found: re.Match[str], whole: str) -> tuple[list[float], float]:
    unit, doses = _UNIT.get(found[2]), int(found[3])
    gap = float(found[1] or 1) * _HOURS[unit] if unit else 0.0
    if gap <= 0 or not 0 < doses <= MOST_DOSES:
        raise ProtocolError(whole, SCHEDULE_ALLOWED)
    return [k * gap for k in range(doses)], doses * gap


def _numbered(listed: str, first_day: int, whole: str) -> tuple[list[float], float]:
    words = [word for word in re.split(r"[\s,]+|and", listed) if word]
    if not words or not all(re.fullmatch(r"\d{1,5}(\.\d+)?", word) for word in words):
        raise ProtocolError(whole, SCHEDULE_ALLOWED)
    hours = [day(float(word), first_day) for word in words]
    return hours, hours[-1] + DAY_H
