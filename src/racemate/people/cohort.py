"""Cohort: virtual patients of one hypothesis, drawn with parameter uncertainty, study effects and differences between people.

Three levels, each on its own stream: the *replicate* draws population parameters (from their priors, or jointly from a posterior) and
study effects once for all of its people; the *person* draws covariates and individual parameters.  Ids decide everything, so
hypotheses share their people.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from racemate.chain import whole
from racemate.chain.laws import Person
from racemate.evidence.prior import Prior
from racemate.model import Bound, Model
from racemate.people import random
from racemate.people.population import Population, covariates
from racemate.posterior import BETWEEN

Array = NDArray[np.float64]
Ids = NDArray[np.uint64]


@dataclass(frozen=True)
class Cohort:
    """People under one hypothesis: ``table`` (rows, people) of individual parameters, ``population`` of their replicate's typical person.

    ``person`` names each person within a seed, ``replicate`` the trial the person belongs to.
    """

    model: Model
    seed: int
    person: Ids
    replicate: Ids
    who: Person
    table: Array
    population: Array

    @property
    def people(self) -> int:
        """Number of people."""
        return len(self.person)


def draw(
    model: Model,
    seed: int,
    person: NDArray[np.integer],
    replicate: NDArray[np.integer] | None = None,
    population: Population | None = None,
    given: Mapping[str, Array] | None = None,
    uncertain: bool = True,
    widen: float = 1.0,
) -> Cohort:
    """Draw people by id.

    ``person`` and ``replicate`` (default: all of replicate 0) are whole numbers >= 0 of shape (people,).  ``given`` fixes individual
    values by dotted name, shape (people,).  Without ``uncertain`` population parameters sit at their medians; study effects and
    differences between people remain.  ``widen`` multiplies every spread (the pilot of a grid uses it).
    """
    ids = np.asarray(person, dtype=np.uint64)
    group = np.zeros(len(ids), dtype=np.uint64) if replicate is None else np.asarray(replicate, dtype=np.uint64)
    if len(ids) < 1:
        raise ValueError("people: found 0, allowed: at least 1")
    who = covariates(seed, ids, population or Population.typical(), given or {})
    distinct, home = np.unique(group, return_inverse=True)
    told = _told(model, seed, distinct, uncertain)
    shared = _population(model, seed, distinct, uncertain, widen, told)
    common = _pack(model, shared, _typical(distinct), len(distinct))[:, home]
    shared, told = ({name: values[home] for name, values in part.items()} for part in (shared, told))
    individual = _people(model, seed, ids, shared, widen, told) | {
        k: np.asarray(v, dtype=float) for k, v in (given or {}).items() if k in model.bound
    }
    return Cohort(model, seed, ids, group, who, _pack(model, individual, who, len(ids)), common)


def typical(model: Model, replicate: NDArray[np.integer], values: Mapping[str, Array]) -> Cohort:
    """Typical people, without study effects, under given population parameters.

    ``values`` by dotted name have shape (people,), equal within a ``replicate``; what they leave out is typical.
    """
    group = np.asarray(replicate, dtype=np.uint64)
    who = _typical(group)
    table = _pack(model, values, who, len(group))
    return Cohort(model, 0, np.arange(len(group), dtype=np.uint64), group, who, table, table)


def _told(model: Model, seed: int, group: Ids, uncertain: bool) -> Mapping[str, Array]:
    """What a posterior says of each person's replicate, by its names: one joint draw, or the medians; empty without one."""
    known = model.posterior
    if known is None:
        return {}
    if not uncertain:
        return dict(zip(known.names, np.median(known.draws, axis=0)[:, None].repeat(len(group), axis=1), strict=True))
    picked = known.pick(random.uniform(seed, "population:posterior", group))
    return dict(zip(known.names, known.draws[picked].T, strict=True))


def _population(
    model: Model, seed: int, group: Ids, uncertain: bool, widen: float, told: Mapping[str, Array]
) -> dict[str, Array]:
    """Population values and study effects, by name, one per person; equal within a replicate."""
    out: dict[str, Array] = {}
    for name, bound in model.bound.items():
        if isinstance(bound.typical, tuple):
            continue
        value = np.full(len(group), bound.typical)
        if name in told:
            value = told[name]
        elif bound.prior is not None and uncertain:
            value = _quantile(bound, random.uniform(seed, f"population:{name}", group), widen)
        if bound.vary == "study" and bound.between is not None:
            value = _moved(bound, value, random.normal(seed, f"study:{name}", group) * widen, told)
        out[name] = value
    return out


def _quantile(bound: Bound, u: Array, widen: float) -> Array:
    prior = bound.prior
    assert prior is not None
    if widen == 1.0 or isinstance(prior.scale, tuple):
        return bound.quantile(u)
    wide = Prior(prior.law, prior.location, prior.scale * widen, prior.low, prior.high, prior.unit)
    return np.asarray(wide.quantile(u)) * bound.factor


def _people(
    model: Model, seed: int, ids: Ids, shared: dict[str, Array], widen: float, told: Mapping[str, Array]
) -> dict[str, Array]:
    """Individual values: population values moved by correlated person effects."""
    moving = [b for b in model.bound.values() if b.vary == "person" and b.between is not None]
    effects = np.stack([random.normal(seed, f"person:{b.name}", ids) for b in moving]) * widen
    effects = _correlated(moving, effects)
    return shared | {b.name: _moved(b, shared[b.name], effect, told) for b, effect in zip(moving, effects, strict=True)}


def _correlated(moving: list[Bound], effects: Array) -> Array:
    """Effects with the correlations that the evidence states; a parameter nobody names keeps its own stream untouched."""
    index = {b.name: k for k, b in enumerate(moving)}
    matrix = np.eye(len(moving))
    for b in moving:
        for other, value in (b.between.correlation if b.between is not None else {}).items():
            matrix[index[b.name], index[other]] = matrix[index[other], index[b.name]] = value
    if np.array_equal(matrix, np.eye(len(moving))):
        return effects
    return np.linalg.cholesky(matrix) @ effects


def _moved(bound: Bound, value: Array, effect: Array, told: Mapping[str, Array]) -> Array:
    """A value moved by a standard normal effect on the scale of its law, by the spread of the evidence or of a posterior."""
    between = bound.between
    assert between is not None
    size = told.get(BETWEEN + bound.name, between.scale) * effect
    if between.law == "lognormal":
        return value * np.exp(size)
    if between.law == "logit-normal":
        return expit(logit(value) + size)
    return value + size * bound.factor


def _pack(model: Model, values: Mapping[str, Array], who: Person, people: int) -> Array:
    """Parameter table after covariates have acted."""
    raw = model.table(values, people)
    return _flatten(whole.individual(model.unpack(raw), who, np), people)


def _flatten(par: whole.Par, people: int) -> Array:
    rows = [leaf for link in par for value in link for leaf in (value if isinstance(value, tuple) else (value,))]
    return np.stack([np.broadcast_to(np.asarray(row, dtype=float), (people,)) for row in rows])


def _typical(like: NDArray[Any]) -> Person:
    """The person of the reference dose: as many of them, no covariate that differs from the typical."""
    from racemate.people.population import typical_person

    return Person(*(np.full(len(like), float(value)) for value in typical_person()))
