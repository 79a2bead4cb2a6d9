"""Cascade: slow states across one window, level after level by collocation, each level knowing the levels before it.

Where a rate changes inside a window, its mean stays in the linear solve and the rest goes into an integrating factor: with
``D(t)`` the integral of ``rate - mean`` from the start, ``y = x exp(D)`` obeys ``y' = exp(D) * source - mean * y``, which is solved
like any other, in one pass.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import jax.numpy as jnp
import numpy as np

from racemate.chain.laws import Relax
from racemate.readings.numeric import Order
from racemate.simulate.window.collocation import NODES, Matrix, Radau, radau

SWEEPS = 2
"""Passes over states that depend on each other in a circle; where they are too few the pilot, who sees it, shortens the windows."""

Nodes = list[Any]
"""Of each slow state its values at the nodes, (node, people)."""


def solve(order: Order, found: Callable[[Nodes], Sequence[Relax]], start: Any, hours: Any) -> tuple[Nodes, Nodes]:
    """Values and rates of every slow state at the nodes of a window, from ``start`` (states, people).

    ``found`` gives the records of all states from what is known of their values; those of a level need the levels before it only.
    """
    shape = (NODES, start.shape[1])
    values = [jnp.broadcast_to(one[None], shape) for one in start]
    rates = list(values)
    for levels, circle in order.parts:
        for _ in range(SWEEPS if circle else 1):
            for level in levels:
                records = found(values)
                for varying in (False, True):
                    group = [i for i in level if (i in order.varying) == varying]
                    if group:
                        solved = _relax([records[i] for i in group], start[np.array(group)], hours, varying)
                        for k, i in enumerate(group):
                            values[i], rates[i] = solved[:, k], jnp.broadcast_to(records[i].rate, shape)
    return values, rates


def mean(rate: Any) -> Any:
    """Mean (people,) over a window of what is given at its nodes (node, people)."""
    return mix(radau(NODES).integral[-1:], rate)[0]


def mix(weights: Matrix, values: Any) -> Any:
    """Matrix product over the node axis of ``values`` (node, ..., people)."""
    flat = jnp.asarray(weights) @ values.reshape(values.shape[0], -1)
    return flat.reshape(-1, *values.shape[1:])


@cache
def _beside_mean() -> Matrix:
    """Weights that integrate ``rate - mean`` from the start of a window to each node; nothing is left of it at the end."""
    rule = radau(NODES)
    weights = rule.integral - rule.nodes[:, None] * rule.integral[-1]
    weights[-1] = 0
    return weights


def _relax(found: list[Relax], start: Any, hours: Any, varying: bool) -> Any:
    """Node values (node, state, people) of states over a window."""
    rule = radau(NODES)
    shape = (NODES, start.shape[1])
    rate = jnp.stack([jnp.broadcast_to(record.rate, shape) for record in found], axis=1)
    source = rate * jnp.stack([jnp.broadcast_to(record.target, shape) for record in found], axis=1)
    if not varying:
        return start[None] + _risen(rule, source, rate[:1], start, hours)
    factor = jnp.exp(hours * mix(_beside_mean(), rate))
    return (start[None] + _risen(rule, factor * source, mix(rule.integral[-1:], rate), start, hours)) / factor


def _risen(rule: Radau, source: Any, rate: Any, start: Any, hours: Any) -> Any:
    """Increments since ``start`` that solve ``x' = source - rate * x`` at the nodes for a constant rate.

    Increments instead of values, so that small changes keep their precision.
    """
    pairs = rule.pairs
    q = mix(rule.to_modes, source - rate * start[None])
    real, imag = jnp.asarray(rule.eigen_real)[:, None, None], jnp.asarray(rule.eigen_imag)[:, None, None]
    a = hours * (real * q[:pairs] - imag * q[pairs:])
    b = hours * (real * q[pairs:] + imag * q[:pairs])
    down, across = 1 + real * (hours * rate), imag * (hours * rate)
    scale = 1 / (down * down + across * across)
    modes = jnp.concatenate([(a * down + b * across) * scale, (b * down - a * across) * scale])
    return mix(rule.from_modes, modes)
