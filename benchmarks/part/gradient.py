"""Gradient: what a derivative costs, beside the run it is of: forward along one parameter, reverse over all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from benchmarks.measure.machine import cpus, load
from benchmarks.measure.ratio import spread
from benchmarks.measure.worker import PeerError, Worker
from benchmarks.part.versus import OURS
from benchmarks.problem import w1

SOLVERS = {OURS: 1e-4, "diffrax": 1e-6}
"""Solvers with derivatives, and tolerances at which their errors on W1 are at most 1e-5."""
WAYS = ("run", "forward", "reverse")
PEOPLE = 256


def gradient(say: Callable[[str], None], rounds: int, solvers: Mapping[str, float] = SOLVERS) -> list[dict[str, Any]]:
    """Time per person of the sum of all slow states at the end of W1, and of its derivatives over the 48 parameters."""
    rows: list[dict[str, Any]] = []
    for solver, tolerance in solvers.items():
        row: dict[str, Any] = {"solver": solver, "tolerance": tolerance, "parameters": len(w1.parameters())}
        with Worker(solver, w1.problem(PEOPLE), cpus()[:1]) as worker:
            for way in WAYS:
                try:
                    told = [worker.gradient(way, tolerance) for _ in range(rounds + 1)]
                except PeerError as failure:
                    row[f"{way}_failed"] = str(failure)
                    continue
                row[f"{way}_first_s"] = told[0]["wall_s"]
                row[f"{way}_s"] = asdict(spread([one["cpu_s"] / one["people"] for one in told[1:]]))
                row[f"{way}_value"] = told[-1]["value"]
                say(f"  {solver:10s} {way:8s} {row[f'{way}_s']['middle'] * 1e3:8.3f} ms per person")
        rows.append(row | {"load": load()})
    return rows
