"""Run folder: what a run writes, all or nothing, and how a folder written before is found again.

A folder is made beside its place and renamed into it.  A folder that already stands there is replaced only when everything in it was
written by an earlier run of the same command, or when the user says so; files that no run wrote are never removed.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from errno import EACCES
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from racemate.evidence.finding import Finding

if TYPE_CHECKING:
    import altair
    import pandas as pd

FORMAT = "racemate-run/1"
MANIFEST = "manifest.json"
FORCE = "a new folder, one that an earlier run of this command wrote, or --force"


class RunFolderError(Exception):
    """A folder that cannot be written, or that holds no run."""

    def __init__(self, place: str, field: str, found: str, allowed: str) -> None:
        super().__init__(str(Finding(place, field, found, allowed)))


class Run(ABC):
    """What every run has: ``manifest``, tables, figures, and the user's own files it read (by path inside the folder)."""

    manifest: Mapping[str, Any]
    inputs: Mapping[str, bytes]

    @abstractmethod
    def tables(self) -> dict[str, pd.DataFrame]:
        """Data frames by name, ``observed`` and ``simulated`` among them."""

    @abstractmethod
    def figures(self) -> dict[str, altair.TopLevelMixin]:
        """Charts by file name, the main one first."""

    def rows(self, table: str) -> list[dict[str, Any]]:
        """One of the tables as a list of rows, None where a number is missing."""
        return records(self.tables()[table])

    def as_object(self) -> dict[str, Any]:
        """Manifest and tables as plain lists and dictionaries, None where a number is missing."""
        return {"manifest": dict(self.manifest), **{name: self.rows(name) for name in self.tables()}}

    def save(self, place: str | Path, force: bool = False) -> list[Path]:
        """Write manifest, tables (CSV, Parquet) and figures (SVG, PNG, HTML) into a folder; the paths, in order.

        Raises RunFolderError when something else stands there (unless ``force``) or when it cannot be written.
        """
        from racemate.report.figure.ink import export

        folder = Path(place)
        check(folder, str(self.manifest["command"]), force)
        with _making(folder) as fresh:
            written = [_write(fresh / name, content) for name, content in self.inputs.items()]
            for name, table in self.tables().items():
                table.to_csv(fresh / f"{name}.csv", index=False)
                table.to_parquet(fresh / f"{name}.parquet", index=False)
                written += [fresh / f"{name}.csv", fresh / f"{name}.parquet"]
            for name, chart in self.figures().items():
                written += export(chart, fresh / name)
            names = [path.relative_to(fresh).as_posix() for path in written]
            _write(fresh / MANIFEST, json_text({**self.manifest, "files": [MANIFEST, *names]}).encode())
            _move(fresh, folder)
        return [folder / name for name in (MANIFEST, *names)]


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table as dictionaries of plain Python values."""
    plain: Any = table.astype(object)
    return plain.where(plain.notna(), None).to_dict("records")


def json_text(content: Any) -> str:
    """JSON that every reader accepts: no NaN, and one key per line."""
    return json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def digest(content: bytes) -> str:
    """SHA-256 of a file's content."""
    return sha256(content).hexdigest()


def read_manifest(place: str | Path) -> dict[str, Any]:
    """The manifest of a run folder; raises RunFolderError when there is none."""
    path = Path(place) / MANIFEST
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunFolderError(str(place), MANIFEST, _cause(error), "a folder that a run wrote with --out") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise RunFolderError(str(path), "format", "another file of that name", FORMAT)
    return found


def check(place: str | Path, command: str, force: bool = False) -> None:
    """Refuse a place that cannot be written or that holds what no earlier run of the command wrote; writes nothing there."""
    folder = Path(place)
    if folder.exists() and not folder.is_dir():
        raise RunFolderError(str(folder), "--out", "a file", "a folder")
    if folder.is_dir() and any(folder.iterdir()) and not force:
        _recognise(folder, command)
    with _making(folder):
        pass


def _recognise(folder: Path, command: str) -> None:
    try:
        known = read_manifest(folder)
    except RunFolderError as error:
        raise RunFolderError(str(folder), "--out", "a folder that is not empty", FORCE) from error
    if known.get("command") != command:
        raise RunFolderError(str(folder), "--out", f"a run of {known.get('command')!r}", FORCE)
    strange = _files(folder) - set(known.get("files", []))
    if strange:
        raise RunFolderError(str(folder), "--out", f"{min(strange)}, which no run wrote", FORCE)


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


@contextmanager
def _making(folder: Path) -> Iterator[Path]:
    """A fresh folder beside ``folder``, on the same file system, removed at the end if it is still there."""
    folder = folder.absolute()
    try:
        if folder.is_dir() and not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(EACCES, "no permission to write there")
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            fresh.chmod(0o755)
            yield fresh
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        raise RunFolderError(str(folder), "--out", _cause(error), "a folder that can be written") from error


def _move(fresh: Path, folder: Path) -> None:
    """Put a finished folder in its place; what a run wrote there before goes, what anybody else put there stays."""
    if not folder.is_dir():
        fresh.rename(folder)
        return
    try:
        before = set(read_manifest(folder).get("files", []))
    except RunFolderError:
        before = set()
    if _files(folder) <= before:
        old = fresh.with_name(f"{fresh.name}-before")
        folder.rename(old)
        fresh.rename(folder)
        shutil.rmtree(old)
        return
    for name in sorted(_files(fresh)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (fresh / name).replace(folder / name)


def write_file(path: str | Path, content: bytes, force: bool = False) -> None:
    """Write one file, all or nothing; raises RunFolderError when one is there (unless ``force``) or when it cannot be written."""
    place = Path(path)
    if place.is_dir() or (place.exists() and not force):
        raise RunFolderError(str(place), "--out", "something there", "a new file, or --force")
    with _making(place.parent / f"{place.name}-writing") as fresh:
        _write(fresh / place.name, content).replace(place)


def write_figure(place: str | Path, name: str, chart: altair.TopLevelMixin, force: bool = False) -> list[Path]:
    """Write one figure (SVG, PNG, HTML) into a folder, all three or none; the paths.

    Raises RunFolderError when one of them is there (unless ``force``) or when it cannot be written.
    """
    from racemate.report.figure.ink import export

    folder = Path(place)
    with _making(folder / name) as fresh:
        written = export(chart, fresh / name)
        taken = [folder / path.name for path in written if (folder / path.name).exists()]
        if taken and not force:
            raise RunFolderError(str(taken[0]), "--out", "something there", "a new folder, or --force")
        return [path.replace(folder / path.name) for path in written]


def _write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def _cause(error: Exception) -> str:
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
