"""racemate: its engine as it ships, in batches of 256 people; on W1 the same engine with W1's laws."""

from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.peer import with_chain
from benchmarks.problem import engine_w1, w1
from benchmarks.problem.told import Problem, Values
from racemate.simulate.grid import Grid

LIBRARY, METHOD = with_chain.LIBRARY, with_chain.METHOD


class Solver:
    """The engine on one problem; a grid is found once for each tolerance."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._own = _W1(problem) if problem.name == "W1" else with_chain.Solver(problem)

    def solve(self, first: int, last: int, tolerance: float, cores: int = 1) -> Values:
        """What is compared (people, times, watched)."""
        return self._own.solve(first, last, tolerance, cores)

    def gradient(self, way: str, tolerance: float) -> dict[str, Any]:
        """Time of the sum of W1's slow states at the end, of its derivative along one parameter, or over all of them."""
        assert isinstance(self._own, _W1)
        return self._own.gradient(way, tolerance)


class _W1:
    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._machine = engine_w1.W1Machine(len(problem.states) - len(w1.AMOUNTS))
        self._dosed = tuple(one.start_h for one in problem.stretches)
        self._grids: dict[float, Grid] = {}
        self._derived: dict[str, Any] = {}

    def solve(self, first: int, last: int, tolerance: float, cores: int) -> Values:
        table = self._problem.table[first:last]
        return engine_w1.solve(self._machine, table, self._grid(tolerance), cores, self._dosed)

    def gradient(self, way: str, tolerance: float) -> dict[str, Any]:
        if way not in self._derived:
            total = engine_w1.total(self._machine, self._grid(tolerance), self._dosed)
            along = jnp.asarray(w1.along(self._problem))
            ways = {
                "run": total,
                "forward": lambda table: jax.jvp(total, (table,), (jnp.broadcast_to(along, table.shape),))[1],
                "reverse": lambda table: jax.grad(lambda one: total(one).sum())(table) @ along,
            }
            self._derived[way] = ways[way]
        return w1.timed(self._derived[way], self._problem.table)

    def _grid(self, tolerance: float) -> Grid:
        if tolerance not in self._grids:
            self._grids[tolerance] = engine_w1.grid(self._machine, tolerance, self._dosed)
        return self._grids[tolerance]
