"""World: one hypothesis as a trial meets it: people drawn from its priors, and what becomes of them under a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from racemate.chain import dose as dosing
from racemate.model import Model
from racemate.people.cohort import Cohort as Drawn
from racemate.people.cohort import draw
from racemate.people.population import Population
from racemate.simulate.plan import Plan
from racemate.trial.carried.onward import Sharing
from racemate.trial.carried.share import Places, dosed, leaders, paths, shared_out
from racemate.trial.conduct.world import Floats, Ids, Progress

if TYPE_CHECKING:
    from racemate.simulate.trajectory import Trajectory
    from racemate.trial.carried.again import Round
    from racemate.trial.carried.onward import Way

_GENOTYPE, _GENOTYPE_ACTS = "oprm1_g", "circuit.g_oprm1_to_mor"
"""The covariate, and the gain by which it acts on a person's course; what else it does acts when a reading is taken."""


@dataclass
class Memory:
    """What people went through so far: how far they have come, or the paths of the first round of their trial and the last round."""

    way: Way | None = None
    stem: Places | None = None
    last: Round | None = None

    @property
    def unfinished(self) -> bool:
        """True when people are on a way that goes on."""
        return self.way is not None and self.way.courses.visits < len(self.way.courses.plan.visits_h)


@dataclass(frozen=True)
class People:
    """Drawn people as a trial asks for them."""

    drawn: Drawn
    memory: Memory = field(default_factory=Memory, compare=False, repr=False)

    def parameter(self, name: str) -> Floats:
        """Individual parameter by dotted name, shape (people,)."""
        return self.drawn.table[self.drawn.model.rows.index(name)]

    def covariate(self, name: str) -> Floats:
        """Covariate by name, shape (people,)."""
        return getattr(self.drawn.who, name)

    def with_baseline(self, points: Floats) -> People:
        """The same people with this latent severity at entry."""
        table = self.drawn.table.copy()
        table[self.drawn.model.rows.index("severity.baseline")] = points
        return People(replace(self.drawn, table=table))


@dataclass(frozen=True)
class ChainWorld:
    """One hypothesis, bound to the evidence, drawn from its priors.

    ``threads`` carry the people (None: one per core).  With ``courses`` only so many people on each treatment path of a replicate are
    carried through body, brain and hope, and the others follow them in turn (None: everybody is carried).  ``tolerance`` is the error
    allowed to one window of time (None: the engine's own).
    """

    name: str
    model: Model
    seed: int
    threads: int | None = None
    courses: int | None = None
    tolerance: float | None = None

    @property
    def dose(self) -> dosing.Par:
        """Typical dosing parameters."""
        return self.model.typical.dose

    def draw(self, ids: Ids, replicate: Ids, known: Mapping[str, float]) -> People:
        """People, population parameters and study effects, by id."""
        return People(draw(self.model, self.seed, ids, replicate, population=Population.typical(**known)))

    def run(
        self, cohort: People, plan: Plan, readings: tuple[str, ...], progress: Progress | None
    ) -> Mapping[str, Floats]:
        """Carry the people through the plan."""
        found = self.carry(cohort, plan, readings, progress)
        return {name: found[name] for name in readings}

    def carry(self, cohort: People, plan: Plan, readings: tuple[str, ...], progress: Progress | None) -> Trajectory:
        """The readings with what the engine says of its time axis.

        Up to where a plan is decided (`Plan.decided_h`), and later on from there; else in a later round whoever is treated as before
        keeps what was read.
        """
        from racemate.simulate.grid import TOLERANCE
        from racemate.trial.carried.again import carry
        from racemate.trial.carried.onward import go_on

        memory = cohort.memory
        allowed = self.tolerance or TOLERANCE
        if np.isfinite(plan.decided_h) or memory.unfinished:
            sharing = Sharing(self.courses, cohort.covariate("weight"), self._traits(cohort))
            memory.way = go_on(cohort.drawn, plan, sharing, readings, progress, self.threads, allowed, memory.way)
            return memory.way.found
        leader = self._leaders(cohort, plan)
        memory.last = carry(cohort.drawn, plan, leader, readings, progress, self.threads, allowed, memory.last)
        return memory.last.found

    def _traits(self, cohort: People) -> tuple[Floats, ...]:
        """What parts people's courses besides their treatment: the genotype, where it acts on a course."""
        acts = self.model.bound[_GENOTYPE_ACTS].typical != 0
        return (cohort.covariate(_GENOTYPE),) if acts else ()

    def _leaders(self, cohort: People, plan: Plan) -> Places:
        """Who leads whom: what falls to a path of the first round is shared out among the paths it parts into.

        People who are given no drug are on one course, and one of them leads, whether or not courses are shared otherwise.
        """
        weight, replicate = cohort.covariate("weight"), cohort.drawn.replicate
        if self.courses is None:
            path = paths(plan, weight, *self._traits(cohort))
            return np.where(dosed(plan), np.arange(plan.people), leaders(path, replicate, 1))
        if cohort.memory.stem is None:
            cohort.memory.stem = paths(plan, weight)
        path = paths(plan, weight, *self._traits(cohort))
        most = shared_out(self.courses, cohort.memory.stem, path, replicate)
        return leaders(path, replicate, np.where(dosed(plan), most, np.intp(1)))


@dataclass(frozen=True)
class Watched(ChainWorld):
    """A hypothesis whose run leaves behind how its time axis was cut and how well it was solved."""

    grids: dict[str, dict[str, Any]] = field(default_factory=dict)

    def carry(self, cohort: People, plan: Plan, readings: tuple[str, ...], progress: Progress | None) -> Trajectory:
        """Carry the people through the plan, and remember the grid."""
        found = super().carry(cohort, plan, readings, progress)
        self.grids[self.name] = found.solved()
        return found
