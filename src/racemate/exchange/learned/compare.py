"""Compare: cards held against each other again, on the very fits that their comparison rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from racemate.exchange.learned.asked import Asked
from racemate.infer.compare.contest import contest
from racemate.infer.compare.store import load, save
from racemate.infer.compare.verdict import weigh
from racemate.report.run.folder import RunFolderError, check

NEEDED = ("fits", "seed", "sets", "evidence", "versions")


@dataclass(frozen=True)
class Compared:
    """A comparison that is printed and written as `racemate compare` does it."""

    found: dict[str, Any]

    @property
    def manifest(self) -> Mapping[str, Any]:
        """What was compared."""
        return self.found["manifest"]

    def as_object(self) -> dict[str, Any]:
        """The whole comparison."""
        return self.found

    def save(self, place: str | Path, force: bool = False) -> list[Path]:
        """Write ``compare.json`` into a folder."""
        check(place, "compare", force)
        return [save(Path(place), self.found)]


def repeat(asked: Asked) -> Compared:
    """Compare again, from the fits beside the comparison or in the folder that was named; prior odds are as they were."""
    told, home = asked.manifest, asked.fits or asked.folder
    for card, digest in told["fits"].items():
        the_fit(home, card, digest)
    found = contest(home, tuple(told["fits"]), told["seed"], told["sets"], asked.progress)
    weigh(found, [f"{card}={odds!r}" for card, odds in load(asked.folder).get("prior_odds", {}).items()])
    return Compared(found)


def the_fit(home: Path, card: str, digest: str) -> Path:
    """The file of a fit; raises RunFolderError when none is there, or when it is another one."""
    file = home / card / "tree.npz"
    found = sha256(file.read_bytes()).hexdigest() if file.is_file() else "no fit"
    if found != digest:
        raise RunFolderError(str(file), "SHA-256", found, f"{digest}; --fits names the folder that racemate fit wrote")
    return file


def same(asked: Asked, again: Compared) -> bool:
    """True when all but the time it took is what the file holds."""
    before = load(asked.folder)
    names = ("cards", "trials", "confusion", "prior_odds")
    return all(before.get(name) == again.found.get(name) for name in names)
