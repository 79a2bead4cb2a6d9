"""Share: whose course through body, brain and hope a person shares, and what stays a person's own.

People of one replicate and arm differ upstream of severity in kinetics only; baseline, responsiveness, the natural course and the
scores act as algebra when a reading is taken.  So a *leader* is carried through the windows, and whoever follows is read from the
leader's amounts and slow states, under parameters that are the leader's where they act on the course and the person's own elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racemate.chain.severity import Setting
from racemate.people.cohort import Cohort
from racemate.readings.numeric import course_fields
from racemate.simulate.check.everybody import Check
from racemate.simulate.plan import Plan

Ids = NDArray[np.intp]
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Batch:
    """Courses of one batch: ``solved`` are carried through the windows, the people of ``read`` are read, from lane ``lane`` of them.

    ``solved`` has ``size`` courses, filled up by repeating the last one; ``read`` is as long as there are people on them.
    """

    solved: Ids
    read: Ids
    lane: Ids

    @property
    def courses(self) -> int:
        """Number of its courses, repetitions left out."""
        return int(self.lane.max()) + 1


@dataclass(frozen=True)
class Courses:
    """Courses that people share, and where they stand: whose parameters they have, what is done to them, amounts and slow states."""

    table: Array
    """Parameters (rows, courses)."""
    plan: Plan
    """What is done on each course; its people are the courses."""
    held: Array
    """Amounts of all bodies, one under another (rows, courses)."""
    slow: Array
    """Slow states (states, courses)."""
    visits: int = 0
    """Visits that have been read."""
    segments: int = 0
    """Segments of the plan that have been passed."""
    check: Check | None = None
    """What the check of everybody found since the courses last stood, by course."""

    def put(self, places: Ids, held: Any, slow: Any) -> None:
        """Write down where some courses stand."""
        here = in_a_row(places)
        self.held[:, here], self.slow[:, here] = held, slow


@dataclass(frozen=True)
class Crowd:
    """People who are read: own parameters (rows, people), scale of the reference dose (2, people), own plan, and on which course they are."""

    table: Array
    reference: Array
    plan: Plan
    course: Ids


def batches(course: Ids, size: int, some: Ids | None = None) -> list[Batch]:
    """Courses in batches of ``size``, in order, each with everybody who is on them; ``course`` (people,) leaves none out.

    With ``some`` (ascending) only these courses.
    """
    which = np.arange(int(course.max()) + 1) if some is None else some
    by_course = np.argsort(course, kind="stable")
    low, high = (np.searchsorted(course[by_course], which, side=side) for side in ("left", "right"))
    out = []
    for start in range(0, len(which), size):
        solved = which[np.minimum(np.arange(start, start + size), len(which) - 1)]
        here = slice(start, min(start + size, len(which)))
        read = np.concatenate([by_course[a:b] for a, b in zip(low[here], high[here], strict=True)])
        out.append(Batch(solved, read, np.repeat(np.arange(here.stop - start), (high - low)[here])))
    return out


def in_a_row(places: Ids) -> Ids | slice:
    """Places that follow one another as a slice, under which numpy reads and writes ten times sooner; others as they are."""
    first = int(places[0]) if places.size else 0
    return (
        slice(first, first + places.size) if np.array_equal(places, np.arange(first, first + places.size)) else places
    )


def course_rows(names: Sequence[str]) -> Ids:
    """Rows of a parameter table that act on a person's course: a follower takes them from the leader."""
    fields = course_fields()
    links = {"dose", "concentration", "occupancy", "circuit", "plasticity"}
    return np.array([k for k, name in enumerate(names) if name.partition(".")[0] in links or name in fields])


def followed(leader: NDArray[np.integer], cohort: Cohort, plan: Plan) -> Ids:
    """The leaders as indices, or ValueError: a leader leads itself, in the same replicate, and is treated the same way.

    Amounts may differ (a dose per kg of the leader's weight is the leader's), but not who gets a dose, a session or a waking day.
    """
    found = np.asarray(leader)
    if found.shape != (cohort.people,) or not np.issubdtype(found.dtype, np.integer):
        raise ValueError(
            f"leader: found {found.dtype} of shape {found.shape}, allowed: whole numbers of shape ({cohort.people},)"
        )
    _refuse(found, (found < 0) | (found >= cohort.people), f"an index from 0 to {cohort.people - 1}")
    found = found.astype(np.intp)
    _refuse(found, found[found] != found, "a person who leads itself")
    _refuse(found, cohort.replicate[found] != cohort.replicate, "a person of the same replicate")
    for dose in plan.doses:
        given = dose.amount_mg > 0
        _refuse(
            found, given[found] != given, f"a person who gets {dose.drug} at {dose.time_h:g} h as the follower does"
        )
    own = {name for name in Setting._fields if name not in course_fields()}
    for condition in plan.conditions:
        if condition.name not in own:
            where = f"a person with the same {condition.name} from {condition.start_h:g} h"
            _refuse(found, condition.value[found] != condition.value, where)
    return found


def _refuse(leader: NDArray[np.integer], wrong: NDArray[np.bool_], allowed: str) -> None:
    if wrong.any():
        person = int(np.argmax(wrong))
        raise ValueError(f"leader of person {person}: found {leader[person]}, allowed: {allowed}")
