"""How long a crowd takes, and how much memory: TRANSFORM-2 by --summary on all processors, from the outside as a user waits for it."""

import resource
import sys
from collections.abc import Iterator

from benchmarks.timing import Timed, seconds, timed

TRIAL, SIZE = "transform-2", 223
MILLION, FEW = 4485, 449
"""Replicates that hold a million people, and a tenth of one."""
_KIB = 1024 if sys.platform != "darwin" else 1


def measured(replicates: int = MILLION) -> Iterator[Timed]:
    """Wall time with start-up, the cache warm, and the most memory that the process held."""
    job = ["replicate", TRIAL, "--summary", "--json", "--quiet", "--replicates"]
    seconds([*job, "1"])
    whole = replicates == MILLION
    name = f"{TRIAL} --summary, {replicates * SIZE:,} people"
    yield timed(name, [seconds([*job, str(replicates)])], aim=60 if whole else None)
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * _KIB / 2**20
    yield timed(f"{name}, memory", [most], "MiB", 2048 if whole else None)
