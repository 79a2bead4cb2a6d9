"""Typical: typical people under given population parameters, carried through the arms of a trial: what is left to differ is the parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from racemate.model import Model
from racemate.people.cohort import typical
from racemate.trial.conduct.enrol import enrol
from racemate.trial.conduct.treat import plan
from racemate.trial.design.protocol import Protocol, build
from racemate.trial.world import ChainWorld, People

Floats = NDArray[np.float64]
_SEED = 0
"""Nothing is left to chance but who stands where in a replicate."""


@dataclass(frozen=True)
class _World(ChainWorld):
    """A world whose people are typical; replicate k has the k-th of the ``values`` by name."""

    values: Mapping[str, Floats] = field(default_factory=dict)

    def draw(self, ids: Any, replicate: Any, known: Mapping[str, float]) -> People:  # noqa: ARG002 who takes part is settled
        """One typical person per id."""
        index = np.asarray(replicate, dtype=np.int64)
        return People(typical(self.model, replicate, {name: value[index] for name, value in self.values.items()}))


def protocol(arms: Mapping[str, Sequence[Mapping[str, Any]]], days: Sequence[int], **more: Any) -> Protocol:
    """An open-ended trial: doses by arm, rated at baseline and some days after it; ``more`` are fields of a protocol or of its arms."""
    of_arms = {name: more.pop(name) for name in ("new_antidepressant",) if name in more}
    table = {
        "id": "typical",
        "arm": [{"name": name, "n": 1, "dose": list(doses), **of_arms} for name, doses in arms.items()],
        "rating": [{"scale": "madrs", "at": [f"{24 * day} h" for day in days]}],
        **more,
    }
    return build(table, "typical")


def follow(
    trial: Protocol, model: Model, values: Mapping[str, Floats], readings: tuple[str, ...], threads: int | None = None
) -> dict[str, Floats]:
    """Readings by name, each of shape (arms, visits, people), of one typical person per arm for every entry of ``values`` (people,)."""
    people = len(next(iter(values.values())))
    world = _World(model.hypothesis.name, model, _SEED, threads, values=values)
    enrolled = enrol(trial, world, _SEED, people, 1)
    done = plan(trial, world, enrolled, _SEED)
    found = world.run(cast(People, enrolled.cohort), done, readings, None)
    arm, replicate = enrolled.arm[0], enrolled.roll.replicate
    order = [np.flatnonzero(arm == k) for k in range(len(trial.conditions))]
    assert all((replicate[mine] == np.arange(people)).all() for mine in order)
    return {name: np.stack([found[name][:, mine] for mine in order]) for name in readings}
