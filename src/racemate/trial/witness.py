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
from racemate.trial.conduct.enrol import Cohort, Enrolled, Floats, Ids, Progress, World, enrol
from racemate.trial.conduct.rate import Data
from racemate.trial.design.protocol import Protocol
from racemate.trial.replicate import Report, conduct

Mask = NDArray[np.bool_]
Whole = NDArray[np.int64]


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
class Sessions:
    """Treatment sessions of everybody, in order of time: arrays of shape (sessions, people) but for ``start_h``."""

    start_h: Floats
    held: Mask
    """Who had it, those who had left before it left out."""
    arm: Whole
    """Index into ``protocol.conditions`` of the arm each person was in."""
    ordinal: Whole
    """Which session of that person and period it was, from 1; 0 where none was held."""


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

    def arm_at(self, hour: float) -> Whole:
        """Index of the arm each person is in at an hour of the trial, shape (people,)."""
        starts = [self.protocol.period_h(period) for period in self.protocol.live_periods]
        ends = [start + self.protocol.baseline_h for start in starts[1:]]
        return self.enrolled.arm[int(np.searchsorted(ends, hour, side="right"))]

    @cached_property
    def sessions(self) -> Sessions:
        """Every session that the plan holds."""
        starts: dict[float, Mask] = {}
        for condition in self.plan.conditions:
            if condition.name == "session":
                held = condition.value > 0
                starts[condition.start_h] = starts.get(condition.start_h, np.zeros_like(held)) | held
        hours = np.array(sorted(starts))
        stays = hours[:, None] <= self.enrolled.leaves_h
        held = np.array([starts[hour] for hour in hours]).reshape(len(hours), self.ids.size) & stays
        arm = np.array([self.arm_at(hour) for hour in hours]).reshape(held.shape)
        return Sessions(hours, held, arm, self._count(hours, held))

    def _count(self, hours: Floats, held: Mask) -> Whole:
        """Sessions so far within the period, this one included."""
        starts = [self.protocol.period_h(period) + self.protocol.baseline_h for period in self.protocol.live_periods]
        period = np.searchsorted(starts, hours, side="right")
        out = np.zeros(held.shape, dtype=np.int64)
        for one in np.unique(period):
            out[period == one] = np.cumsum(held[period == one], axis=0)
        return np.where(held, out, 0)

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
    enrolled = enrol(protocol, world, seed, replicates, people)
    assert beside.plan is not None
    return Witness(protocol, world, seed, data, enrolled, beside.cohort, beside.plan)


def anyone(mask: Mask) -> Mask:
    """True where the mask holds anywhere along its first axis."""
    return np.asarray(mask.any(axis=0), dtype=np.bool_)


def row(moments: Floats, hour: float) -> int:
    """Index of the moment nearest to an hour."""
    return int(np.argmin(np.abs(moments - hour)))
