"""Witness: a virtual trial as its people went through it: who they were, what each was given, and readings at any hour.

The conduct of a trial stays where it is.  A witness stands beside the world that the conduct runs: it remembers the people and the
plan they were treated by, so that the same people can be read again at other hours and on other signals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racemate.chain import dose as dosing
from racemate.simulate.plan import Plan
from racemate.simulate.timeline import tick
from racemate.trial.conduct.rate import Data
from racemate.trial.conduct.world import Cohort, Enrolled, Floats, Ids, Progress, World
from racemate.trial.design.parts import parts
from racemate.trial.design.protocol import Protocol
from racemate.trial.replicate import Report, conduct

Mask = NDArray[np.bool_]
Whole = NDArray[np.int64]
_SAME_H = 1e-3
"""Two hours closer than four seconds are one, told in two ways."""


@dataclass
class _Beside:
    """A world that remembers whom it carried last, and through what."""

    world: World
    cohort: Any = None
    plan: Plan | None = None

    @property
    def name(self) -> str:
        return self.world.name

    @property
    def dose(self) -> dosing.Par:
        return self.world.dose

    def draw(self, ids: Ids, replicate: Ids, known: Mapping[str, float]) -> Cohort:
        return self.world.draw(ids, replicate, known)

    def run(
        self, cohort: Any, plan: Plan, readings: tuple[str, ...], progress: Progress | None
    ) -> Mapping[str, Floats]:
        self.cohort, self.plan = cohort, plan
        return self.world.run(cohort, plan, readings, progress)


@dataclass(frozen=True)
class Leg:
    """One period or stage of a trial as its people went through it; ``protocol`` and ``data`` are on its own clock."""

    name: str
    stage: bool
    protocol: Protocol
    data: Data
    arm: Whole
    """Index into the leg's ``conditions``, shape (people,); -1 for who never entered."""
    start_h: Floats
    """Hour of the trial at which each person began it; infinite for never."""
    until_h: Floats
    """Hour of the trial after which nobody rates this person in it."""


@dataclass(frozen=True)
class Sessions:
    """Treatment sessions of everybody, in order of time: arrays of shape (sessions, people) but for ``start_h``."""

    start_h: Floats
    held: Mask
    """Who had it, those who had left before it left out."""
    leg: Whole
    """Place of the leg each person was in."""
    arm: Whole
    """Index of the person's arm among the conditions of that leg."""
    ordinal: Whole
    """Which session of that person and leg it was, from 1; 0 where none was held."""


@dataclass(frozen=True)
class Witness:
    """One hypothesis, one trial, all replicates: ratings, people, and the plan they went through."""

    protocol: Protocol
    world: World
    seed: int
    data: Data
    enrolled: Enrolled
    cohort: Any = field(repr=False)
    plan: Plan = field(repr=False)

    @property
    def ids(self) -> Ids:
        """Number of each person."""
        return self.enrolled.roll.ids

    def fold(self, values: NDArray[Any]) -> NDArray[Any]:
        """Turn (..., people of all replicates) into (..., replicates, people)."""
        return self.enrolled.roll.fold(values)

    @cached_property
    def legs(self) -> tuple[Leg, ...]:
        """The periods of the trial, then its stages."""
        found = []
        for k, part in enumerate(parts(self.protocol)):
            data = self.data if part.stage is None else self.data.stages[part.name]
            start = self.enrolled.start_h[k]
            first = self.enrolled.start_h[0] if part.stage is None else start
            until = data.until_h.reshape(-1) + np.where(np.isfinite(first), first, 0.0)
            staged = part.stage is not None
            found.append(Leg(part.name, staged, part.protocol, data, self.enrolled.arm[k], start, until))
        return tuple(found)

    @cached_property
    def sessions(self) -> Sessions:
        """Every session that the plan holds."""
        starts: dict[float, Mask] = {}
        for condition in self.plan.conditions:
            if condition.name == "session":
                held = condition.value > 0
                starts[condition.start_h] = starts.get(condition.start_h, np.zeros_like(held)) | held
        hours = np.array(sorted(starts))
        shape = (len(hours), self.ids.size)
        held = np.array([starts[hour] for hour in hours], dtype=bool).reshape(shape)
        began = np.stack([leg.start_h for leg in self.legs])
        leg = np.array(
            [np.where(began <= hour + _SAME_H, began, -np.inf).argmax(axis=0) for hour in hours], dtype=np.int64
        )
        leg = leg.reshape(shape)
        people = np.arange(self.ids.size)
        arm = np.stack([one.arm for one in self.legs])[leg, people]
        until = np.stack([one.until_h for one in self.legs])[leg, people]
        held = held & (arm >= 0) & (hours[:, None] <= until + _SAME_H)
        ordinal = np.zeros(shape, dtype=np.int64)
        for k in range(len(self.legs)):
            here = held & (leg == k)
            ordinal = np.where(here, np.cumsum(here, axis=0), ordinal)
        return Sessions(hours, held, leg, arm, ordinal)

    def read(
        self, hours: Iterable[float], names: tuple[str, ...], progress: Report | None = None
    ) -> tuple[Floats, Mapping[str, Floats]]:
        """The chain's readings at hours of the trial: the moments looked at (ascending) and arrays (moments, people) by name."""
        hours = list(hours)
        start = min(self.plan.start_h, *hours)
        moments = {tick(hour, start): hour for hour in sorted(hours, reverse=True)}
        visits = np.array([hour for _, hour in sorted(moments.items())])
        tell = None if progress is None else lambda done, total: progress(self.world.name, done, total)
        plan = _until(self.plan, visits)
        return visits, self.world.run(self.cohort, plan, names, tell)


def _until(plan: Plan, visits: Floats) -> Plan:
    """The plan read at other hours; an antidepressant that never started still never starts."""
    from dataclasses import replace

    before, after = float(plan.visits_h[-1]), float(visits[-1])
    start = np.where(plan.antidepressant_start_h > before, max(before, after) + 1, plan.antidepressant_start_h)
    return replace(plan, visits_h=visits, antidepressant_start_h=start)


def witness(
    protocol: Protocol,
    world: World,
    seed: int,
    replicates: int,
    people: int | None = None,
    progress: Report | None = None,
) -> Witness:
    """Conduct a trial under one hypothesis and keep what is needed to look at its people again."""
    beside = _Beside(world)
    data = conduct(protocol, beside, seed, replicates, people, progress)
    assert beside.plan is not None
    assert data.enrolled is not None
    return Witness(protocol, world, seed, data, data.enrolled, beside.cohort, beside.plan)


def anyone(mask: Mask) -> Mask:
    """True where the mask holds anywhere along its first axis."""
    return np.asarray(mask.any(axis=0), dtype=np.bool_)


def row(moments: Floats, hour: float) -> int:
    """Index of the moment nearest to an hour."""
    return int(np.argmin(np.abs(moments - hour)))
