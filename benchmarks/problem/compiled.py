"""Compiled: a problem's equations as a function of Python, of numba or of JAX."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.problem.told import Problem


def tuple_of_slopes(problem: Problem, functions: Mapping[str, Any]) -> Callable[[Any, Any, Any], tuple[Any, ...]]:
    """``(y, p, h) -> slopes`` with the given ``exp``, ``log``, ``maximum`` and ``where``."""
    ends = ", ".join(f"d{k}" for k in range(len(problem.states)))
    return _made("slopes(y, p, h)", f"{problem.source}\nreturn ({ends},)", functions)


def into(problem: Problem, functions: Mapping[str, Any]) -> Callable[[Any, Any, Any], None]:
    """``(y, out, data) -> None`` where ``data`` holds the parameters and after them what is held."""
    count = len(problem.parameters)
    lines = [problem.source.replace("= h[", f"= p[{count} + ")]
    lines += [f"out[{k}] = d{k}" for k in range(len(problem.states))]
    return _made("slopes(y, out, p)", "\n".join(lines), functions)


def numba_functions() -> dict[str, Any]:
    """Scalar functions that numba compiles."""
    import numba  # pyright: ignore[reportMissingImports] an extra

    @numba.njit(inline="always")
    def where(condition: Any, a: Any, b: Any) -> Any:
        return a if condition else b

    @numba.njit(inline="always")
    def maximum(a: Any, b: Any) -> Any:
        return a if a >= b else b

    return {"exp": math.exp, "log": math.log, "where": where, "maximum": maximum}


def _made(head: str, body: str, functions: Mapping[str, Any]) -> Any:
    space: dict[str, Any] = dict(functions)
    indented = "\n".join(f"    {line}" for line in body.splitlines())
    exec(f"def {head}:\n{indented}\n", space)
    return space["slopes"]
