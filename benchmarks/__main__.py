"""`python -m benchmarks`: measure parts, print what was found and keep it."""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.measure.machine import load, machine
from benchmarks.peer import PEERS
from benchmarks.results import Results, begin

_IMPORTED = {"copasi": "COPASI", "libroadrunner": "roadrunner"}
_SLOW_TO_COMPILE = "amici"
"""Left out of the quick measure of the composite card."""


def say(text: str) -> None:
    print(text, flush=True)


def there() -> tuple[str, ...]:
    """The peers that are installed."""
    return tuple(peer for peer in PEERS if find_spec(_IMPORTED.get(peer, peer)))


def versus(name: str) -> Callable[[bool], Any]:
    def measure(quick: bool) -> Any:
        from benchmarks.part.versus import Size, problems, versus

        size = Size(judged=16, climbed=16, rounds=5, run_s=0.3, climb_s=4.0) if quick else Size()
        peers = tuple(peer for peer in there() if not (quick and name != "W1" and peer == _SLOW_TO_COMPILE))
        return versus(problems(size, size.ours)[name](), peers, size, say) | {"absent": sorted({*PEERS} - {*peers})}

    return measure


def random_cards(quick: bool) -> Any:
    peer = "numbalsoda"
    if peer not in there():
        return {"failed": f"{peer} is not installed"}
    from benchmarks.part.random_cards import random_cards

    return random_cards(say, peer, 12 if quick else 100)


def scaling(quick: bool) -> Any:
    from benchmarks.part.scaling import cores, people, sizes

    rounds = 2 if quick else 5
    peer = "numbalsoda" if "numbalsoda" in there() else None
    return {
        "people": people(16384 if quick else 1048576, say),
        "cores": cores(say, 2048 if quick else 16384, rounds),
        "sizes": sizes(say, rounds, peer),
    }


def gradient(quick: bool) -> Any:
    from benchmarks.part.gradient import SOLVERS, gradient

    known = {*there(), "racemate"}
    return gradient(say, 2 if quick else 5, {name: tight for name, tight in SOLVERS.items() if name in known})


def jobs(*names: str) -> Callable[[bool], Any]:
    def measure(_quick: bool) -> Any:
        found: list[dict[str, Any]] = []
        for name in names:
            for one in import_module(f"benchmarks.{name}").measured():
                say(one.line())
                found.append(one.told())
        return found

    return measure


def crowd(quick: bool) -> Any:
    from benchmarks.crowd import FEW, MILLION, measured

    found: list[dict[str, Any]] = []
    for one in measured(FEW if quick else MILLION):
        say(one.line())
        found.append(one.told())
    return found


def cluster(quick: bool) -> Any:
    if not find_spec("distributed"):
        return {"failed": "distributed is not installed"}
    from benchmarks.part.cluster import cluster

    return cluster(say, *((8, 400) if quick else (40, 4000)))


PARTS: dict[str, tuple[str, Callable[[bool], Any]]] = {
    "w1": ("every solver on W1 at equal error", versus("W1")),
    "composite": ("every solver on the whole model at equal error", versus("composite")),
    "random": ("numbalsoda under random cards at equal error, and how far the ratios spread", random_cards),
    "scaling": ("people, processors, slow states and doses", scaling),
    "gradient": ("derivatives, forward and reverse", gradient),
    "jobs": (
        "start-up, the main job, a person of a trial, the mixed model",
        jobs("startup", "main_job", "engine", "mmrm"),
    ),
    "crowd": ("a million people through TRANSFORM-2, counts alone", crowd),
    "cluster": ("the same crowd on one, two and four local workers", cluster),
}


def main(arguments: Iterable[str] | None = None) -> int:
    asked = _asked(arguments)
    results = Results(asked.out)
    told = machine()
    say(f"{told['processor']}, {told['cpus']} processors, {told['memory_gib']} GiB, {told['system']}, load {load()}")
    absent = [peer for peer in PEERS if peer not in there()]
    if absent:
        say(f"not installed, so not measured: {', '.join(absent)} (benchmarks/README.md says how to get them)")
    begun = time.perf_counter()
    with TemporaryDirectory(prefix="racemate-bench-") as scratch:
        os.environ["TMPDIR"] = scratch  # of the peers' processes
        for part in asked.part or PARTS:
            question, measure = PARTS[part]
            say(f"{part}: {question}; load {load()}")
            start = begin(asked.quick)
            results.keep(part, start, measure(asked.quick))
    say(f"{time.perf_counter() - begun:.0f} s; kept in {results.place}")
    return 0


def _asked(arguments: Iterable[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("part", nargs="*", help=f"what to measure: {', '.join(PARTS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="fewer people and shorter runs, cut for ten quiet minutes")
    parser.add_argument(
        "--out", type=Path, help="file of the results (default: one for this machine, in benchmarks/measured)"
    )
    found = parser.parse_args(None if arguments is None else list(arguments))
    strange = [part for part in found.part if part not in PARTS]
    if strange:
        parser.error(f"part: found {', '.join(strange)}, allowed: {', '.join(PARTS)}")
    return found


if __name__ == "__main__":
    sys.exit(main())
