"""The tree as the house tests see it: what belongs to the project, without what its tools leave behind."""

import os
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src" / "racemate"
LINKS = ("dose", "concentration", "occupancy", "circuit", "plasticity", "severity", "score")
LEFT_BEHIND = {"__pycache__", "site", "runs", "build", "dist", "docs/reference/generated"}
OURS = {".ci", "docs/build"}


def _belongs(folder: Path) -> bool:
    name = folder.as_posix()
    return name in OURS or not (folder.name.startswith(".") or {folder.name, name} & LEFT_BEHIND)


@cache
def files() -> tuple[Path, ...]:
    """Every file that belongs to the project, relative to its root."""
    found: list[Path] = []
    for place, folders, names in os.walk(ROOT):
        here = Path(place).relative_to(ROOT)
        folders[:] = sorted(folder for folder in folders if _belongs(here / folder))
        found += [here / name for name in sorted(names) if not name.startswith(".")]
    return tuple(found)


def sources() -> tuple[Path, ...]:
    """The package's Python files, relative to the root."""
    return tuple(path for path in files() if path.is_relative_to("src/racemate") and path.suffix == ".py")
