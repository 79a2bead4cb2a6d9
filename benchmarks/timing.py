"""Times a command from the outside, as a user waits for it."""

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

RACEMATE = Path(sys.executable).with_name("racemate")


def machine() -> str:
    """What the numbers were measured on."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}"


def seconds(arguments: Sequence[str], settings: Mapping[str, str] | None = None) -> float:
    """Wall time of one `racemate` command; a command that fails is an error, not a time."""
    begun = time.perf_counter()
    subprocess.run(
        [RACEMATE, *arguments], check=True, stdout=subprocess.DEVNULL, env={**os.environ, **(settings or {})}
    )
    return time.perf_counter() - begun


def line(name: str, times: Sequence[float], aim: float) -> str:
    """One line of a report: median, range, number of runs, aim."""
    middle = statistics.median(times)
    return f"{name:34s} {middle:7.2f} s  ({min(times):.2f} to {max(times):.2f}, {len(times)} runs; aim {aim:g} s)"
