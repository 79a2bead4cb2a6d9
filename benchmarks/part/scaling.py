"""Scaling: how time and memory grow with people, processors, slow states and doses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from benchmarks.measure.machine import cpus, load
from benchmarks.measure.ratio import paired, spread
from benchmarks.measure.worker import PeerError, Worker
from benchmarks.part.versus import OURS
from benchmarks.problem import w1
from benchmarks.problem.told import Problem

TOLERANCE = {OURS: 1e-4, "numbalsoda": 1e-6}
"""Where both had an error of at most 1e-5 on W1 and on composite; the table of solvers has the exact ones."""
CASCADES = (6, 18)
EVERY_H = (168.0, 21.0)
"""Beside W1's ten slow states and eight doses."""
SMALL = (1, 256, 4096, 16384)
LARGE = (65536, 262144, 1048576)


def people(most: int, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Cohorts of the composite card on all processors, one reading kept, in one process; so memory is of the largest so far."""
    rows: list[dict[str, Any]] = []
    with Worker("cohorts", w1.problem(1), cpus()) as worker:
        worker.solve(0, 256, TOLERANCE[OURS], cores=len(cpus()))
        for count in (one for one in (*SMALL, *LARGE) if one <= most):
            runs = [
                worker.solve(0, count, TOLERANCE[OURS], cores=len(cpus()))
                for _ in range(1 if count >= SMALL[-1] else 3)
            ]
            rows.append(
                {
                    "people": count,
                    "wall_s": asdict(spread([run.wall_s for run in runs])),
                    "cpu_s": asdict(spread([run.cpu_s for run in runs])),
                    "rss_mib": runs[-1].rss_mib,
                    "load": load(),
                }
            )
            say(f"  {count:8d} people  {rows[-1]['wall_s']['middle']:8.3f} s  {rows[-1]['rss_mib']:6.0f} MiB")
    return rows


def cores(say: Callable[[str], None], count: int, rounds: int) -> list[dict[str, Any]]:
    """The same people on one processor, two, and so on."""
    rows: list[dict[str, Any]] = []
    every = cpus()
    for used in sorted({1, 2, len(every)} & set(range(1, len(every) + 1))):
        with Worker("cohorts", w1.problem(1), every[:used]) as worker:
            worker.solve(0, count, TOLERANCE[OURS], cores=used)
            runs = [worker.solve(0, count, TOLERANCE[OURS], cores=used) for _ in range(rounds)]
        wall = spread([run.wall_s for run in runs])
        rows.append({"cores": used, "people": count, "wall_s": asdict(wall), "load": load()})
        say(f"  {used} processors  {wall.middle:8.3f} s for {count} people")
    return rows


def sizes(say: Callable[[str], None], rounds: int, peer: str | None) -> list[dict[str, Any]]:
    """W1 with fewer and more slow states, and with fewer and more doses, ours and a peer's in turn on one processor."""
    told = [("slow states", one, w1.problem(256, one)) for one in CASCADES]
    told += [("doses", len(_doses(one)), w1.problem(256, w1.CASCADE, one)) for one in EVERY_H]
    return [_sized(kind, number, problem, rounds, peer, say) for kind, number, problem in told]


def _doses(every_h: float) -> list[int]:
    return list(range(int(-(-w1.END_H // every_h))))


def _sized(
    kind: str, number: int, problem: Problem, rounds: int, peer: str | None, say: Callable[[str], None]
) -> dict[str, Any]:
    row: dict[str, Any] = {"what": kind, "number": number, "load": load()}
    few = 64
    with Worker(OURS, problem, cpus()[:1]) as ours:
        ours.solve(0, 256, TOLERANCE[OURS])
        if peer is None:
            row["ours_s"] = asdict(spread([ours.solve(0, 256, TOLERANCE[OURS]).cpu_s / 256 for _ in range(rounds)]))
        else:
            try:
                with Worker(peer, problem, cpus()[:1]) as theirs:
                    theirs.solve(0, 2, TOLERANCE[peer])
                    pairs = [
                        (
                            ours.solve(0, 256, TOLERANCE[OURS]).cpu_s / 256,
                            theirs.solve(0, few, TOLERANCE[peer]).cpu_s / few,
                        )
                        for _ in range(rounds)
                    ]
                a, b = zip(*pairs, strict=True)
                row |= {
                    "peer": peer,
                    "ours_s": asdict(spread(a)),
                    "peer_s": asdict(spread(b)),
                    "ratio": asdict(paired(a, b)),
                }
            except PeerError as failure:
                row["failed"] = str(failure)
    middle = row["ours_s"]["middle"] * 1e3 if "ours_s" in row else float("nan")
    say(f"  {number:4d} {kind:12s} {middle:7.3f} ms per person")
    return row
