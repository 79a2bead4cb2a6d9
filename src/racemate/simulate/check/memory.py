"""Memory: how much a run will need, told before it begins, and refused where this machine has not got it.

Three things are held: the program with what it compiled, a chunk for each thread, and some numbers for each person.  The first two and
how often a number is held at the peak were measured (`docs/explanation/engine.md`).
"""

import os
from contextlib import suppress
from pathlib import Path

from racemate.evidence.finding import EvidenceError

_PROGRAM = 600 << 20
_THREAD = 60 << 20
_NUMBER = 8
COPIES = 3
"""How often the parameters of a person are held at the peak: while they are drawn, in the table, and for the population's typical person."""
_GIB = 1 << 30


def estimate(people: int, numbers: int, threads: int | None = None) -> int:
    """Bytes that a run of ``people`` needs about, who are told by so many ``numbers`` each at the peak."""
    return _PROGRAM + _THREAD * (threads or os.cpu_count() or 1) + people * numbers * _NUMBER


def free() -> int | None:
    """Bytes that this machine has free, else all it has; None where it does not say."""
    with suppress(OSError, ValueError, IndexError, StopIteration):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return int(next(line for line in lines if line.startswith("MemAvailable")).split()[1]) << 10
    with suppress(OSError, ValueError, AttributeError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return None


def told(needed: int) -> str:
    """A number of bytes in words."""
    return f"{needed / _GIB:.1f} GiB"


def allow(where: str, people: int, needed: int, otherwise: str, limit: int | None = None) -> None:
    """Refuse a run that needs more than the limit (default: what is free), saying what to do ``otherwise``; raises EvidenceError."""
    most = free() if limit is None else limit
    if most is not None and needed > most:
        found = f"{people} people in all, about {told(needed)} of memory"
        raise EvidenceError(where, "people", found, f"at most the {told(most)} that are free here: {otherwise}")
