"""Code: the hash of what decides the numbers of virtual trials: work goes on only under the code that began it."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

_ROOMS = ("chain", "readings", "simulate", "people", "trial")
_ALONE = "model.py"


@cache
def code() -> str:
    """SHA-256 over every file of the floors from the chain to the trial, as they are installed."""
    package = Path(__file__).resolve().parents[2]
    files = [package / _ALONE, *(file for room in _ROOMS for file in sorted((package / room).rglob("*.py")))]
    told = "".join(sha256(file.name.encode() + file.read_bytes()).hexdigest() for file in files)
    return sha256(told.encode()).hexdigest()
