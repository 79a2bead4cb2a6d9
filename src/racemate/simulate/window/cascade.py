"""Cascade: slow states across one window, level after level by collocation, each level knowing the levels before it.

Where a rate changes inside a window, its mean stays in the linear solve and the rest goes into an integrating factor: with
``D(t)`` the integral of ``rate - mean`` from the start, ``y = x exp(D)`` obeys ``y' = exp(D) * source - mean * y``, which is solved
like any other, in one pass.
"""

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

import jax.numpy as jnp
import numpy as np

from racemate.chain.laws import Relax
from racemate.readings.numeric import Order
from racemate.simulate.window.collocation import NODES, Matrix, Radau, radau
from racemate.simulate.window.lanes import apart

SWEEPS = 2
"""Passes over states that depend on each other in a circle; where they are too few the pilot, who sees it, shortens the windows."""

Nodes = list[Any]
"""Of each slow state its values at the nodes, (node, people)."""


def solve(order: Order, found: Callable[[Nodes], Sequence[Relax]], start: Any, hours: Any) -> tuple[Nodes, Nodes]:
    """Increments since ``start`` (states, people) and rates of every slow state at the nodes of a window.

    ``found`` gives the records of all states from what is known of their values; those of a level need the levels before it only.
    Increments instead of values, so that small changes keep their precision.
    """
    shape = (NODES, start.shape[1])
    values = [jnp.broadcast_to(one[None], shape) for one in start]
    risen, rates = [0 * value for value in values], list(values)
    for levels, circle in order.parts:
        for _ in range(SWEEPS if circle else 1):
            for level in levels:
                records = found(values)
                for varying in (False, True):
                    group = [i for i in level if (i in order.varying) == varying]
                    if group:
                        given = [records[i] for i in group], start[np.array(group)], hours
                        solved = apart(partial(_relax, varying))(*given)
                        for k, i in enumerate(group):
                            risen[i], rates[i] = solved[:, k], jnp.broadcast_to(records[i].rate, shape)
                            values[i] = start[i][None] + risen[i]
    return risen, rates


def mean(rate: Any) -> Any:
    """Mean (people,) over a window of what is given at its nodes (node, people)."""
    return mix(radau(NODES).integral[-1:], rate)[0]


def mix(weights: Matrix, values: Any) -> Any:
    """Matrix product over the node axis of ``values`` (node, ..., people)."""
    flat = jnp.asarray(weights, values.dtype) @ values.reshape(values.shape[0], -1)
    return flat.reshape(-1, *values.shape[1:])


@cache
def _beside_mean() -> Matrix:
    """Weights that integrate ``rate - mean`` from the start of a window to each node; nothing is left of it at the end."""
    rule = radau(NODES)
    weights = rule.integral - rule.nodes[:, None] * rule.integral[-1]
    weights[-1] = 0
    return weights


def _relax(varying: bool, found: list[Relax], start: Any, hours: Any) -> Any:
    """Increments (node, state, people) of states over a window."""
    rule = radau(NODES)
    shape = (NODES, start.shape[1])
    rate = jnp.stack([jnp.broadcast_to(record.rate, shape) for record in found], axis=1)
    source = rate * jnp.stack([jnp.broadcast_to(record.target, shape) for record in found], axis=1)
    if not varying:
        return _risen(rule, source, rate[:1], start, hours)
    grown = jnp.expm1(hours * mix(_beside_mean(), rate))
    risen = _risen(rule, (1 + grown) * source, mix(rule.integral[-1:], rate), start, hours)
    return (risen - grown * start[None]) / (1 + grown)


def _risen(rule: Radau, source: Any, rate: Any, start: Any, hours: Any) -> Any:
    """Increments since ``start`` that solve ``x' = source - rate * x`` at the nodes for a constant rate."""
    pairs = rule.pairs
    q = mix(rule.to_modes, source - rate * start[None])
    real, imag = (jnp.asarray(part, q.dtype)[:, None, None] for part in (rule.eigen_real, rule.eigen_imag))
    a = hours * (real * q[:pairs] - imag * q[pairs:])
    b = hours * (real * q[pairs:] + imag * q[:pairs])
    down, across = 1 + real * (hours * rate), imag * (hours * rate)
    scale = 1 / (down * down + across * across)
    modes = jnp.concatenate([(a * down + b * across) * scale, (b * down - a * across) * scale])
    return mix(rule.from_modes, modes)
