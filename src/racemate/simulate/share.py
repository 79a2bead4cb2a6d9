"""Share: whose course through body, brain and hope a person shares, and what stays a person's own.

People of one replicate and arm differ upstream of severity in kinetics only; baseline, responsiveness, the natural course and the
scores act as algebra when a reading is taken.  So a *leader* is carried through the windows, and whoever follows is read from the
leader's amounts and slow states, under parameters that are the leader's where they act on the course and the person's own elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from racemate.chain.severity import Setting
from racemate.people.cohort import Cohort
from racemate.readings.numeric import course_fields
from racemate.simulate.plan import Plan

Ids = NDArray[np.intp]
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Batch:
    """People of one batch: ``solved`` are carried through the windows, ``read`` are read, from lane ``lane`` of those solved.

    ``solved`` has ``size`` people, filled up by repeating the last one; ``read`` is as long as there are followers.
    """

    solved: Ids
    read: Ids
    lane: Ids


def batches(leader: Ids | None, people: int, size: int) -> list[Batch]:
    """Leaders in batches of ``size``, in the order of their index, each with everybody who follows them; None: all lead."""
    follows = np.arange(people) if leader is None else leader
    leads, position = np.unique(follows, return_inverse=True)
    by_leader = np.argsort(position, kind="stable")
    starts = np.arange(0, len(leads), size)
    bounds = np.append(np.searchsorted(position[by_leader], starts), people)
    out = []
    for k, start in enumerate(starts):
        read = by_leader[bounds[k] : bounds[k + 1]]
        solved = leads[np.minimum(np.arange(start, start + size), len(leads) - 1)]
        out.append(Batch(solved, read, position[read] - start))
    return out


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
