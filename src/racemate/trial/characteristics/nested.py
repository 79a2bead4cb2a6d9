"""Nested: a smaller trial inside a larger one: the first so many people of every arm, the same in each size.

People are exchangeable and were allotted at random, so that the first n of each arm are a trial of n per arm.  One simulation then
answers every size, and two sizes differ by the people added and by nothing else.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from racemate.trial.conduct.allocate import sizes
from racemate.trial.conduct.rate import Data

Mask = NDArray[np.bool_]


def first(data: Data, people: int) -> Mask:
    """The first ``people`` of every arm (of a whole crossover), in the order in which they came, shape (replicates, people)."""
    assert data.enrolled is not None
    group = _group(data)
    inside = np.zeros(group.shape, dtype=bool)
    for k, size in enumerate(sizes(data.protocol, people)):
        belongs = group == k
        inside |= belongs & (np.cumsum(belongs, axis=-1) <= size)
    return inside


def _group(data: Data) -> NDArray[np.int64]:
    """Arm of each person, or sequence of a crossover, shape (replicates, people)."""
    assert data.enrolled is not None
    protocol, fold = data.protocol, data.enrolled.roll.fold
    if not protocol.crossover:
        return fold(data.enrolled.arm[0])
    names = [arm.name for arm in protocol.conditions]
    orders = np.array([[names.index(name) for name in sequence.arms] for sequence in protocol.sequences])
    went = data.enrolled.arm[: orders.shape[1]].T
    return fold(np.argmax((went[:, None, :] == orders[None]).all(axis=-1), axis=-1))


def only(data: Data, inside: Mask) -> Data:
    """The trial of those people alone, as it was rated."""
    return replace(
        data,
        seen={key: seen & inside for key, seen in data.seen.items()},
        member={arm: member & inside for arm, member in data.member.items()},
    )


def nobody_left(data: Data, inside: Mask) -> Data:
    """The trial of those people alone, had everybody stayed and been rated at every visit."""
    member = {arm: member & inside for arm, member in data.member.items()}
    seen = {key: np.broadcast_to(member[key[0]], seen.shape) for key, seen in data.seen.items()}
    return replace(data, seen=seen, member=member, left=np.zeros_like(data.left))
