"""scipy: LSODA restarted at every change; the right-hand side is compiled where numba is installed, plain Python else."""
# pyright: reportMissingImports=false

import math
from importlib.util import find_spec
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from benchmarks.problem.compiled import into, numba_functions
from benchmarks.problem.told import Problem, Values

LIBRARY = "scipy"
METHOD = "solve_ivp LSODA" + (
    ", right-hand side compiled by numba" if find_spec("numba") else ", right-hand side in Python"
)
_PLAIN = {"exp": math.exp, "log": math.log, "maximum": max, "where": lambda condition, a, b: a if condition else b}
_ABSOLUTE = 1e-3


class Solver:
    """One person after the other."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._slopes = _slopes(problem)

    def solve(
        self,
        first: int,
        last: int,
        tolerance: float,
        cores: int = 1,
        method: str = "LSODA",
        absolute: float = _ABSOLUTE,
    ) -> Values:
        """States of the people at the output times; on one core."""
        del cores
        p = self._problem
        out = np.full((last - first, len(p.times_h), len(p.states)), np.nan)
        for person in range(first, last):
            y = p.start
            for one in p.stretches:
                y = y + one.jump
                data = np.concatenate([p.table[person], one.held])
                times = p.times_h[list(one.rows)]
                stops = times if len(times) and times[-1] == one.end_h else np.append(times, one.end_h)
                seen = solve_ivp(
                    self._slopes, (one.start_h, one.end_h), y, method, stops, args=(data,),
                    rtol=tolerance, atol=tolerance * absolute,
                )  # fmt: skip
                if not seen.success:
                    break
                out[person - first, list(one.rows)] = seen.y.T[: len(times)]
                y = seen.y[:, -1]
        return out


def _slopes(problem: Problem) -> Any:
    if not find_spec("numba"):
        inner, states = into(problem, _PLAIN), len(problem.states)

        def plain(_t: float, y: Values, data: Values) -> list[float]:
            out = [0.0] * states
            inner(y.tolist(), out, data.tolist())
            return out

        return plain
    import numba

    fill = numba.njit(into(problem, numba_functions()), error_model="numpy")

    @numba.njit
    def right(_t: Any, y: Any, data: Any) -> Any:
        out = np.empty_like(y)
        fill(y, out, data)
        return out

    return right
