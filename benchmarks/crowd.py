"""How long a crowd takes, and how much memory: TRANSFORM-2 by --summary on all processors, from the outside as a user waits for it."""

from collections.abc import Iterator

from benchmarks.timing import Timed, seconds, timed, watched

TRIAL, SIZE = "transform-2", 223
MILLION, FEW = 4485, 449
"""Replicates that hold a million people, and a tenth of one."""


def measured(replicates: int = MILLION) -> Iterator[Timed]:
    """Wall time with start-up, the cache warm, and the most memory that all its processes held together."""
    job = ["replicate", TRIAL, "--summary", "--json", "--quiet", "--replicates"]
    seconds([*job, "1"])
    whole = replicates == MILLION
    name = f"{TRIAL} --summary, {replicates * SIZE:,} people"
    wall, most = watched([*job, str(replicates)])
    yield timed(name, [wall], aim=60 if whole else None)
    yield timed(f"{name}, memory", [most], "MiB", 2048 if whole else None)
