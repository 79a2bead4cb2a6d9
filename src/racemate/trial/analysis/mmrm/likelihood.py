"""Likelihood: minus twice the (restricted) log-likelihood of one replicate, its exact derivatives, and what tests need of it.

With P the inverse covariance of a pattern and M the weighted cross products of [X, y], everything is a contraction of V x V kernels
with the sums of `sums.py`: ``dP = -P dS P`` and ``d(log|X'PX|) = tr(F d(X'PX))``, F being the covariance of the fixed effects
(kenward-roger-1997, whose P_i, Q_ij and R_ij are `Parts.slope` and the two kernels of `adjusted`).  Only the covariance matrix itself is
differentiated by machine.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from racemate.trial.analysis.mmrm.structure import covariance
from racemate.trial.analysis.mmrm.sums import pairs

Array = jax.Array


class Setting(NamedTuple):
    """What is compiled for: a structure, a number of visits, restricted or full likelihood."""

    structure: str
    visits: int
    restricted: bool


class Parts(NamedTuple):
    """The likelihood at one covariance; p fixed effects, m covariance parameters."""

    value: Array
    """Minus twice the log-likelihood; infinite where the covariance is not positive definite."""
    gradient: Array
    observed: Array
    """Second derivatives of the value, (m, m)."""
    expected: Array
    """Their expectation, (m, m)."""
    beta: Array
    fixed: Array
    """Covariance of the fixed effects, (p, p)."""
    slope: Array
    """Derivatives of the inverse of `fixed`, (m, p, p)."""
    inverse: Array
    """Inverse covariance of each pattern, 0 at missing visits, (patterns, visits, visits)."""


def shape(setting: Setting) -> Callable[[Array], tuple[Array, Array, Array]]:
    """A function from parameters to the covariance (V, V), its first (m, V, V) and its second derivatives (m, m, V, V)."""

    def one(theta: Array) -> Array:
        return covariance(setting.structure, theta, setting.visits, jnp)

    def all_of(theta: Array) -> tuple[Array, Array, Array]:
        first, second = jax.jacfwd(one)(theta), jax.jacfwd(jax.jacfwd(one))(theta)
        return one(theta), jnp.moveaxis(first, 2, 0), jnp.moveaxis(second, (2, 3), (0, 1))

    return all_of


def spread(kernel: Array, products: Array) -> Array:
    """Weighted cross products, (..., q, q), of symmetric kernels (..., patterns, visits, visits)."""
    first, second = pairs(kernel.shape[-1])
    packed = kernel[..., first, second]
    q = products.shape[-1]
    flat = packed.reshape(*packed.shape[:-2], -1) @ products.reshape(-1, q * q)
    return flat.reshape(*packed.shape[:-2], q, q)


def gather(weight: Array, products: Array, visits: int) -> Array:
    """The symmetric matrices B (patterns, visits, visits) for which the trace of kernel and B is that of `spread` and ``weight``."""
    first, second = pairs(visits)
    q = products.shape[-1]
    packed = products.reshape(*products.shape[:2], q * q) @ weight.reshape(q * q)
    half = packed * np.where(first == second, 1.0, 0.5)[None]
    place = np.zeros((visits, visits), dtype=np.intp)
    place[first, second] = place[second, first] = np.arange(len(first))
    return half[:, place]


def parts(setting: Setting, theta: Array, seen: Array, people: Array, products: Array) -> Parts:
    """The likelihood of one replicate at ``theta`` (m,); the other arguments are one replicate of `Sums`."""
    sigma, first, second = shape(setting)(theta)
    inverse, logdet, allowed = _inverses(sigma, seen)
    moment = spread(inverse, products)
    p = len(moment) - 1
    fixed, logdet_fixed, determined = invert(moment[:p, :p])
    beta = fixed @ moment[:p, p]
    residual = jnp.append(-beta, 1.0)
    kernels = jnp.einsum("kuw,mwx,kxv->mkuv", inverse, first, inverse)
    slopes = -spread(kernels, products)
    slope, score = slopes[:, :p, :p], slopes[:, :p, :] @ residual
    wide = jnp.zeros_like(moment).at[:p, :p].set(fixed) if setting.restricted else jnp.zeros_like(moment)
    of_fixed = gather(wide, products, setting.visits)
    of_residual = gather(jnp.outer(residual, residual), products, setting.visits)
    count = people[:, None, None]
    bent = inverse @ (of_fixed + of_residual) @ inverse
    pull = (count * inverse - bent).sum(axis=0)
    turn = fixed @ slope
    between = jnp.einsum("iuv,jvu->ij", turn, turn) if setting.restricted else jnp.zeros((len(first), len(first)))
    observed = (
        jnp.einsum("ijuv,uv->ij", second, pull)
        + _pairwise(first, inverse, 2 * bent - count * inverse)
        - between
        - 2 * score @ fixed @ score.T
    )
    expected = _pairwise(first, inverse, count * inverse - 2 * inverse @ of_fixed @ inverse) + between
    n = (people[:, None] * seen).sum() - (p if setting.restricted else 0)
    value = n * np.log(2 * np.pi) + (people * logdet).sum() + moment[-1, -1] - moment[-1, :p] @ beta
    value = value + (logdet_fixed if setting.restricted else 0.0)
    allowed = allowed & determined & jnp.isfinite(value)
    return Parts(
        jnp.where(allowed, value, jnp.inf),
        jnp.einsum("iuv,uv->i", first, pull),
        observed,
        expected,
        beta,
        fixed,
        slope,
        inverse,
    )


def adjusted(setting: Setting, theta: Array, found: Parts, spreads: Array, products: Array, linear: bool) -> Array:
    """Kenward and Roger's covariance of the fixed effects, (p, p), ``spreads`` (m, m) being the covariance of the parameters.

    ``linear`` leaves out the second derivatives of the covariance (their R_ij), as ddfm=kr(linear) of SAS does.
    """
    _, first, second = shape(setting)(theta)
    p = len(found.beta)
    half = jnp.einsum("kuw,mwx,kxv->mkuv", found.inverse, first, found.inverse)
    mixed = jnp.einsum("ij,jwx->iwx", spreads, first)
    kernel = jnp.einsum("mkuw,mwx,kxv->kuv", half, mixed, found.inverse)
    if not linear:
        bend = jnp.einsum("ij,ijuv->uv", spreads, second)
        kernel = kernel - 0.25 * jnp.einsum("kuw,wx,kxv->kuv", found.inverse, bend, found.inverse)
    through = jnp.einsum("ij,iuv,vw,jwx->ux", spreads, found.slope, found.fixed, found.slope)
    gap = spread(kernel, products)[:p, :p] - through
    return found.fixed + 2 * found.fixed @ gap @ found.fixed


def invert(matrix: Array) -> tuple[Array, Array, Array]:
    """Inverse of a symmetric matrix (n, n), its log determinant, and whether it is positive definite, by sweeping each pivot.

    Plain array code on purpose: the library routines of a compiled program wait for the threads that run other programs, and programs
    run side by side by the threads of one process then wait for each other for ever.
    """
    size = matrix.shape[-1]
    index = jnp.arange(size)

    def sweep(k: Array, now: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        a, logdet, definite = now
        pivot, row, column = a[k, k], a[k] / a[k, k], a[:, k]
        own_row, own_column = (index == k)[:, None], (index == k)[None, :]
        a = jnp.where(
            own_row, row[None, :], jnp.where(own_column, (-column / pivot)[:, None], a - jnp.outer(column, row))
        )
        a = jnp.where(own_row & own_column, 1 / pivot, a)
        return a, logdet + jnp.log(jnp.where(pivot > 0, pivot, 1.0)), definite & (pivot > 0)

    begun = (matrix, jnp.zeros((), matrix.dtype), jnp.array(True))
    inverse, logdet, definite = jax.lax.fori_loop(0, size, sweep, begun)
    return (inverse + inverse.T) / 2, logdet, definite


def _inverses(sigma: Array, seen: Array) -> tuple[Array, Array, Array]:
    """Inverse covariance and log determinant of each pattern, and whether the whole is positive definite.

    A missing visit has variance 1, no covariance, and no weight.
    """
    mask = seen[:, :, None] * seen[:, None, :]
    whole, logdet, definite = jax.vmap(invert)(mask * sigma[None] + (1 - seen)[:, :, None] * np.eye(len(sigma))[None])
    return whole * mask, logdet, definite.all() & invert(sigma)[2]


def _pairwise(first: Array, inverse: Array, kernel: Array) -> Array:
    """Sum over patterns of the trace of E_i P E_j K, (m, m)."""
    whole = jnp.einsum("kvw,kxu->uvwx", inverse, kernel)
    return jnp.einsum("iuv,uvwx,jwx->ij", first, whole, first)
