"""Versus: every solver on one problem, each at the loosest tolerance that meets the same error, paired with racemate round by round."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

import numpy as np

from benchmarks.measure.equal import LADDER, TARGET, Rung, climb, loosest
from benchmarks.measure.machine import cpus, load
from benchmarks.measure.ratio import paired, spread
from benchmarks.measure.worker import PeerError, Worker
from benchmarks.problem.told import Problem, Values, error

OURS = "racemate"
REFERENCE_TOLERANCE = 1e-11
_CHECKED = 2
"""People whose reference a second method solves too."""
_LEAST = 1e-8
"""An error at which a climb may end: further down the figure holds nothing of use."""


@dataclass(frozen=True)
class Size:
    """How much is measured: people of the reference, of our runs and of a peer's climb, rounds, and when a climb ends.

    A peer's run and its climb may take so many processor seconds; a climb ends too after ``sure`` rungs in a row that meet the target.
    """

    judged: int = 24
    ours: int = 1024
    climbed: int = 32
    rounds: int = 5
    run_s: float = 1.0
    climb_s: float = 15.0
    sure: int = len(LADDER)


@dataclass(frozen=True)
class Case:
    """A problem, the reference (people, times, watched), and how far a second method is from it, where one was asked."""

    problem: Problem
    reference: Values
    reference_error: float | None

    def wrong(self, values: Values, peer: str) -> float:
        """Largest error over the people of the reference."""
        return float(error(self.seen(values, peer), self.reference).max())

    def seen(self, values: Values, peer: str) -> Values:
        """What is compared of what a solver gave, for the people of the reference."""
        some = values[: len(self.reference)]
        return some if peer == OURS else watched(self.problem, some)


def case(problem: Problem, judged: int, checked: int = _CHECKED) -> Case:
    """Solve the reference tightly; its own error is the distance to a second method, in the first ``checked`` people."""
    from benchmarks.peer.with_scipy import Solver

    solver = Solver(problem)
    reference = watched(problem, solver.solve(0, judged, REFERENCE_TOLERANCE))
    if not checked:
        return Case(problem, reference, None)
    second = watched(problem, solver.solve(0, checked, REFERENCE_TOLERANCE, method="Radau"))
    return Case(problem, reference, float(error(second, reference[:checked]).max()))


def watched(problem: Problem, states: Values) -> Values:
    """What is compared (people, times, watched) of the states of the first people: of the chain exposures and slow states, else all."""
    from benchmarks.problem import composite

    return np.asarray(states) if problem.card is None else composite.watched(problem, states)


def versus(case: Case, peers: tuple[str, ...], size: Size, say: Callable[[str], None]) -> dict[str, Any]:
    """Rows by solver, and what all of them share."""
    rows: list[dict[str, Any]] = []
    with Worker(OURS, case.problem, cpus()[:1]) as ours, Worker(OURS, case.problem, cpus()) as all_ours:
        row, chosen = climbed(OURS, ours, case, size, size.ours)
        rows.append(row)
        say(_line(row))
        if chosen is None:
            return _told(case, size, rows)
        ours.solve(0, size.ours, chosen.tolerance)
        all_ours.solve(0, size.ours, chosen.tolerance, cores=len(cpus()))
        for peer in peers:
            rows.append(_against(peer, case, size, (ours, all_ours, chosen)))
            say(_line(rows[-1]))
    return _told(case, size, rows)


def _told(case: Case, size: Size, rows: list[dict[str, Any]]) -> dict[str, Any]:
    problem = case.problem
    return {
        "problem": problem.name,
        "states": len(problem.states),
        "outputs": len(problem.times_h),
        "days": problem.end_h / 24,
        "changes": len(problem.stretches),
        "target": TARGET,
        "judged_people": len(case.reference),
        "reference_error": case.reference_error,
        "size": asdict(size),
        "solvers": rows,
    }


def _against(peer: str, case: Case, size: Size, ours: tuple[Worker, Worker, Rung]) -> dict[str, Any]:
    """One peer: its climb, then rounds of ours and theirs in turn, on one processor and on all."""
    one, everyone, chosen = ours
    with ExitStack() as stack:
        theirs = [stack.enter_context(Worker(peer, case.problem, cpus()[:1]))]
        try:
            row, rung = climbed(peer, theirs[0], case, size, max(size.climbed, len(case.reference)))
            if rung is None:
                return row
            people = max(2, min(len(case.problem.table), int(size.run_s / max(rung.cpu_s, 1e-9))))
            row["people"] = people
            row["load_before"] = load()
            rounds = [_round(one, theirs[0], size.ours, people, chosen, rung) for _ in range(size.rounds)]
            row |= _compared(rounds, "one_core", "cpu_s") | _compared(rounds, "one_core_wall", "wall_s")
            theirs += [stack.enter_context(Worker(peer, case.problem, [cpu])) for cpu in cpus()[1:]]
            share = max(1, people // len(theirs))
            for worker in theirs[1:]:
                worker.solve(0, 2, rung.tolerance)
            rounds = [_round_all(everyone, theirs, size.ours, share, chosen, rung) for _ in range(size.rounds)]
            row |= _compared(rounds, "all_cores", "wall_s")
            row["load_after"] = load()
        except PeerError as failure:
            return {"solver": peer, "failed": str(failure)}
    return row


def climbed(peer: str, worker: Worker, case: Case, size: Size, people: int) -> tuple[dict[str, Any], Rung | None]:
    """First costs, memory and the rungs; the first run of all is the compilation's, and not counted."""
    ready = worker.ready()
    first = worker.solve(0, 1, TARGET)
    spent: list[float] = []

    def attempt(tolerance: float) -> Rung:
        if peer == OURS:
            worker.solve(0, 1, tolerance)  # finds the grid
        ran = worker.solve(0, people, tolerance, keep=True)
        assert ran.values is not None
        spent.append(ran.cpu_s)
        return Rung(tolerance, case.wrong(ran.values, peer), ran.cpu_s / people, ran.wall_s / people)

    rungs = climb(attempt, lambda: sum(spent), size.climb_s, _LEAST, sure=size.sure)
    chosen = loosest(rungs)
    again = worker.solve(0, 1, TARGET)
    row = {
        "solver": peer,
        "method": ready["method"],
        "import_s": ready["import_s"],
        "compile_s": ready["build_s"] + max(0.0, first.wall_s - again.wall_s),
        "rss_after_import_mib": ready["rss_mib"],
        "rss_mib": again.rss_mib,
        "rungs": [asdict(rung) for rung in rungs if isfinite(rung.error)],
    }
    if chosen is None:
        return row | {"failed": missed(rungs)}, None
    return row | {"tolerance": chosen.tolerance, "error": chosen.error}, chosen


def missed(rungs: Sequence[Rung]) -> str:
    """What is said of a solver that did not meet the target: how near it came, and whether it had time for more."""
    last = rungs[-1].tolerance
    spent = ", where the time for trying was spent" if last > LADDER[-1] else ""
    return f"no error of at most {TARGET:g} down to a tolerance of {last:.0e}{spent}; least {min(one.error for one in rungs):.1e}"


def _round(ours: Worker, theirs: Worker, many: int, few: int, mine: Rung, rung: Rung) -> dict[str, tuple[float, float]]:
    a, b = ours.solve(0, many, mine.tolerance), theirs.solve(0, few, rung.tolerance)
    return {name: (getattr(a, name) / many, getattr(b, name) / few) for name in ("cpu_s", "wall_s")}


def _round_all(
    ours: Worker, theirs: list[Worker], many: int, share: int, mine: Rung, rung: Rung
) -> dict[str, tuple[float, float]]:
    """Ours with a thread for each processor, theirs with a process for each."""
    a = ours.solve(0, many, mine.tolerance, cores=len(theirs))
    begun = time.perf_counter()
    for worker in theirs:
        worker.ask(0, share, rung.tolerance)
    for worker in theirs:
        worker.told()
    return {"wall_s": (a.wall_s / many, (time.perf_counter() - begun) / (share * len(theirs)))}


def _compared(rounds: list[dict[str, tuple[float, float]]], name: str, what: str) -> dict[str, Any]:
    ours, theirs = zip(*(one[what] for one in rounds), strict=True)
    return {
        f"{name}_s": asdict(spread(theirs)),
        f"{name}_ours_s": asdict(spread(ours)),
        f"{name}_ratio": asdict(paired(ours, theirs)),
    }


def _line(row: dict[str, Any]) -> str:
    if "failed" in row:
        return f"  {row['solver']:14s} {row['failed']}"
    if "one_core_ratio" not in row:
        rung = next(one for one in row["rungs"] if one["tolerance"] == row["tolerance"])
        return f"  {row['solver']:14s} error {row['error']:.1e}  {rung['cpu_s'] * 1e3:8.3f} ms per person"
    one, ratio, every = row["one_core_s"], row["one_core_ratio"], row["all_cores_ratio"]
    return (
        f"  {row['solver']:14s} error {row['error']:.1e}  {one['middle'] * 1e3:8.3f} ms per person, "
        f"{ratio['middle']:.1f} times ours ({ratio['low']:.1f} to {ratio['high']:.1f}); "
        f"all processors {every['middle']:.1f} ({every['low']:.1f} to {every['high']:.1f}); load {row['load_after']}"
    )


def problems(size: Size, most: int) -> dict[str, Callable[[], Case]]:
    """The problems by name."""
    from benchmarks.problem import composite, w1

    return {
        "W1": lambda: case(w1.problem(most), size.judged),
        composite.CARD: lambda: case(composite.problem(most), size.judged),
    }
