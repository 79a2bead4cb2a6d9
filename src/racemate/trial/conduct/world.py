"""World: what a trial asks of a hypothesis (people, and what becomes of them under a plan) and who takes part."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from typing import Protocol as Shape

import numpy as np
from numpy.typing import NDArray

from racemate.chain import dose as dosing
from racemate.simulate.plan import Plan

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Mask = NDArray[np.bool_]
Ids = NDArray[np.uint64]
Met = Mapping[str, Mask]
"""For each decision of a part who met it, shape (moments, people)."""
Progress = Callable[[int, int], None]
PLACES = 24
"""Bits of a person's number that tell the place within the replicate."""


class Cohort(Shape):
    """What a trial asks of drawn people: parameters and covariates by name, shape (people,)."""

    def parameter(self, name: str) -> Floats:
        """Parameter by dotted name, such as ``score.rater_sd``."""
        ...

    def covariate(self, name: str) -> Floats:
        """Covariate by name, such as ``weight``."""
        ...

    def with_baseline(self, points: Floats) -> "Cohort":
        """The same people with this latent severity at entry, MADRS points."""
        ...


class World(Shape):
    """What a trial asks of one hypothesis: people, and what becomes of them under a plan."""

    @property
    def name(self) -> str:
        """Name of the hypothesis."""
        ...

    @property
    def dose(self) -> dosing.Par:
        """Typical dosing parameters: what a nasal device delivers, and how far apart devices are."""
        ...

    def draw(self, ids: Ids, replicate: Ids, known: Mapping[str, float]) -> Cohort:
        """People with the parameters of their replicate; ``known`` is what the trial says of its population."""
        ...

    def run(
        self, cohort: Any, plan: Plan, readings: tuple[str, ...], progress: Progress | None
    ) -> Mapping[str, Floats]:
        """Readings by dotted name, each of shape (visits, people)."""
        ...


@dataclass(frozen=True)
class Roll:
    """Who takes part: ``replicates`` copies of a trial of ``people`` people, numbered from ``first``."""

    replicates: int
    people: int
    first: int = 0

    @cached_property
    def replicate(self) -> Ids:
        """Replicate of each person, shape (replicates * people,)."""
        return np.repeat(np.arange(self.first, self.first + self.replicates, dtype=np.uint64), self.people)

    @cached_property
    def ids(self) -> Ids:
        """Number of each person."""
        place = np.tile(np.arange(self.people, dtype=np.uint64), self.replicates)
        return (self.replicate << np.uint64(PLACES)) | place

    def fold(self, values: NDArray[Any]) -> NDArray[Any]:
        """Turn (..., people of all replicates) into (..., replicates, people)."""
        return values.reshape(*values.shape[:-1], self.replicates, self.people)

    @cached_property
    def place(self) -> Ids:
        """Place of each person within the replicate."""
        return self.ids & np.uint64((1 << PLACES) - 1)

    def unfold(self, values: NDArray[Any]) -> NDArray[Any]:
        """Turn (..., replicates, people) back into (..., people of all replicates)."""
        return values.reshape(*values.shape[:-2], self.replicates * self.people)


@dataclass(frozen=True)
class Enrolled:
    """The people let in: whom they are, which arm they are in in each part of the trial and since when, and until when they stay."""

    roll: Roll
    cohort: Cohort
    arm: Whole
    """Index into the part's ``conditions``, shape (parts, people); -1 for who never enters it."""
    start_h: Floats
    """Hours from the first dose of the trial to a person's first session of the part, shape (parts, people); infinite for never."""
    screening: Floats
    """Rated score at screening, on the scale of eligibility or else of the baseline."""
    leaves_h: Floats
    """Hours from the first dose after which a person is not rated any more; infinite for who stays."""
    site: Whole
    met: tuple[Met, ...] = ()
    """What was decided so far, part by part."""
    entry: Whole = field(default_factory=lambda: np.empty((0, 0), dtype=np.int64))
    """By which entry a person came into a part, shape (parts, people)."""

    settled_h: Floats = field(default_factory=lambda: np.empty(0))
    """Hours from the first dose up to which what was decided of a person stands, shape (people,)."""

    def ends_h(self, part: int) -> Floats:
        """Hours from the first dose at which a person goes on from a part to the next one; infinite for who never does."""
        later = np.where(self.start_h[part + 1 :] > self.start_h[part], self.start_h[part + 1 :], np.inf)
        return later.min(axis=0, initial=np.inf)


def per_madrs(cohort: Cohort, scale: str) -> Floats:
    """Points of a scale per point of the MADRS."""
    if scale == "madrs":
        return np.ones_like(cohort.parameter("score.rater_sd"))
    return cohort.parameter(f"score.{scale}_per_madrs")
