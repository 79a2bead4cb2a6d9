"""Store: the folder of a replication of many trials: its manifest, one file per trial and card, and how a broken run goes on.

Nothing in the folder but `machine.json` depends on time, machine or order, and each file is written whole or not at all.  So a run that
was killed goes on from the files that are there, and ends with the bytes of one that was never interrupted.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zipfile import BadZipFile

import numpy as np

from racemate.report.run.folder import FORCE, MANIFEST, RunFolderError, json_text, read_manifest
from racemate.trial.beside import Found

PARTS = "parts"
MACHINE = "machine.json"
_PARTIAL = ".partial"
_TOLD = 80
"""Characters of a setting that an error message shows."""

Part = Found | str
"""What a card makes of a trial, or the reason why it could not be run."""


class Store:
    """Parts by trial and card, in a folder or (without one) in memory."""

    def __init__(self, manifest: Mapping[str, Any], folder: str | Path | None = None, force: bool = False) -> None:
        """Open a folder: a new one, an empty one, or one that a run with this very manifest began.

        Raises RunFolderError for any other (``force`` allows one that holds something else) and for one that cannot be written.
        """
        self.folder = None if folder is None else Path(folder)
        self._parts: dict[tuple[str, str], Part] = {}
        if self.folder is not None:
            _open(self.folder, manifest, force)

    def load(self, trial: str, card: str) -> Part | None:
        """A part that is there; None where it has to be made."""
        if self.folder is None:
            return self._parts.get((trial, card))
        stem = self._stem(trial, card)
        try:
            if stem.with_name(f"{stem.name}.json").is_file():
                return str(json.loads(stem.with_name(f"{stem.name}.json").read_text(encoding="utf-8"))["reason"])
            content = io.BytesIO(stem.with_name(f"{stem.name}.npz").read_bytes())
            with np.load(content, allow_pickle=False) as held:
                return Found(*(held[name] for name in Found._fields))
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return None  # not there, or spoilt by a disk that was full: it is made again, with the same bytes

    def keep(self, trial: str, card: str, part: Part) -> None:
        """Remember a part that was made; in a folder it is on the disk when this returns."""
        if self.folder is None:
            self._parts[trial, card] = part
            return
        stem = self._stem(trial, card)
        if isinstance(part, str):
            _write(stem.with_name(f"{stem.name}.json"), json_text({"reason": part}).encode())
            return
        held = io.BytesIO()
        np.savez_compressed(held, **part._asdict())
        _write(stem.with_name(f"{stem.name}.npz"), held.getvalue())

    def write(self, files: Mapping[str, bytes]) -> list[Path]:
        """Write files by their path inside the folder; their paths."""
        assert self.folder is not None
        return [_write(self.folder / name, content) for name, content in files.items()]

    def log(self, entry: Mapping[str, Any]) -> None:
        """Add to the log of runs what this one owes to the machine and the hour."""
        if self.folder is None:
            return
        place = self.folder / MACHINE
        before: list[Any] = []
        if place.is_file():
            before = json.loads(place.read_text(encoding="utf-8"))["runs"]
        _write(place, json_text({"runs": [*before, dict(entry)]}).encode())

    def _stem(self, trial: str, card: str) -> Path:
        assert self.folder is not None
        return self.folder / PARTS / quote(trial, safe="") / quote(card, safe="")


def _open(folder: Path, manifest: Mapping[str, Any], force: bool) -> None:
    told = json_text(manifest).encode()
    try:
        if (folder / MANIFEST).is_file():
            _same(folder, json.loads(told))
            for left in folder.rglob(f".*{_PARTIAL}"):
                left.unlink()
            return
        if folder.is_dir() and any(folder.iterdir()) and not force:
            raise RunFolderError(str(folder), "--out", "a folder that is not empty", FORCE)
        _write(folder / MANIFEST, told)
    except OSError as error:
        cause = (error.strerror or str(error)).lower()
        raise RunFolderError(str(folder), "--out", cause, "a folder that can be written") from error


def _same(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Refuse to go on with a run that was begun with other settings."""
    before = read_manifest(folder)
    for name in dict.fromkeys((*before, *manifest)):
        if before.get(name) != manifest.get(name):
            found, allowed = (_short(told.get(name)) for told in (manifest, before))
            where = f"{allowed}, as the run in that folder was begun, or a new folder"
            raise RunFolderError(str(folder / MANIFEST), name, found, where)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _TOLD else f"{text[:_TOLD]} ..."


def _write(path: Path, content: bytes) -> Path:
    """Write a file beside its place and move it there, so that it is never seen half written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}{_PARTIAL}")
    with draft.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(path)
    return path
