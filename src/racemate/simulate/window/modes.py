"""Modes: the matrix exponential of compartments in closed form, person by person, from the structure that their transfers have.

Compartments that exchange with each other form a group; groups follow one another.  Inside a group transfers run both ways along a
tree, so that a scaling makes its matrix symmetric: its rates are real, and Jacobi's rotations find them and their directions for any
values (golub-van-loan-2013, 8.5).  Between groups the matrix is triangular then, and its directions follow by substitution.

Substitution divides by differences of rates.  A rate within a ten-millionth of one that it follows from is moved that far away, which
moves amounts by less than that.  Where several coincide in a row directions cannot be told from each other: those people get NaN.
"""

from itertools import combinations
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

_SWEEPS = 7
"""Rounds of rotations; what they leave falls faster than quadratically, and seven end below the last digit in groups of this size."""
_APART = 1e-7
"""Least distance between a rate and those above it, relative to the larger one."""
_LEAST = 1e-12
"""Rates below it, per hour, count as this in that distance."""
_NEVER = 1e-300
_LOST = 1e10
"""How much larger than amounts their modes may be: beyond it fewer than six digits are left of a sum of modes."""

Entries = list[list[Any]]
"""A matrix as rows of entries (people,), None where it is always zero."""


class Modes(NamedTuple):
    """Directions in which the amounts of a body die away each at a rate of its own."""

    rate: Any
    """Exponents, (mode, people), per hour; none above zero."""
    into: Any
    """Amounts to modes, (mode, state, people)."""
    back: Any
    """Modes to amounts, (state, mode, people)."""


def modes(generator: Entries) -> Modes:
    """Modes of ``z' = K z`` from the rows of K; raises ValueError where compartments exchange in a ring or one way round."""
    like = 0 * next(entry for row in generator for entry in row if entry is not None)
    above = _above(generator)
    groups = sorted(
        {frozenset(j for j in above[i] if i in above[j]) for i in above}, key=lambda one: len(above[min(one)])
    )
    rate: dict[int, Any] = {}
    there, here = ([[like for _ in generator] for _ in generator] for _ in range(2))
    for group in groups:
        found, forth, back = _group(generator, sorted(group), like)
        for a, i in enumerate(sorted(group)):
            rate[i] = found[a]
            for b, j in enumerate(sorted(group)):
                there[i][j], here[i][j] = forth[a][b], back[a][b]
    follows = {i: sorted(above[i] - group) for group in groups for i in sorted(group)}
    _part(follows, rate)
    rates = jnp.stack([rate[i] for i in sorted(rate)])
    into, back = _whole(there), _whole(here)
    within = _whole([[like if entry is None else entry for entry in row] for row in generator])
    coupled = product(product(into, within), back)
    down, up = _triangular(follows, coupled, rates)
    into, back = product(up, into), product(back, down)
    larger = jnp.max(product(abs(back), abs(into)), axis=(0, 1))
    return Modes(jnp.where(larger < _LOST, rates, jnp.nan), into, back)


def product(a: Any, b: Any) -> Any:
    """Matrix product with people in lanes, (row, column, people); a loop, or XLA would work out ``a`` anew for each term."""
    return jax.lax.fori_loop(0, len(b), lambda k, found: found + a[:, k, None] * b[None, k], 0 * (a[:, :1] + b[:1]))


def _whole(entries: Entries) -> Any:
    return jnp.stack([jnp.stack(row) for row in entries])


def _above(generator: Entries) -> dict[int, set[int]]:
    """Of each state, itself and all that it follows from."""
    size = range(len(generator))
    above = {i: {i} for i in size}
    for _ in size:
        above = {i: set().union(*(above[j] for j in size if j == i or generator[i][j] is not None)) for i in size}
    return above


def _group(generator: Entries, group: list[int], like: Any) -> tuple[list[Any], Entries, Entries]:
    """Rates of one group, and the matrices from amounts to its directions and back."""
    inside = [[generator[i][j] for j in group] for i in group]
    if len(group) == 1:
        return [0 * like if inside[0][0] is None else inside[0][0]], [[1.0 + 0 * like]], [[1.0 + 0 * like]]
    scale = _scale(inside, like)
    many = range(len(group))
    even = [
        [
            inside[i][i] if i == j else 0 * like if inside[i][j] is None else jnp.sqrt(inside[i][j] * inside[j][i])
            for j in many
        ]
        for i in many
    ]
    rates, turned = _jacobi(even)
    there = [[turned[i][k] / scale[i] for i in many] for k in many]
    back = [[scale[i] * turned[i][k] for k in many] for i in many]
    return rates, there, back


def _scale(inside: Entries, like: Any) -> list[Any]:
    """Scale of each state under which exchange is the same both ways, walked along the tree from the first."""
    many = range(len(inside))
    links = [(i, j) for i, j in combinations(many, 2) if inside[i][j] is not None or inside[j][i] is not None]
    both = all(inside[i][j] is not None and inside[j][i] is not None for i, j in links)
    if not both or len(links) != len(inside) - 1:
        raise ValueError("compartments: found a ring or a one-way round of transfers, allowed: both ways along a tree")
    scale: dict[int, Any] = {0: 1.0 + 0 * like}
    while len(scale) < len(inside):
        for i, j in (*links, *((j, i) for i, j in links)):
            if i in scale and j not in scale:
                scale[j] = scale[i] * jnp.sqrt(inside[j][i] / inside[i][j])
    return [scale[i] for i in many]


def _jacobi(matrix: Entries) -> tuple[list[Any], Entries]:
    """Eigenvalues and directions, one in each column, of symmetric matrices."""
    many = range(len(matrix))
    one, zero = 1.0 + 0 * matrix[0][0], 0 * matrix[0][0]

    def sweep(_: Any, found: tuple[Entries, Entries]) -> tuple[Entries, Entries]:
        a, turned = ([list(row) for row in part] for part in found)
        for p, q in combinations(many, 2):
            across, ahead = 2 * a[p][q], a[q][q] - a[p][p]
            long = jnp.sqrt(ahead * ahead + across * across + _NEVER)
            t = across / jnp.where(ahead < 0, ahead - long, ahead + long)
            c = 1 / jnp.sqrt(1 + t * t)
            s = c * t
            a[p][p], a[q][q] = a[p][p] - t * a[p][q], a[q][q] + t * a[p][q]
            a[p][q] = a[q][p] = zero
            for r in many:
                if r not in (p, q):
                    a[r][p], a[r][q] = c * a[r][p] - s * a[r][q], s * a[r][p] + c * a[r][q]
                    a[p][r], a[q][r] = a[r][p], a[r][q]
                turned[r][p], turned[r][q] = (
                    c * turned[r][p] - s * turned[r][q],
                    s * turned[r][p] + c * turned[r][q],
                )
        return a, turned

    start = [[one if i == j else zero for j in many] for i in many]
    a, turned = jax.lax.fori_loop(0, _SWEEPS, sweep, (matrix, start))
    return [a[k][k] for k in many], turned


def _part(follows: dict[int, list[int]], rate: dict[int, Any]) -> None:
    """Move each rate that lies too near to one that it follows from."""
    for i, above in follows.items():
        for j in above * 2:
            least = _APART * jnp.maximum(jnp.maximum(abs(rate[i]), abs(rate[j])), _LEAST)
            rate[i] = jnp.where(abs(rate[i] - rate[j]) < least, rate[j] - least, rate[i])


def _triangular(follows: dict[int, list[int]], coupled: Any, rates: Any) -> tuple[Any, Any]:
    """Directions of the triangular matrix with these couplings and rates, one in each column, and their inverse."""
    size = len(rates)
    above = jnp.asarray([[[k in follows[j]] for k in range(size)] for j in range(size)])
    turn = jnp.asarray(list(follows))
    unit = jnp.eye(size, dtype=rates.dtype)[..., None] + 0 * coupled

    def row(place: Any, found: tuple[Any, Any]) -> tuple[Any, Any]:
        down, up = found
        j = turn[place]
        pushed = jnp.sum(jnp.where(above[j], coupled[j], 0)[:, None] * down, axis=0)
        mine = jnp.where(above[j], pushed / jnp.where(above[j], rates - rates[j][None], 1), unit[j])
        undone = unit[j] - jnp.sum(jnp.where(above[j], mine, 0)[:, None] * up, axis=0)
        return down.at[j].set(mine), up.at[j].set(undone)

    return jax.lax.fori_loop(0, size, row, (unit, unit))
