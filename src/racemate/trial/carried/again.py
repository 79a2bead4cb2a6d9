"""Again: in a later round of a trial only those are carried anew to whom something else is done than in the round before.

What the engine makes of a person depends on that person and the grid alone.  So while the grid stays, whoever is treated as before keeps
the readings of the round before, to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from racemate.people.cohort import Cohort
from racemate.simulate.grid import Grid
from racemate.simulate.plan import Plan
from racemate.simulate.trajectory import Trajectory
from racemate.trial.carried.share import Places
from racemate.trial.conduct.world import Floats, Progress

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Round:
    """A round that was carried: its plan, its grid, who led whom, and everybody's readings."""

    plan: Plan
    grid: Grid
    leader: Places
    found: Trajectory


def carry(
    cohort: Cohort,
    plan: Plan,
    leader: Places,
    readings: tuple[str, ...],
    progress: Progress | None,
    threads: int | None,
    tolerance: float,
    before: Round | None,
) -> Round:
    """Carry people through a plan, those whose round before (``before``) cannot stand; ``leader`` (people,) leads itself."""
    from racemate.simulate.run import pilot_grid, reference, reference_plan
    from racemate.simulate.share import followed
    from racemate.simulate.solve import machine, solve

    leader = followed(leader, cohort, plan)
    built = machine(cohort.model, plan)
    grid = pilot_grid(built, cohort.model, plan, tolerance)
    anew = np.ones(plan.people, dtype=bool) if before is None else _anew(plan, grid, leader, before)
    if before is not None and not anew.any():
        return Round(plan, grid, leader, before.found)
    who = np.flatnonzero(anew)
    scaled = reference(cohort, machine(cohort.model, reference_plan(1)), threads)[:, who]
    led = np.searchsorted(who, leader[who])
    found = solve(
        built, cohort.model, cohort.table[:, who], scaled, plan.of(who), grid, readings, progress, threads, led
    )
    if before is None or anew.all():
        return Round(plan, grid, leader, found)
    series = {name: np.array(before.found[name]) for name in readings}
    for name, values in series.items():
        values[:, who] = found[name]
    kept, check = before.found.check, found.check
    if kept is not None and check is not None:
        check = kept.some(~anew[kept.person]).joined(check.of(who))
    return Round(plan, grid, leader, Trajectory(plan.visits_h, series, grid.error, grid.windows, check))


def _anew(plan: Plan, grid: Grid, leader: Places, before: Round) -> Mask:
    """Who is to be carried or read anew, and whoever leads them."""
    mine, theirs = dict(_parts(plan)), dict(_parts(before.plan))
    if grid != before.grid or mine.keys() != theirs.keys() or not np.array_equal(plan.visits_h, before.plan.visits_h):
        return np.ones(plan.people, dtype=bool)
    other = (leader != before.leader) | (plan.antidepressant_start_h != before.plan.antidepressant_start_h)
    for key, values in mine.items():
        other |= values != theirs[key]
    other |= other[leader]
    other[leader[other]] = True
    return other


def _parts(plan: Plan) -> Iterator[tuple[tuple[object, ...], Floats]]:
    for dose in plan.doses:
        yield (dose.time_h, dose.drug, dose.route, dose.duration_h, dose.later), dose.amount_mg
    for condition in plan.conditions:
        yield (condition.start_h, condition.end_h, condition.name), condition.value
