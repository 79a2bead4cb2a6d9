"""Random cards: how many times faster than a peer under one valid card and another, each at the same error, and how far that spreads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from multiprocessing import get_context
from typing import Any

import numpy as np

from benchmarks.measure.equal import TARGET, Rung
from benchmarks.measure.machine import cpus, load
from benchmarks.measure.ratio import paired, spread
from benchmarks.measure.worker import PeerError, Worker
from benchmarks.part.versus import OURS, Case, Size, case, climbed
from benchmarks.problem.told import error

CHAIN = "chain"
"""Racemate on the chain, as a peer's module."""
AIM = 8.0
"""Times the peer on one processor, asked under every card."""
SIZE = Size(judged=24, ours=512, rounds=3, run_s=0.3, climb_s=1.5, sure=3)
CHECKED_EVERY = 10
"""One card in so many has its reference held against a second method, which takes longer than all else."""
_SAID_EVERY = 25
PARTS = {"least": 0.0, "10 %": 0.1, "median": 0.5, "90 %": 0.9, "most": 1.0}


def random_cards(
    say: Callable[[str], None], peer: str, count: int, size: Size = SIZE, on: Sequence[int] | None = None
) -> dict[str, Any]:
    """The first ``count`` random cards, racemate and the peer in turn on one processor.

    All references are found first, on the processors ``on`` (default: all), so that nothing else runs while times are taken.
    """
    every = tuple(cpus() if on is None else on)
    with ProcessPoolExecutor(len(every), get_context("spawn")) as pool:
        cases: list[Case] = []
        for one in pool.map(partial(told, size=size), range(count)):
            cases.append(one)
            if len(cases) % _SAID_EVERY == 0:
                say(f"  references of {len(cases)} cards of {count}")
    checked = [one.reference_error for one in cases if one.reference_error is not None]
    say(
        f"  {count} cards, their references found; {len(checked)} of them are within {max(checked):.0e} of a second method"
    )
    rows: list[dict[str, Any]] = []
    with Worker(CHAIN, cases[0].problem, every[:1]) as ours, Worker(peer, cases[0].problem, every[:1]) as theirs:
        for one in cases:
            rows.append(_against(one, ours, theirs, peer, size))
            say(_line(rows[-1]))
    found = {
        "peer": peer,
        "aim": AIM,
        "target": TARGET,
        "states": len(cases[0].problem.states),
        "judged_people": size.judged,
        "checked": len(checked),
        "reference_error": max(checked),
        "size": asdict(size),
        "cards": rows,
    }
    if shares := distribution(found):
        say("  " + ", ".join(f"{name} {ratio:.1f}" for name, ratio in shares.items()))
    return found


def told(number: int, size: Size) -> Case:
    """A random card as a problem, with its reference."""
    from benchmarks.problem import cards, composite
    from racemate.model import bind

    problem = composite.problem(max(size.ours, 1024), bind(cards.card(number)))
    return case(problem, size.judged, int(number % CHECKED_EVERY == 0))


def distribution(data: dict[str, Any]) -> dict[str, float]:
    """How the ratios of all cards that were compared spread, by name; empty where none was."""
    ratios = [row["ratio"]["middle"] for row in data["cards"] if "ratio" in row]
    return {name: float(np.quantile(ratios, share)) for name, share in PARTS.items()} if ratios else {}


def _against(case: Case, ours: Worker, theirs: Worker, peer: str, size: Size) -> dict[str, Any]:
    """One card: both climb, then runs of both in turn."""
    card = case.problem.card
    assert card is not None
    row: dict[str, Any] = {"card": card.name, "edges": len(card.edges)}
    chosen: dict[str, Rung] = {}
    people = {OURS: max(256, size.judged), peer: max(size.climbed, size.judged)}
    for name, worker in ((OURS, ours), (peer, theirs)):
        try:
            worker.turn(case.problem)
            climb, rung = climbed(name, worker, case, size, people[name])
            if rung is None:
                return row | {"failed": f"{name}: {climb['failed']}{_nearest(name, worker, case, climb['rungs'])}"}
        except PeerError as failure:
            return row | {"failed": f"{name}: {failure}"}
        errors = {f"{one['tolerance']:.0e}": one["error"] for one in climb["rungs"]}
        chosen[name], row[name] = rung, {"tolerance": rung.tolerance, "error": rung.error, "errors": errors}
    few = max(2, min(len(case.problem.table), int(size.run_s / max(chosen[peer].cpu_s, 1e-9))))
    ours.solve(0, size.ours, chosen[OURS].tolerance)
    a, b = zip(
        *(
            (
                ours.solve(0, size.ours, chosen[OURS].tolerance).cpu_s / size.ours,
                theirs.solve(0, few, chosen[peer].tolerance).cpu_s / few,
            )
            for _ in range(size.rounds)
        ),
        strict=True,
    )
    return row | {
        "ours_s": asdict(spread(a)),
        "theirs_s": asdict(spread(b)),
        "ratio": asdict(paired(a, b)),
        "load": load(),
    }


def _nearest(name: str, worker: Worker, case: Case, rungs: Sequence[dict[str, Any]]) -> str:
    """What is furthest from the reference where the error is least; nothing where there was no number."""
    from benchmarks.problem.composite import watched_names

    if not rungs:
        return ""
    best = min(rungs, key=lambda rung: rung["error"])
    values = worker.solve(0, len(case.reference), best["tolerance"], keep=True).values
    assert values is not None
    seen = case.seen(values, name)
    columns = ((slice(None), slice(None), slice(k, k + 1)) for k in range(seen.shape[2]))
    apart = [float(error(seen[one], case.reference[one]).max()) for one in columns]
    furthest = watched_names(case.problem)[int(np.argmax(apart))]
    return f" at a tolerance of {best['tolerance']:.0e}, in {furthest}"


def _line(row: dict[str, Any]) -> str:
    head = f"  {row['card']:10s} {row['edges']:2d} edges"
    if "failed" in row:
        return f"{head}  {row['failed']}"
    ratio = row["ratio"]
    return (
        f"{head}  {row['ours_s']['middle'] * 1e3:.3f} ms per person, the peer {row['theirs_s']['middle'] * 1e3:.2f}:"
        f" {ratio['middle']:.1f} times ({ratio['low']:.1f} to {ratio['high']:.1f}); load {row['load']}"
    )
