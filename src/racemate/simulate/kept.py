"""Kept: grids remembered on disk between processes, by everything they depend on.

A grid is a result of the evidence, the cards, the plan and the code, so a remembered one is the one that would be found again: the key
is a hash of all of them.  A cache that cannot be read or written is only slower.
"""

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from racemate.code import code
from racemate.evidence.library import library
from racemate.hypothesis import folder
from racemate.simulate.check.watch import Watch
from racemate.simulate.grid import Grid

_PARTS = ("chain", "readings", "simulate", "people")


def cache_folder() -> Path:
    """Where compiled programs and grids are kept: ``XDG_CACHE_HOME/racemate``, else ``~/.cache/racemate``."""
    return Path(os.environ.get("XDG_CACHE_HOME", "") or Path.home() / ".cache") / "racemate"


def recall(key: tuple[object, ...]) -> Grid | None:
    """The grid remembered for a key, if there is one that can be read."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        told = json.loads(_file(key).read_text(encoding="utf-8"))
        lengths = tuple(tuple(segment) for segment in told["lengths"])
        return Grid(lengths, float(told["error"]), float(told["tolerance"]), _watch(told["watch"]))
    return None


def remember(key: tuple[object, ...], grid: Grid) -> None:
    """Keep a grid for a key; written whole or not at all."""
    with suppress(OSError):
        file = _file(key)
        file.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=file.parent, encoding="utf-8", delete=False) as draft:
            json.dump(asdict(grid), draft)
        Path(draft.name).replace(file)


def _watch(told: Sequence[Any] | None) -> Watch | None:
    if told is None:
        return None
    scale, weight, limit = told
    return Watch(tuple(scale), tuple(weight), float(limit))


def _file(key: tuple[object, ...]) -> Path:
    digest = sha256(repr((_world(), key)).encode()).hexdigest()
    return cache_folder() / "grids" / f"{digest}.json"


@cache
def _world() -> str:
    """Hash of what every grid depends on: the evidence, the cards, and the rooms of the code that solve them."""
    cards = sorted(sha256(file.name.encode() + file.read_bytes()).hexdigest() for file in folder().glob("*.toml"))
    return sha256(repr((library().hash, cards, code(*_PARTS))).encode()).hexdigest()
