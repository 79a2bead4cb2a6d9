"""Search: the covariance of greatest (restricted) likelihood, for many replicates at once.

Newton steps on the exact second derivatives once they are near (their expectation, Fisher scoring, before), each halved until the
likelihood does not fall; what does not converge starts again from independent visits, and is then refused by name.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from racemate.simulate import solve
from racemate.trial.analysis.mmrm.likelihood import Parts, Setting, adjusted, invert, parts, shape
from racemate.trial.analysis.mmrm.state import State
from racemate.trial.analysis.mmrm.structure import start
from racemate.trial.analysis.mmrm.sums import Sums, moments

Array = jax.Array
Floats = NDArray[np.float64]
Adjust = str | None
TOLERANCE = 1e-13
"""Squared length of the Newton step in standard errors of the parameters at which a search ends: 3e-7 of a standard error."""
STEPS = 100
_NEAR = 1.0
"""Squared length, in standard errors, below which the exact second derivatives are trusted."""
_SHORTEST = 2.0**-20
_NOISE = 1e-11
"""Relative rounding error allowed to the value of the likelihood."""


class Estimates(NamedTuple):
    """Fits of all replicates (first axis); numbers of a replicate that is not `State.CONVERGED` mean nothing."""

    state: NDArray[np.int_]
    theta: Floats
    value: Floats
    """Minus twice the (restricted) log-likelihood."""
    sigma: Floats
    """Covariance over visits, (replicates, visits, visits)."""
    beta: Floats
    fixed: Floats
    """Covariance of the fixed effects from the model, (replicates, p, p)."""
    used: Floats
    """The covariance that standard errors are made of: `fixed`, or Kenward and Roger's."""
    turn: Floats
    """Derivatives of `fixed` with respect to the parameters, (replicates, m, p, p)."""
    spreads: Floats
    """Covariance of the parameters from the observed information, (replicates, m, m)."""
    steps: NDArray[np.int_]


class _Search(NamedTuple):
    theta: Array
    value: Array
    step: Array
    scale: Array
    length: Array
    taken: Array
    state: Array


def prepare() -> None:
    """64-bit arithmetic, one thread per program, and compiled programs kept between processes: as the solver has it."""
    solve._prepare()


def estimate(setting: Setting, sums: Sums, adjust: Adjust, lanes: int = 1) -> Estimates:
    """Fit every replicate of ``sums``, at most ``lanes`` of them, for which the program is compiled.

    ``adjust`` is ``"kr"``, ``"kr-linear"`` or None for standard errors from the model.
    """
    prepare()
    moment, state = moments(sums)
    index = np.nonzero(state == State.CONVERGED)[0]
    found = _run(setting, sums, adjust, start(setting.structure, moment), np.arange(len(moment)), lanes)
    again = index[found.state[index] != State.CONVERGED]
    if len(again):
        alone = start(setting.structure, moment[again] * np.eye(setting.visits))
        other = _run(setting, sums, adjust, alone, again, lanes)
        found = Estimates(*(_put(a, again, b) for a, b in zip(found, other, strict=True)))
    return found._replace(state=np.where(state == State.CONVERGED, found.state, state))


def _put(whole: Any, index: NDArray[np.intp], part: Any) -> Any:
    out = np.array(whole)
    out[index] = part
    return out


def _run(setting: Setting, sums: Sums, adjust: Adjust, theta: Floats, index: NDArray[np.intp], lanes: int) -> Estimates:
    """Fit the replicates ``index`` from ``theta``; lanes to spare repeat the first."""
    lane = np.concatenate([np.arange(len(index)), np.zeros(lanes - len(index), dtype=np.intp)])
    at = index[lane]
    out = _fitter(setting, adjust)(theta[lane], sums.seen, sums.people[at], sums.products[at])
    return Estimates(*(np.asarray(value)[: len(index)] for value in out))


@cache
def _fitter(setting: Setting, adjust: Adjust) -> Callable[..., tuple[Array, ...]]:
    return jax.jit(jax.vmap(partial(_fit, setting, adjust), in_axes=(0, None, 0, 0)))


def _fit(
    setting: Setting, adjust: Adjust, theta: Array, seen: Array, people: Array, products: Array
) -> tuple[Array, ...]:
    at = partial(parts, setting, seen=seen, people=people, products=products)
    begun = _Search(
        theta,
        jnp.array(jnp.inf),
        jnp.zeros_like(theta),
        jnp.array(1.0),
        jnp.array(jnp.inf),
        jnp.array(0),
        jnp.array(-1),
    )
    ended: _Search = jax.lax.while_loop(lambda now: now.state < 0, partial(_advance, at), begun)
    told = _told(setting, adjust, ended.theta, seen, people, products)
    lost = (ended.state == State.CONVERGED) & (told[0] != State.CONVERGED)
    return jnp.where(lost, told[0], ended.state), *told[1:-1], ended.taken


def _told(
    setting: Setting, adjust: Adjust, theta: Array, seen: Array, people: Array, products: Array
) -> tuple[Array, ...]:
    """The fields of `Estimates` at ``theta``."""
    found = parts(setting, theta, seen, people, products)
    spreads = 2 * _inverse(found.observed)[0]
    used = found.fixed
    if adjust is not None:
        used = adjusted(setting, theta, found, spreads, products, linear=adjust == "kr-linear")
    turn = -found.fixed @ found.slope @ found.fixed
    finite = jnp.isfinite(used).all() & jnp.isfinite(spreads).all() & (jnp.diagonal(used) > 0).all()
    state = jnp.where(finite, int(State.CONVERGED), int(State.UNPAIRED))
    sigma = shape(setting)(theta)[0]
    return state, theta, found.value, sigma, found.beta, found.fixed, used, turn, spreads, jnp.array(0)


@cache
def _teller(setting: Setting, adjust: Adjust) -> Callable[..., tuple[Array, ...]]:
    return jax.jit(jax.vmap(partial(_told, setting, adjust), in_axes=(0, None, 0, 0)))


def evaluate(setting: Setting, sums: Sums, adjust: Adjust, theta: Floats) -> Estimates:
    """The likelihood and all that follows from it at given parameters (replicates, m), without a search."""
    prepare()
    out = _teller(setting, adjust)(theta, sums.seen, sums.people, sums.products)
    return Estimates(*(np.asarray(value) for value in out))


def _advance(at: Callable[[Array], Parts], now: _Search) -> _Search:
    trial = now.theta + now.scale * now.step
    found = at(trial)
    better = found.value <= now.value + _NOISE * jnp.abs(found.value)
    better = better & jnp.isfinite(found.value)
    step, length, exact = _direction(found)
    scale = jnp.where(better, 1.0, now.scale / 2)
    taken = now.taken + 1
    converged = better & exact & (length < TOLERANCE)
    state = jnp.where(taken >= STEPS, int(State.UNFINISHED), -1)
    state = jnp.where(scale < _SHORTEST, int(State.STALLED), state)
    state = jnp.where(converged, int(State.CONVERGED), state)
    return _Search(
        jnp.where(better, trial, now.theta),
        jnp.where(better, found.value, now.value),
        jnp.where(better, step, now.step),
        scale,
        jnp.where(better, length, now.length),
        taken,
        state,
    )


def _direction(found: Parts) -> tuple[Array, Array, Array]:
    """Step, its squared length in standard errors, and whether it is that of exact second derivatives."""
    newton, definite = _inverse(found.observed)
    scoring, _ = _inverse(found.expected)
    exact_step, safe_step = -newton @ found.gradient, -scoring @ found.gradient
    safe_length = -found.gradient @ safe_step / 2
    exact = definite & (safe_length < _NEAR)
    return (
        jnp.where(exact, exact_step, safe_step),
        jnp.where(exact, -found.gradient @ exact_step / 2, safe_length),
        exact,
    )


def _inverse(matrix: Array) -> tuple[Array, Array]:
    """Inverse of a symmetric matrix, and whether it is positive definite; scaled first, since parameters differ in size."""
    size = jnp.sqrt(jnp.abs(jnp.diagonal(matrix)))
    size = jnp.where(size > 0, size, 1.0)
    scale = jnp.outer(size, size)
    inverse, _, definite = invert(matrix / scale)
    return jnp.where(definite, inverse, jnp.eye(len(matrix))) / scale, definite
