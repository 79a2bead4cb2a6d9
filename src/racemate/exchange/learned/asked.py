"""Asked: what a result left behind, and what it takes to make it again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from racemate.trial.replicate import Report


class Result(Protocol):
    """What can be written, printed and made again: a run of any kind, or a fit, a comparison, sealed predictions."""

    @property
    def manifest(self) -> Mapping[str, Any]:
        """What was run: version, evidence, cards, seed."""
        ...

    def as_object(self) -> dict[str, Any]:
        """All of it as plain lists and dictionaries."""
        ...

    def save(self, place: str | Path, force: bool = False) -> list[Path]:
        """Write it into a folder; raises RunFolderError when something else stands there (unless ``force``)."""
        ...


class Asked(NamedTuple):
    """A manifest, the file that it was read from, the folder of the fits where one was named, and how the work is done."""

    manifest: Mapping[str, Any]
    file: Path
    fits: Path | None = None
    progress: Report | None = None
    jobs: int | None = None

    @property
    def folder(self) -> Path:
        """Where the result lies."""
        return self.file.parent
