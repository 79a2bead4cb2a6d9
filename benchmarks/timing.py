"""Timing: one job timed again and again, from the outside as a user waits for it or inside a process."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.measure.machine import load

RACEMATE = Path(sys.executable).with_name("racemate")
_LOOK_S = 0.2
"""How often memory is looked at."""


@dataclass(frozen=True)
class Timed:
    """Repeated times of one job in ``unit``, what is hoped for, and how busy the machine was when they ended."""

    name: str
    times: tuple[float, ...]
    unit: str
    aim: float | None
    load: float

    def line(self) -> str:
        """One line of a report: median, range, number of runs, aim, load."""
        aim = "" if self.aim is None else f"; aim {self.aim:g} {self.unit}"
        middle, low, high = statistics.median(self.times), min(self.times), max(self.times)
        runs = f"{low:.2f} to {high:.2f}, {len(self.times)} runs"
        return f"  {self.name:44s} {middle:7.2f} {self.unit}  ({runs}{aim}; load {self.load})"

    def told(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self) | {"middle": statistics.median(self.times)}


def timed(name: str, times: Sequence[float], unit: str = "s", aim: float | None = None) -> Timed:
    """Times with the load of the machine now."""
    return Timed(name, tuple(times), unit, aim, load())


def watched(arguments: Sequence[str]) -> tuple[float, float]:
    """Wall time of one `racemate` command, and the most that all its processes held together, MiB; what they share counts once."""
    import psutil

    def held(process: psutil.Process) -> int:
        with suppress(psutil.Error):  # it may have ended since
            info = process.memory_full_info()
            return getattr(info, "pss", info.uss)
        return 0

    begun, most = time.perf_counter(), 0
    job = psutil.Popen([RACEMATE, *arguments], stdout=subprocess.DEVNULL)
    while job.poll() is None:
        with suppress(psutil.Error):
            most = max(most, sum(map(held, [job, *job.children(recursive=True)])))
        time.sleep(_LOOK_S)
    if job.returncode:
        raise subprocess.CalledProcessError(job.returncode, arguments)
    return time.perf_counter() - begun, most / 2**20


def seconds(arguments: Sequence[str], settings: Mapping[str, str] | None = None) -> float:
    """Wall time of one `racemate` command; a command that fails is an error, not a time."""
    begun = time.perf_counter()
    subprocess.run(
        [RACEMATE, *arguments], check=True, stdout=subprocess.DEVNULL, env={**os.environ, **(settings or {})}
    )
    return time.perf_counter() - begun
