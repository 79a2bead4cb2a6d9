"""diffrax: an adaptive solver compiled by XLA over a batch of people, restarted at every change."""
# pyright: reportMissingImports=false

import os

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")
from typing import Any

import diffrax
import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.problem import w1
from benchmarks.problem.compiled import tuple_of_slopes
from benchmarks.problem.told import Problem, Values

jax.config.update("jax_enable_x64", True)

LIBRARY = "diffrax"
METHOD = "Tsit5, vmap"
BATCH = 32
"""People in one program; every one of them takes as many steps as the slowest."""
_ABSOLUTE = 1e-3
_STEPS = 200_000
_FUNCTIONS = {"exp": jnp.exp, "log": jnp.log, "maximum": jnp.maximum, "where": jnp.where}


class Solver:
    """One compiled program for a batch of people."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._run: Any = jax.jit(jax.vmap(_course(problem), in_axes=(0, None)))
        self._derived: dict[str, Any] = {}

    def solve(self, first: int, last: int, tolerance: float, cores: int = 1) -> Values:
        """States of the people at the output times; on one core."""
        del cores
        table = self._problem.table[first:last]
        wanted = np.minimum(np.arange(-(-len(table) // BATCH) * BATCH), len(table) - 1).reshape(-1, BATCH)
        return np.concatenate([np.asarray(self._run(table[rows], tolerance)) for rows in wanted])[: len(table)]

    def gradient(self, way: str, tolerance: float) -> dict[str, Any]:
        """Time of the sum of W1's slow states at the end, of its derivative along one parameter, or over all of them."""
        if way not in self._derived:
            adjoint = diffrax.ForwardMode() if way == "forward" else diffrax.RecursiveCheckpointAdjoint()
            course = _course(self._problem, adjoint)

            def total(row: Any) -> Any:
                return jnp.sum(course(row, tolerance)[-1, len(w1.AMOUNTS) :])

            along = jnp.asarray(w1.along(self._problem))
            ways = {
                "run": total,
                "forward": lambda row: jax.jvp(total, (row,), (along,))[1],
                "reverse": lambda row: jnp.dot(jax.grad(total)(row), along),
            }
            self._derived[way] = jax.jit(jax.vmap(ways[way]))
        return w1.timed(self._derived[way], self._problem.table[:BATCH])


def _course(problem: Problem, adjoint: Any = None) -> Any:
    """``(parameters, tolerance) -> states (times, states)`` of one person."""
    slopes = tuple_of_slopes(problem, _FUNCTIONS)
    term = diffrax.ODETerm(lambda _t, y, args: jnp.stack(jnp.broadcast_arrays(*slopes(y, *args))))
    most = max(len(one.rows) for one in problem.stretches) + 1
    ends = [[*problem.times_h[list(one.rows)], *[one.end_h] * (most - len(one.rows))] for one in problem.stretches]
    rows = [[*one.rows, *[len(problem.times_h)] * (most - len(one.rows))] for one in problem.stretches]
    told: Any = tuple(
        jnp.asarray(part)
        for part in (
            [one.start_h for one in problem.stretches],
            np.array([one.jump for one in problem.stretches]),
            np.array([one.held for one in problem.stretches]).reshape(len(problem.stretches), -1),
            np.array(ends),
            np.array(rows),
        )
    )

    def course(parameters: Any, tolerance: Any) -> Any:
        control = diffrax.PIDController(rtol=tolerance, atol=tolerance * _ABSOLUTE)

        def stretch(carry: Any, one: Any) -> Any:
            y, out = carry
            start, jump, held, times, places = one
            seen = diffrax.diffeqsolve(
                term, diffrax.Tsit5(), start, times[-1], None, y + jump, (parameters, held),
                saveat=diffrax.SaveAt(ts=times), stepsize_controller=control, max_steps=_STEPS, throw=False,
                adjoint=adjoint or diffrax.RecursiveCheckpointAdjoint(),
            )  # fmt: skip
            found = seen.ys
            assert found is not None
            return (found[-1], out.at[places].set(found)), None

        empty = jnp.zeros((len(problem.times_h) + 1, len(problem.states)))
        (_, out), _ = jax.lax.scan(stretch, (jnp.asarray(problem.start), empty), told)
        return out[:-1]

    return course
