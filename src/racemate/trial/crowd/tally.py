"""Tally: what is kept of a crowd: how many people had each score, each change of it, a response, a remission, or left.

Ratings are whole numbers, so means, standard deviations and percentiles come from counts without any loss, and counts of two chunks
are added without rounding: neither the size of a chunk nor the order in which chunks end can change a bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from racemate.evidence.library import library
from racemate.trial.analysis.counted import at_once, pair
from racemate.trial.conduct.rate import Data
from racemate.trial.design.parts import Part, parts
from racemate.trial.design.protocol import Protocol

Counts = NDArray[np.int64]
LEVELS = (2.5, 25.0, 50.0, 75.0, 97.5)
"""Percentiles over people that are told of a score."""
_UNBOUNDED = (-100.0, 200.0)
"""Whole numbers counted of a scale without ends, such as mmHg; what lies beyond is counted at the end."""
_PERCENT = 100.0
_SCORES = ("value", "change")


class Line(NamedTuple):
    """One thing that is counted: by score from ``low`` up in ``size`` places, or (``size`` 2) who met something and of whom it is known."""

    stage: str
    arm: str
    outcome: str
    hour: float | None
    kind: str
    low: int
    size: int


@dataclass(frozen=True)
class Sheet:
    """Everything that is counted of a protocol, line by line, in one row of whole numbers."""

    protocol: Protocol

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The lines in order."""
        return tuple(line for part in _rated(self.protocol) for line in _lines(part))

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Where each line begins, and after them where the last one ends."""
        return tuple(np.cumsum([0, *(line.size for line in self.lines)]).tolist())

    def count(self, data: Data) -> Counts:
        """The counts of one chunk."""
        return np.concatenate([_counted(data.stages.get(line.stage, data), line) for line in self.lines])

    def rows(self, counts: Counts) -> Iterator[dict[str, Any]]:
        """What the counts tell, one row per score or event: people, mean, standard deviation and percentiles, or percent."""
        for line, begin, end in zip(self.lines, self.starts, self.starts[1:], strict=False):
            here = counts[begin:end]
            told = _score(here, line.low) if line.kind in _SCORES else _share(here)
            where = {"stage": line.stage, "arm": line.arm, "outcome": line.outcome, "hours": line.hour}
            yield {**where, "statistic": line.kind, **told}


def _rated(protocol: Protocol) -> list[Part]:
    """The first part and every stage; periods of a crossover are one part."""
    every = parts(protocol)
    return [every[0], *(part for part in every if part.stage is not None)]


def _lines(part: Part) -> Iterator[Line]:
    own, stage = part.protocol, part.name if part.stage is not None else ""
    for arm in own.conditions:
        for scale in own.scales:
            low, high = (round(end) for end in _range(scale))
            for hour in own.rated_h(scale):
                yield Line(stage, arm.name, scale, hour, "value", low, high - low + 1)
                if hour == own.baseline_h or own.baseline_h not in own.rated_h(scale):
                    continue
                yield Line(stage, arm.name, scale, hour, "change", low - high, 2 * (high - low) + 1)
                if scale == own.baseline_scale:
                    yield Line(stage, arm.name, scale, hour, "response", 0, 2)
                if scale in own.remission:
                    yield Line(stage, arm.name, scale, hour, "remission", 0, 2)
        yield Line(stage, arm.name, "dropout", None, "share", 0, 2)


def _range(scale: str) -> tuple[float, float]:
    known: Mapping[str, Any] = library().scales
    return known[scale].range if scale in known and scale != "systolic" else _UNBOUNDED


def _counted(data: Data, line: Line) -> Counts:
    if line.kind == "share":
        belongs = data.member[line.arm]
        return np.array([(data.left & belongs).sum(), belongs.sum()])
    assert line.hour is not None
    if line.kind == "value":
        score, known = data.at(line.arm, line.outcome, line.hour)
        return _histogram(score[known], line)
    if line.kind == "change":
        score, base, known = pair(data, line.outcome, (line.arm,), line.hour)
        return _histogram((score - base)[known], line)
    met, known = at_once(data, line.outcome, (line.arm,), line.hour, line.kind)
    return np.array([(met & known).sum(), known.sum()])


def _histogram(values: NDArray[np.float64], line: Line) -> Counts:
    place = np.clip(np.rint(values).astype(np.int64) - line.low, 0, line.size - 1)
    return np.bincount(place, minlength=line.size).astype(np.int64)


def _score(counts: Counts, low: int) -> dict[str, Any]:
    people = int(counts.sum())
    if not people:
        return {"n": 0, "mean": None, "sd": None, **{f"p{level:g}": None for level in LEVELS}, "percent": None}
    score = np.arange(low, low + counts.size)
    mean = int(counts @ score) / people
    spread = float(np.sqrt(counts @ (score - mean) ** 2 / (people - 1))) if people > 1 else None
    below = np.cumsum(counts)
    places = np.searchsorted(below, np.array(LEVELS) / _PERCENT * people)
    ends = {f"p{level:g}": int(score[place]) for level, place in zip(LEVELS, places, strict=True)}
    return {"n": people, "mean": mean, "sd": spread, **ends, "percent": None}


def _share(counts: Counts) -> dict[str, Any]:
    met, known = (int(one) for one in counts)
    empty = {"mean": None, "sd": None, **{f"p{level:g}": None for level in LEVELS}}
    return {"n": known, **empty, "percent": _PERCENT * met / known if known else None}
