"""Worker: a solver in a process of its own, held to some processors, so that memory, imports and crashes are its own."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.measure.machine import told
from benchmarks.problem.told import Problem, Values

PATIENCE_S = 600.0


class PeerError(RuntimeError):
    """A solver that does not import, build or solve; the message says why."""


@dataclass(frozen=True)
class Ran:
    """One run: wall and processor time, the most memory the process has held so far, and the values if they were asked for."""

    wall_s: float
    cpu_s: float
    rss_mib: float
    values: Values | None = None


class Worker:
    """A solver that was told a problem, on the given processors."""

    def __init__(self, peer: str, problem: Problem, on: Iterable[int]) -> None:
        context = get_context("spawn")
        self._here, there = context.Pipe()
        self._process = context.Process(target=_serve, args=(there, peer, problem, tuple(on)), daemon=True)
        self._process.start()
        there.close()
        self._ready: dict[str, Any] | None = None

    def ready(self) -> dict[str, Any]:
        """Seconds to import and to build, method and version.  Raises PeerError."""
        if self._ready is None:
            self._ready = self._heard()
        return self._ready

    def turn(self, problem: Problem) -> None:
        """Take up another problem, in the same process.  Raises PeerError."""
        self.ready()
        self._here.send(("turn", problem))
        self._heard()

    def ask(self, first: int, last: int, tolerance: float, cores: int = 1, keep: bool = False) -> None:
        """Begin to solve people ``first`` to ``last``."""
        self.ready()
        self._here.send(("solve", first, last, tolerance, cores, keep))

    def told(self) -> Ran:
        """What was asked for.  Raises PeerError."""
        return Ran(**self._heard())

    def solve(self, first: int, last: int, tolerance: float, cores: int = 1, keep: bool = False) -> Ran:
        """Solve people ``first`` to ``last``.  Raises PeerError."""
        self.ask(first, last, tolerance, cores, keep)
        return self.told()

    def gradient(self, way: str, tolerance: float) -> dict[str, Any]:
        """Time per person of a derivative, if the solver has one.  Raises PeerError."""
        self.ready()
        self._here.send(("gradient", way, tolerance))
        return self._heard()

    def close(self) -> None:
        """End the process."""
        self._here.close()
        self._process.join(1)
        if self._process.is_alive():
            self._process.kill()

    def __enter__(self) -> Worker:
        """Nothing more: the process has begun."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process, whatever happened."""
        self.close()

    def _heard(self) -> dict[str, Any]:
        if not self._here.poll(PATIENCE_S):
            raise PeerError(f"no answer in {PATIENCE_S:g} s")
        try:
            good, told = self._here.recv()
        except (EOFError, OSError) as error:
            raise PeerError("the process ended") from error
        if not good:
            raise PeerError(str(told))
        return told


def _serve(wire: Connection, peer: str, problem: Problem, on: tuple[int, ...]) -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, on)
    try:
        begun = time.perf_counter()
        module = import_module(f"benchmarks.peer.with_{peer}")
        imported = time.perf_counter()
        solver = module.Solver(problem)
        built = time.perf_counter()
        wire.send(
            (
                True,
                {"import_s": imported - begun, "build_s": built - imported, "rss_mib": rss(), "method": module.METHOD},
            )
        )
    except BaseException as error:  # noqa: BLE001 whatever a peer does wrong is told, not raised
        wire.send((False, _short(error)))
        return
    while True:
        try:
            what, *arguments = wire.recv()
        except (EOFError, OSError):
            return
        try:
            if what == "turn":
                solver = module.Solver(*arguments)
                wire.send((True, {}))
            else:
                wire.send((True, _solved(solver, *arguments) if what == "solve" else solver.gradient(*arguments)))
        except BaseException as error:  # noqa: BLE001
            wire.send((False, _short(error)))


def _solved(solver: Any, first: int, last: int, tolerance: float, cores: int, keep: bool) -> dict[str, Any]:
    cpu, wall = time.process_time(), time.perf_counter()
    values = solver.solve(first, last, tolerance, cores)
    spent = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu, "rss_mib": rss()}
    return spent | ({"values": values} if keep else {})


def rss() -> float:
    """The most memory this process has held, MiB.

    Linux lets a new process inherit the most that its parent held, unless one asks for that of its own memory.
    """
    if own := told("/proc/self/status", "VmHWM"):
        return int(own.split()[0]) / 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def _short(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}"[:200]
