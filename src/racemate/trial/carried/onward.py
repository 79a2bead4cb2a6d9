"""Onward: people carried from one decision of their trial to the next, on courses that part where treatment does.

A course has the kinetics of one person, its donor, and a treatment path.  At the beginning donors are the people who lead; where a
decision parts the people of a course, each way goes on from where the course stands, with the same donor, so that nothing is carried
twice.  Of the courses that then go the same way no more go on than lead on a path of that size, those that most people are on; the
people of the others go on with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from racemate.people.cohort import Cohort
from racemate.simulate.check.everybody import Check
from racemate.simulate.plan import Plan
from racemate.simulate.share import Courses, Crowd
from racemate.simulate.trajectory import Trajectory
from racemate.trial.carried.share import Places, dosed, given, leaders, parted, shared_out
from racemate.trial.conduct.world import Floats, Progress

if TYPE_CHECKING:
    from racemate.simulate.grid import Grid

_SAME_H = 1e-3
"""Two times closer than four seconds are one, told in two ways."""
_SPENT_H = 24.0
"""Over this time every dose has entered, by whatever route; a long infusion has a duration of its own."""


class Sharing(NamedTuple):
    """How many people of each path lead (None: everybody), people's weights, and what parts them besides treatment, (people,) each."""

    most: int | None
    weight: Floats
    traits: tuple[Floats, ...]


@dataclass(frozen=True)
class Way:
    """How far everybody has come: courses and who is on them, the ways people went, and what was read."""

    grid: Grid
    courses: Courses
    donor: Places
    """Whose kinetics each course has, shape (courses,)."""
    course: Places
    """The course each person is on, shape (people,)."""
    stem: Places
    """The way each person went at first, shape (people,)."""
    path: Places
    """The way each person went so far, within the replicate, shape (people,)."""
    told_h: float
    """Up to which hour ``path`` tells ways apart."""
    reference: Floats
    series: Mapping[str, Floats]
    check: Check | None = None
    """Whose course was off on the way, by donor."""

    @property
    def found(self) -> Trajectory:
        """What was read so far; NaN at later visits, and where nobody asked (`Plan.asked_h`)."""
        return Trajectory(self.courses.plan.visits_h, self.series, self.grid.error, self.grid.windows, self.check)


def go_on(
    cohort: Cohort,
    plan: Plan,
    sharing: Sharing,
    readings: tuple[str, ...],
    progress: Progress | None,
    threads: int | None,
    tolerance: float,
    way: Way | None,
) -> Way:
    """Carry everybody up to the last visit before what is not decided yet (`Plan.decided_h`)."""
    from racemate.simulate.solve import carry_on, machine

    built = machine(cohort.model, plan)
    way = (
        _first(cohort, plan, sharing, readings, threads, tolerance, built)
        if way is None
        else _parted(cohort, plan, sharing, way)
    )
    visits = int(np.searchsorted(plan.visits_h, plan.decided_h + _SAME_H))
    if visits <= way.courses.visits:
        return way
    who = _asked(plan, float(plan.visits_h[way.courses.visits]))
    if not who.size:
        return replace(way, courses=replace(way.courses, visits=visits))
    live, course = np.unique(way.course[who], return_inverse=True)
    crowd = Crowd(cohort.table[:, who], way.reference[:, who], plan.of(who), course.ravel())
    going = _some(way.courses, live)
    out, gone = carry_on(built, cohort.model, going, crowd, way.grid, visits, readings, progress, threads)
    for k, values in enumerate(way.series.values()):
        values[way.courses.visits : visits, who] = out[:, k]
    check = None if gone.check is None else gone.check.of(way.donor[live])
    check = check if way.check is None or check is None else way.check.joined(check)
    return replace(way, courses=_back(way.courses, live, gone), check=check)


def _asked(plan: Plan, hour: float) -> Places:
    """Who is still asked at an hour."""
    return np.flatnonzero(np.ones(plan.people, dtype=bool) if plan.asked_h is None else plan.asked_h + _SAME_H >= hour)


def _some(courses: Courses, places: Places) -> Courses:
    """Some of the courses, by place."""
    held = courses.held[:, places]
    return replace(
        courses, table=courses.table[:, places], plan=courses.plan.of(places), held=held, slow=courses.slow[:, places]
    )


def _back(courses: Courses, places: Places, gone: Courses) -> Courses:
    """All courses, of which those at ``places`` have gone on and the others stand where nobody asks for them any more."""
    out = replace(
        courses, held=courses.held.copy(), slow=courses.slow.copy(), visits=gone.visits, segments=gone.segments
    )
    out.put(places, gone.held, gone.slow)
    return out


def _first(
    cohort: Cohort,
    plan: Plan,
    sharing: Sharing,
    readings: tuple[str, ...],
    threads: int | None,
    tolerance: float,
    built: Any,
) -> Way:
    from racemate.simulate.run import pilot_grid, reference, reference_plan
    from racemate.simulate.solve import begun, machine

    stem = parted(*_done(plan, sharing.weight, -np.inf))
    path = parted(stem, cohort.replicate, *sharing.traits)
    if sharing.most is None:
        leader = np.arange(plan.people)
    else:
        leader = leaders(path, cohort.replicate, _most(plan, sharing, stem, path, cohort))
    donor, course = np.unique(leader, return_inverse=True)
    courses = begun(built, cohort.table[:, donor], plan.of(donor))
    grid = pilot_grid(built, cohort.model, plan, tolerance)
    series = {name: np.full((len(plan.visits_h), plan.people), np.nan) for name in readings}
    scale = reference(cohort, machine(cohort.model, reference_plan(1)), threads)
    return Way(grid, courses, donor, course.ravel(), stem, path, plan.decided_h, scale, series)


def _parted(cohort: Cohort, plan: Plan, sharing: Sharing, way: Way) -> Way:
    """The courses as they go on from what was decided since."""
    path = parted(way.path, *_done(plan, sharing.weight, way.told_h))
    if sharing.most is None:
        course, origin = way.course, np.arange(len(way.donor))
    else:
        course, origin = _go(path, way.course, _most(plan, sharing, way.stem, path, cohort))
    _, first = np.unique(course, return_index=True)
    donor = way.donor[origin]
    done = _as(plan, first, donor, sharing.weight, way.told_h)
    held = way.courses.held[:, origin]
    slow = way.courses.slow[:, origin]
    courses = replace(way.courses, table=cohort.table[:, donor], plan=done, held=held, slow=slow)
    return replace(way, courses=courses, donor=donor, course=course, path=path, told_h=plan.decided_h)


def _done(plan: Plan, weight: Floats, since_h: float) -> list[NDArray[Any]]:
    """What is done to everybody from one hour of decision to the next, row by row."""
    low, high = since_h - _SAME_H, plan.decided_h - _SAME_H
    rows = [given(dose.amount_mg, weight) for dose in plan.doses if low <= dose.time_h < high]
    rows += [one.value for one in plan.conditions if low <= one.start_h < high]
    return [*rows, plan.antidepressant_start_h]


def _most(plan: Plan, sharing: Sharing, stem: Places, path: Places, cohort: Cohort) -> Places:
    """How many courses each person's path has; one is everybody's where no drug is given."""
    assert sharing.most is not None
    return np.where(dosed(plan), shared_out(sharing.most, stem, path, cohort.replicate), np.intp(1))


def _go(path: Places, course: Places, most: Places) -> tuple[Places, Places]:
    """The new course of each person, and the course that each new one comes from."""
    count = int(course.max()) + 1
    pair, mine, people = np.unique(path * count + course, return_inverse=True, return_counts=True)
    way, origin = np.divmod(pair, count)
    limit = np.empty(len(pair), dtype=np.intp)
    limit[mine.ravel()] = most
    order = np.lexsort((origin, -people, way))
    begins = np.r_[True, way[order][1:] != way[order][:-1]]
    start = np.maximum.accumulate(np.where(begins, np.arange(len(order)), 0))
    rank = np.arange(len(order)) - start
    lead = np.empty(len(pair), dtype=np.intp)
    lead[order] = order[start + rank % limit[order]]
    kept, after = np.unique(lead, return_inverse=True)
    return after.ravel()[mine.ravel()], origin[kept]


def _as(plan: Plan, person: Places, donor: Places, weight: Floats, since_h: float) -> Plan:
    """What is done to some people as it would be done to others: a dose per kg is one per kg of the other's weight.

    Doses that were over a day before ``since_h`` are spent, and stay as they are.
    """
    out = plan.of(person)
    doses = []
    for dose, whole in zip(out.doses, plan.doses, strict=True):
        mg = dose.amount_mg
        if since_h - _SPENT_H <= dose.time_h + dose.duration_h and dose.time_h < plan.decided_h and mg.any():
            per_kg = (given(whole.amount_mg, weight)[person] < 0) & (person != donor)
            mg = np.where(per_kg, mg / weight[person] * weight[donor], mg)
        doses.append(replace(dose, amount_mg=mg))
    return replace(out, doses=tuple(doses))
