"""Share: which people of a trial are carried through the chain, and which follow somebody to whom the same is done.

What differs between two people on one treatment path upstream of severity is drawn alike for both, so that one may stand for the
other; what they differ in downstream (baseline, responsiveness, how much they feel) is each person's own and acts when a reading is
taken.  So a mean over people keeps its expectation, and only its scatter grows a little: `validation/shared-courses` says how much.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from racemate.simulate.plan import Plan

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
_DIGITS = 9
"""Decimals to which mg/kg are compared: an amount in mg was made by a multiplication with the weight, and comes back rounded."""


def paths(plan: Plan, weight: Floats, *traits: Floats) -> Places:
    """Number of each person's treatment path, shape (people,): equal for two people to whom a plan does the same.

    The same dose is the same amount in mg, or in mg per kg of ``weight``.  ``traits`` of shape (people,) part a path further.
    """
    rows = [given(dose.amount_mg, weight) for dose in plan.doses]
    return parted(*rows, *(condition.value for condition in plan.conditions), plan.antidepressant_start_h, *traits)


def parted(*rows: NDArray[Any]) -> Places:
    """Number of what each person has in all ``rows`` of shape (people,): equal for two people who are alike in every one."""
    code = np.zeros(len(rows[0]), dtype=np.int64)
    told: NDArray[Any] | None = None
    for row in rows:
        if told is not None and np.array_equal(row, told):
            continue
        told = row
        place, count = _numbered(row)
        if count > 1:
            code, _ = _numbered(code * count + place)
    return code.astype(np.intp)


def _numbered(values: NDArray[Any]) -> tuple[NDArray[np.int64], int]:
    """Equal values by the same number, in the order in which they come, and how many there are."""
    _, first, place = np.unique(values, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[place], len(first)


def given(amount: Floats, weight: Floats) -> Floats:
    """What tells doses apart: mg where somebody else gets the same, else mg/kg as a number below zero."""
    place, _ = _numbered(amount)
    return np.where(np.bincount(place)[place] > 1, amount, -np.round(amount / weight, _DIGITS))


def leaders(path: Places, replicate: NDArray[Any], most: int | Places) -> Places:
    """Whose course each person shares, shape (people,): of each path of a replicate the first ``most`` lead, the others follow in turn.

    ``most`` is a number, or one for each person, the same within a path of a replicate.  Raises ValueError for one below 1.
    """
    limit = np.broadcast_to(np.asarray(most), path.shape)
    if limit.size and limit.min() < 1:
        raise ValueError(f"most: found {limit.min()}, allowed: at least 1")
    order = np.lexsort((path, replicate))
    start = _starts(path[order], replicate[order])
    rank = np.arange(len(order)) - start
    found = np.empty(len(order), dtype=np.intp)
    found[order] = order[start + rank % limit[order]]
    return found


def _starts(path: Places, replicate: NDArray[Any]) -> Places:
    """For people sorted by replicate and path, where each one's group begins."""
    first = np.ones(len(path), dtype=bool)
    first[1:] = (np.diff(path) != 0) | (replicate[1:] != replicate[:-1])
    return np.maximum.accumulate(np.where(first, np.arange(len(path)), 0))


def shared_out(most: int, path: Places, trait: NDArray[Any], replicate: NDArray[Any]) -> Places:
    """How many of the ``most`` leaders of a path fall to those of each person's ``trait``, shape (people,): by their number, at least one."""
    return np.maximum(1, np.rint(most * _count(replicate, path, trait) / _count(replicate, path))).astype(np.intp)


def _count(*codes: NDArray[Any]) -> Places:
    """How many people have each person's codes."""
    order = np.lexsort(codes)
    apart = np.any([np.diff(code[order]) != 0 for code in codes], axis=0)
    group = np.empty(len(order), dtype=np.intp)
    group[order] = np.concatenate([[0], np.cumsum(apart)])
    return np.bincount(group)[group]


def dosed(plan: Plan) -> NDArray[np.bool_]:
    """Who is given any drug, shape (people,); the others of one path are carried alike, so that one course is everybody's."""
    return (
        np.any([dose.amount_mg > 0 for dose in plan.doses], axis=0) if plan.doses else np.zeros(plan.people, dtype=bool)
    )
