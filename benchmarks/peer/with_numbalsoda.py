"""numbalsoda: LSODA in C++ called from a loop that numba compiles, restarted at every change."""
# pyright: reportMissingImports=false

from typing import Any

import numba
import numpy as np
from numba import carray
from numbalsoda import lsoda, lsoda_sig

from benchmarks.problem.compiled import into, numba_functions
from benchmarks.problem.told import Problem, Values

LIBRARY = "numbalsoda"
METHOD = "LSODA, right-hand side compiled by numba"
_ABSOLUTE = 1e-3
"""Absolute over relative tolerance."""


class Solver:
    """One compiled loop over people and stretches."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._address = _function(problem).address
        held = np.array([one.held for one in problem.stretches]).reshape(len(problem.stretches), -1)
        self._held = held
        self._jumps = np.array([one.jump for one in problem.stretches])
        self._times, self._rows, self._count = _stops(problem)

    def solve(self, first: int, last: int, tolerance: float, cores: int = 1) -> Values:
        """States of the people at the output times; with more than one core numba's own threads share the people."""
        numba.set_num_threads(cores)
        p = self._problem
        out = np.empty((last - first, len(p.times_h), len(p.states)))
        go = _serial if cores == 1 else _parallel
        go(
            self._address, p.table[first:last], p.start, self._held, self._jumps, self._times, self._rows,
            self._count, tolerance, tolerance * _ABSOLUTE, out,
        )  # fmt: skip
        return out


def _function(problem: Problem) -> Any:
    slopes = numba.njit(into(problem, numba_functions()), error_model="numpy")
    states, data = len(problem.states), len(problem.parameters) + len(problem.held)

    @numba.cfunc(lsoda_sig)
    def right(_t: Any, y: Any, out: Any, p: Any) -> None:
        slopes(carray(y, (states,)), carray(out, (states,)), carray(p, (data,)))

    return right


def _stops(problem: Problem) -> tuple[Values, Any, Any]:
    """Times of each stretch (its start, what is read, its end), the output rows of those, and how many there are."""
    most = max(len(one.rows) for one in problem.stretches) + 2
    times = np.zeros((len(problem.stretches), most))
    rows = -np.ones((len(problem.stretches), most), dtype=np.int64)
    count = np.zeros(len(problem.stretches), dtype=np.int64)
    for k, one in enumerate(problem.stretches):
        read = [problem.times_h[row] for row in one.rows]
        stops = [one.start_h, *read, *([one.end_h] if not read or read[-1] < one.end_h else [])]
        times[k, : len(stops)], count[k] = stops, len(stops)
        rows[k, 1 : 1 + len(one.rows)] = one.rows
    return times, rows, count


def _loop(
    address: Any, table: Any, start: Any, held: Any, jumps: Any, times: Any, rows: Any, count: Any,
    rtol: float, atol: float, out: Any,
) -> None:  # fmt: skip
    for person in numba.prange(table.shape[0]):
        y = start.copy()
        for k in range(len(count)):
            y = y + jumps[k]
            stops = times[k, : count[k]]
            seen, good = lsoda(address, y, stops, np.concatenate((table[person], held[k])), rtol=rtol, atol=atol)
            if not good:
                seen = np.full_like(seen, np.nan)
            for j in range(count[k]):
                if rows[k, j] >= 0:
                    out[person, rows[k, j]] = seen[j]
            y = seen[-1]


_serial = numba.njit(_loop)
_parallel = numba.njit(parallel=True)(_loop)
