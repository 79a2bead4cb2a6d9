"""Sketch: a trial's design over time as lines of text."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, floor

from racemate.report.design import NOTHING, Course, Design

_ONE, _SEVERAL, _EMPTY, _RATED = "|", "#", "o", "'"
"""Marks: one dose, several in one column, a session without a drug, a rating."""
_LONGEST_LABEL = 44
_TICKS = (0.1, 0.25, 0.5, 1, 2, 3, 5, 7, 10, 14, 20, 28, 50, 56, 100, 112, 200, 224, 365, 730, 2000)
_APART, _LEAST = 9, 20
"""Least columns between two numbers of the axis, and for the axis."""


def timeline(plan: Design, width: int) -> list[str]:
    """The design as lines of text no wider than ``width``: each arm, a line per drug with its doses, then ratings, periods and axis."""
    merged: dict[str, dict[str, list[Course]]] = {row: {} for row in plan.rows}
    for course in plan.courses:
        if course.hours:
            merged[course.row].setdefault(course.drug, []).append(course)
    longest = max(len(label) for row, drugs in merged.items() for label in (row, *(f"  {drug}" for drug in drugs)))
    size = min(_LONGEST_LABEL, max(longest, len(plan.unit)))
    room = max(_LEAST, width - size - 4)
    lines: list[str] = []
    for row, drugs in merged.items():
        lines.append(_line(_cut(row, size), size, ""))
        for drug, courses in drugs.items():
            hours = [hour for course in courses for hour in course.hours]
            marks = _marks(
                plan, hours, room, _EMPTY if drug == NOTHING else _ONE, _EMPTY if drug == NOTHING else _SEVERAL
            )
            lines.append(_line(_cut(f"  {drug}", size), size, marks))
    lines.append(_line("ratings", size, _marks(plan, plan.visits, room, _RATED, _RATED)))
    for span in plan.spans:
        name = f"period {span.name}" + ("" if span.simulated else ", not simulated")
        lines.append(_line(_cut(name, size), size, _band(plan, span.start, span.end, room)))
    lines.append(_line(plan.unit, size, _axis(plan, room)))
    lines.append(f"  {_ONE} dose   {_SEVERAL} several doses   {_EMPTY} session, no drug   {_RATED} rating")
    return [line.rstrip() for line in lines]


def _line(label: str, size: int, marks: str) -> str:
    return f"  {label.ljust(size)}  {marks}"


def _column(plan: Design, hour: float, room: int) -> int:
    low, high = plan.ends
    return round((hour - low) / (high - low or 1.0) * (room - 1))


def _marks(plan: Design, hours: Iterable[float], room: int, one: str, several: str) -> str:
    places = [_column(plan, hour, room) for hour in hours]
    return "".join(" " if k not in places else one if places.count(k) == 1 else several for k in range(room))


def _band(plan: Design, start: float, end: float, room: int) -> str:
    first, last = _column(plan, start, room), _column(plan, end, room)
    return " " * first + "[" + "-" * max(0, last - first - 1) + "]"


def _axis(plan: Design, room: int) -> str:
    """Numbers of the axis, counted from the first dose."""
    low, high = map(plan.shown, plan.ends)
    per = (high - low or 1.0) / (room - 1)
    step = next((step for step in _TICKS if step / per >= _APART), _TICKS[-1])
    first = plan.shown(0.0)
    line = [" "] * (room + _APART)
    for count in range(ceil((low - first) / step), floor((high - first) / step) + 1):
        place, text = round((first + count * step - low) / per), f"{first + count * step:g}"
        line[place : place + len(text)] = text
    return "".join(line)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 3] + "..."
