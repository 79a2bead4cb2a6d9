"""Where each record has its page, and links to it from any other page; a link to nowhere stops the build."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from posixpath import relpath

from mark import DOCS

from racemate.evidence.library import Library

PAGES = "reference/generated/page"
LINKS = ("dose", "concentration", "occupancy", "circuit", "plasticity", "severity", "score")
"""The links of the chain; each has a hand-written page under `docs/chain/`."""

TABLES = {
    "quantity": "evidence/quantities.md",
    "synthesis": "evidence/syntheses.md",
    "anchor": "evidence/anchors.md",
    "signal": "evidence/signals.md",
    "scale": "evidence/scales.md",
}
"""The page on which every record of a kind stands, each at its own anchor."""


class PlaceError(Exception):
    """A record without a page, or a page that was not written."""


@dataclass
class Atlas:
    """The page of every record; it remembers where it sent readers."""

    known: Library
    sent: set[str] = field(default_factory=set[str])

    def shelves(self) -> Mapping[str, Collection[str]]:
        """The names on each shelf, in the order in which a bare name is looked for: a trial before the paper of the same name."""
        known = self.known
        return {
            "parameter": known.parameters,
            "quantity": known.quantities,
            "trial": known.trials,
            "synthesis": known.syntheses,
            "anchor": known.anchors,
            "signal": known.signals,
            "scale": known.scales,
            "source": known.sources,
        }

    def page(self, shelf: str, name: str) -> str:
        """The page of a record, from the docs folder, with its anchor. Raises PlaceError for a record nobody has."""
        if name not in self.shelves()[shelf]:
            raise PlaceError(f"no {shelf} {name!r}")
        if shelf in TABLES:
            return f"{TABLES[shelf]}#{name}"
        if shelf == "parameter":
            link = name.partition(".")[0]
            return f"chain/{link}.md#{name}" if link in LINKS else f"evidence/{link}.md#{name}"
        return f"{PAGES}/{shelf}/{name}.md"

    def to(self, shelf: str, name: str, here: str, says: str = "", row: int = 0) -> str:
        """A link to the page of a record, or to a row of a trial, from the page ``here``, counted from the docs folder."""
        file, _, anchor = self.page(shelf, name).partition("#")
        self.sent.add(file)
        mark = f"#line-{row}" if row else f"#{anchor}" if anchor else ""
        target = relpath(file, PurePosixPath(here).parent.as_posix())
        return f"[{says or f'`{name}`'}]({mark if file == here else target + mark})"

    def sources(self, names: Iterable[str], here: str) -> str:
        """Links to several sources."""
        return ", ".join(self.to("source", name, here) for name in names)

    def found(self, name: str, here: str) -> str:
        """A link to whichever record has the name; a name that no record has stays a word."""
        shelf = next((shelf for shelf, names in self.shelves().items() if name in names), "")
        return self.to(shelf, name, here) if shelf else f"`{name}`"

    def arrive(self) -> None:
        """Raises PlaceError when a page that readers were sent to does not exist."""
        if missing := sorted(page for page in self.sent if not (DOCS / page).is_file()):
            raise PlaceError(f"linked, but not written: {', '.join(missing)}")
