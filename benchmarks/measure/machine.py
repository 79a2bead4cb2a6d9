"""Machine: what the numbers were measured on, and how busy it was."""

import os
import platform
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

LIBRARIES = (
    "racemate",
    "numpy",
    "scipy",
    "jax",
    "numba",
    "numbalsoda",
    "diffrax",
    "libroadrunner",
    "python-copasi",
    "amici",
)


def load() -> float:
    """Load average of the last minute; not a number where the system tells none."""
    try:
        return round(os.getloadavg()[0], 2)
    except OSError:
        return float("nan")


def machine() -> dict[str, Any]:
    """Processor, memory, system and versions."""
    return {
        "processor": told("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        "cpus": len(cpus()),
        "memory_gib": _memory(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: found for name in LIBRARIES if (found := installed(name))},
    }


def now() -> str:
    """Universal time, to the minute."""
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())


def installed(distribution: str) -> str | None:
    """Version of a library, if it is there."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def cpus() -> tuple[int, ...]:
    """Numbers of the processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


def _memory() -> float | None:
    total = told("/proc/meminfo", "MemTotal")
    return None if total is None else round(int(total.split()[0]) / 2**20, 1)


def told(place: str, name: str) -> str | None:
    """What a file of ``name: value`` lines says of a name; None where it says nothing."""
    path = Path(place)
    if not path.is_file():
        return None
    lines = (line.partition(":") for line in path.read_text().splitlines())
    return next((value.strip() for key, _, value in lines if key.strip() == name), None)
