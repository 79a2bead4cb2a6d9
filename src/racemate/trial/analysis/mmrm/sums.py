"""Sums: the ratings of a trial, reduced to cross products per pattern of missing visits.

People who miss the same visits share one covariance, so the likelihood needs, of them all, only their number and the sum of products of
the rows of [design, rating] over every pair of visits.  The reduction is exact, and it makes a step of the search independent of the
number of people.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from racemate.trial.analysis.mmrm.state import State

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
_ALIASED = 1e-10
"""Smallest eigenvalue of X'X, columns scaled to length one, that still determines the fixed effects."""


@dataclass(frozen=True)
class Sums:
    """What the likelihood needs of the data; ``q`` is the number of columns of the design, and one for the rating."""

    seen: Floats
    """Patterns, 1 where the visit was rated, shape (patterns, visits)."""
    people: Floats
    """People per pattern, shape (replicates, patterns)."""
    products: Floats
    """Products of rows at visits u <= v, both orders added, shape (replicates, patterns, pairs, q, q)."""


def patterns(seen: Mask) -> Mask:
    """The patterns that occur, nobody's empty one left out, shape (patterns, visits), from (replicates, people, visits)."""
    codes = np.unique(_codes(seen))
    bits = (codes[codes > 0][:, None] >> np.arange(seen.shape[-1])) & 1
    return bits.astype(bool)


def _codes(seen: Mask) -> NDArray[np.int64]:
    """Each pattern as one whole number, 0 for the empty one."""
    return seen @ (np.int64(1) << np.arange(seen.shape[-1], dtype=np.int64))


def _sorted(seen: Mask, known: Mask) -> Mask:
    """Who has which of the ``known`` patterns, shape (replicates, patterns, people)."""
    return _codes(seen)[:, None, :] == _codes(known)[None, :, None]


def pairs(visits: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Visits of each pair u <= v, in the order of `Sums.products`."""
    first, second = np.triu_indices(visits)
    return first, second


def reduce(y: Floats, seen: Mask, design: Floats, known: Mask) -> Sums:
    """Cross products of ratings ``y`` (replicates, people, visits) and a design (replicates, people, visits, p), where ``seen``.

    ``known`` are the patterns to sort people into; it must hold every pattern of ``seen`` that is not empty.
    """
    rows = np.concatenate([design, np.where(seen, y, 0.0)[..., None]], axis=-1) * seen[..., None]
    replicates, _, visits, q = rows.shape
    whose = _sorted(seen, known)
    first, second = pairs(visits)
    both = np.where(first == second, 0.5, 1.0)[:, None, None]
    products = np.empty((replicates, len(known), len(first), q, q))
    for r in range(replicates):
        for k in range(len(known)):
            who = rows[r, whose[r, k]].reshape(-1, visits * q)
            block = (who.T @ who).reshape(visits, q, visits, q)[first, :, second]
            products[r, k] = both * (block + block.swapaxes(-1, -2))
    return Sums(known.astype(np.float64), whose.sum(axis=2).astype(np.float64), products)


def reduce_people(y: Floats, seen: Mask, person: Floats, place: NDArray[np.intp], known: Mask) -> Sums:
    """What `reduce` gives, sooner, for a design made of columns ``person`` (replicates, people, z) that do not change with time.

    ``place`` (visits, z) says in which column of the design each of them stands at a visit: a column of its own for a coefficient per
    visit, the same one for a common coefficient.
    """
    rows = np.concatenate([person, np.where(seen, y, 0.0)], axis=-1)
    whose = _sorted(seen, known)
    one = whose[:, :, None, :] * rows.swapaxes(1, 2)[:, None]
    cross = one @ rows[:, None]
    visits, z = place.shape
    q = int(place.max()) + 2
    first, second = pairs(visits)
    products = np.zeros((*cross.shape[:2], len(first), q, q))
    to = np.concatenate([place, np.full((visits, 1), q - 1)], axis=1)
    of = np.concatenate([np.tile(np.arange(z), (visits, 1)), z + np.arange(visits)[:, None]], axis=1)
    for k, (u, v) in enumerate(zip(first, second, strict=True)):
        block = cross[:, :, of[u][:, None], of[v][None, :]] * (known[:, u] & known[:, v])[:, None, None]
        products[:, :, k, to[u][:, None], to[v][None, :]] += block
        if u < v:
            products[:, :, k, to[v][:, None], to[u][None, :]] += block.swapaxes(-1, -2)
    return Sums(known.astype(np.float64), whose.sum(axis=2).astype(np.float64), products)


def moments(sums: Sums) -> tuple[Floats, NDArray[np.int_]]:
    """Covariance of the residuals of least squares, (replicates, visits, visits), and whether the data can be fitted.

    A pair of visits nobody has both of gets no covariance; a replicate that cannot be fitted gets the identity and its `State`.
    """
    visits = sums.seen.shape[1]
    first, second = pairs(visits)
    same = first == second
    per_pair = sums.products.sum(axis=1)
    total = per_pair[:, same].sum(axis=1)
    p = total.shape[-1] - 1
    length = np.sqrt(np.maximum(np.einsum("rpp->rp", total[:, :p, :p]), np.finfo(float).tiny))
    scaled = total[:, :p, :p] / (length[:, :, None] * length[:, None, :])
    least = np.linalg.eigvalsh(scaled)[:, 0] if p else np.ones(len(total))
    state = np.where(least > _ALIASED, int(State.CONVERGED), int(State.ALIASED))
    safe = np.where((state == State.ALIASED)[:, None, None], np.eye(p), scaled)
    beta = np.linalg.solve(safe, (total[:, :p, p] / length)[..., None])[..., 0] / length
    weight = np.concatenate([-beta, np.ones((len(beta), 1))], axis=1)
    halved = np.where(same, 1.0, 0.5) * np.einsum("rp,rupq,rq->ru", weight, per_pair, weight)
    n = np.einsum("rk,ku->ru", sums.people, sums.seen[:, first] * sums.seen[:, second])
    value = halved / np.maximum(n, 1.0)
    out = np.empty((len(value), visits, visits))
    out[:, first, second] = out[:, second, first] = value
    flat = np.einsum("rvv->rv", out).min(axis=1) <= 0
    state = np.where((state == State.CONVERGED) & flat, int(State.UNPAIRED), state)
    return np.where((state != State.CONVERGED)[:, None, None], np.eye(visits), out), state
