"""W1: three compartments and a metabolite's two, eight doses in 28 days, ten slow states in a row with one feedback.

The workload of the engine's design study, with its output times moved to the nearest six seconds.  Units: h, mg, L.
"""

import time
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import sympy as sp

from benchmarks.problem.told import Problem, Values, stretches
from benchmarks.problem.written import python, sbml

AMOUNTS = ("A0", "A1", "A2", "A3", "M1", "M2")
CASCADE = 10
BASAL = 0.05
DOSE = 56.0
DOSED_H = (0.0, 72.0, 168.0, 240.0, 336.0, 408.0, 504.0, 576.0)
END_H = 672.0
TYPICAL: dict[str, float] = (
    {"CL": 80.0, "V1": 60.0, "Q2": 100.0, "V2": 110.0, "Q3": 25.0, "V3": 180.0, "ka": 1.5, "fm": 0.8}
    | {"CLm": 60.0, "Vm": 120.0, "Qm": 40.0, "Vm2": 150.0, "EC50p": 0.15, "EC50m": 0.40, "base": 0.01}
    | {"b": BASAL, "Kf": 0.30, "nf": 2.0}
    | {f"tau{i}": v for i, v in enumerate((0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 36.0, 72.0, 144.0, 240.0), 1)}
    | {f"n{i}": v for i, v in enumerate((1.5, 2.0, 1.3, 2.5, 1.7, 2.0, 1.4, 2.2, 1.6, 1.8), 1)}
    | {f"K{i}": v for i, v in enumerate((1.0, 0.30, 0.25, 0.25, 0.20, 0.15, 0.15, 0.10, 0.12, 0.10), 1)}
)
BETWEEN = {"CL": 0.30, "V1": 0.30, "ka": 0.40, "CLm": 0.30, "EC50p": 0.40, "tau5": 0.30, "tau10": 0.30, "K8": 0.25}
"""Log-normal spreads between people."""
TICKS_PER_H = 600
SHARED = 32
"""People whose derivatives are held against each other."""
_SEED = 20260301
_AFTER = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 12.0, 24.0)


def times_h() -> Values:
    """Sixty output times, none at a dose."""
    after = np.array(_AFTER)
    wanted = np.concatenate([after, 576 + after, np.linspace(30, 570, 34), np.linspace(606, 672, 10)])
    return np.sort(np.round(wanted * TICKS_PER_H) / TICKS_PER_H)


def people(count: int, cascade: int = CASCADE, widen: float = 1.0, seed: int = _SEED) -> Values:
    """Parameters (people, parameters) of the first ``count`` people of one endless population; the first is the typical one."""
    names = parameters(cascade)
    z = np.random.default_rng(seed).standard_normal((count, len(BETWEEN))) * widen
    z[0] *= widen != 1.0
    table = np.tile([TYPICAL[_first_ten(name)] for name in names], (count, 1))
    for k, (name, spread) in enumerate(BETWEEN.items()):
        if name in names:
            table[:, names.index(name)] *= np.exp(spread * z[:, k])
    return table


def _first_ten(name: str) -> str:
    """A longer cascade repeats the constants of the first ten states."""
    stem = name.rstrip("0123456789")
    place = name[len(stem) :]
    repeats = stem in ("tau", "n", "K") and int(place) > CASCADE
    return f"{stem}{(int(place) - 1) % CASCADE + 1}" if repeats else name


def parameters(cascade: int = CASCADE) -> tuple[str, ...]:
    """Names of the parameters, for a cascade of any length."""
    shared = [name for name in TYPICAL if name.rstrip("0123456789") not in ("tau", "n", "K")]
    return (*shared, *(f"{stem}{i}" for stem in ("tau", "n", "K") for i in range(1, cascade + 1)))


@cache
def problem(count: int, cascade: int = CASCADE, every_h: float | None = None) -> Problem:
    """W1 for ``count`` people; ``cascade`` slow states, and a dose every so many hours instead of the eight."""
    p = {name: sp.Symbol(name, positive=True) for name in parameters(cascade)}
    states = [sp.Symbol(name, nonnegative=True) for name in (*AMOUNTS, *(f"x{i}" for i in range(1, cascade + 1)))]
    algebra, slopes = _equations(states, p, cascade)
    names = tuple(str(one) for one in states)
    start = np.array([0.0] * len(AMOUNTS) + [BASAL] * cascade)
    jump = np.zeros(len(states))
    jump[0] = DOSE
    dosed = DOSED_H if every_h is None else tuple(np.arange(0.0, END_H, every_h))
    cut = stretches(dict.fromkeys(map(float, dosed), (jump, None)), times_h(), END_H, np.zeros(0), len(states))
    table = people(count, cascade)
    return Problem(
        "W1",
        names,
        tuple(p),
        (),
        python(states, list(p.values()), (), algebra, slopes),
        sbml(
            "W1",
            dict(zip(names, start, strict=True)),
            dict(zip(p, table[0], strict=True)),
            algebra,
            slopes,
            (),
            cut,
        ),
        start,
        times_h(),
        cut,
        table,
    )


def along(problem: Problem) -> Values:
    """Direction of a derivative: the half-effect of the parent drug."""
    return np.array([float(name == "EC50p") for name in problem.parameters])


def timed(derivative: Callable[[Values], Any], table: Values) -> dict[str, Any]:
    """Time of a function over people, and the mean of what it gives, so that solvers can be held against each other."""
    cpu, wall = time.process_time(), time.perf_counter()
    found = np.asarray(derivative(table))
    return {
        "wall_s": time.perf_counter() - wall,
        "cpu_s": time.process_time() - cpu,
        "people": len(table),
        "value": float(found[:SHARED].mean()),
    }


def _equations(states: list[Any], p: dict[str, Any], cascade: int) -> tuple[list[tuple[Any, Any]], list[Any]]:
    a0, a1, a2, a3, m1, m2, *x = states
    c, cm, drive, back = sp.symbols("C Cm E fb", positive=True)
    algebra: list[tuple[Any, Any]] = [
        (c, a1 / p["V1"]),
        (cm, m1 / p["Vm"]),
        (drive, c / p["EC50p"] + cm / p["EC50m"] + p["base"]),
        (back, 1 / (1 + (x[-1] / p["Kf"]) ** p["nf"])),
    ]
    slopes = [
        -p["ka"] * a0,
        p["ka"] * a0 - (p["CL"] + p["Q2"] + p["Q3"]) * c + p["Q2"] * a2 / p["V2"] + p["Q3"] * a3 / p["V3"],
        p["Q2"] * (c - a2 / p["V2"]),
        p["Q3"] * (c - a3 / p["V3"]),
        p["fm"] * p["CL"] * c - (p["CLm"] + p["Qm"]) * cm + p["Qm"] * m2 / p["Vm2"],
        p["Qm"] * (cm - m2 / p["Vm2"]),
    ]
    for i in range(1, cascade + 1):
        r = sp.Symbol(f"r{i}", positive=True)
        algebra.append((r, ((drive if i == 1 else x[i - 2]) / p[f"K{i}"]) ** p[f"n{i}"]))
        filled = r / (1 + r) * (back if i == CASCADE // 2 else 1)
        slopes.append((p["b"] + (1 - p["b"]) * filled - x[i - 1]) / p[f"tau{i}"])
    return algebra, slopes
