"""Repeat: a run of any kind made again from what its folder holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from racemate.exchange import safety
from racemate.exchange.cdisc import export
from racemate.exchange.dosing import follow
from racemate.report.characteristics import run as characteristics
from racemate.report.replication import every
from racemate.report.run import course, trial
from racemate.report.run.folder import MANIFEST, Run, RunFolderError, read_manifest
from racemate.trial.replicate import Report

if TYPE_CHECKING:
    import pandas as pd

_AGAIN: Mapping[str, Callable[[Mapping[str, Any], Path, Report | None, int | None], Run]] = {
    "replicate": trial.repeat,
    every.COMMAND: every.repeat,
    "simulate": course.repeat,
    "power": characteristics.repeat,
    "dose": follow.repeat,
    "export": export.repeat,
    "safety": safety.repeat,
}

_NEEDED = ("arguments", "inputs", "cards", "evidence", "racemate", "jax")


def repeat(folder: str | Path, progress: Report | None = None, jobs: int | None = None) -> Run:
    """Run again what a run folder holds: same arguments, same seed, the copies of the user's own files.

    Raises RunFolderError when the folder holds no run.
    """
    manifest = known(folder)
    return _AGAIN[manifest["command"]](manifest, Path(folder), progress, jobs)


def known(folder: str | Path) -> dict[str, Any]:
    """The manifest of a run that can be repeated; raises RunFolderError for a folder that holds none."""
    manifest = read_manifest(folder)
    command = manifest.get("command")
    if command not in _AGAIN:
        raise RunFolderError(str(folder), "command", repr(command), ", ".join(_AGAIN))
    for name in _NEEDED:
        if name not in manifest:
            raise RunFolderError(str(Path(folder) / MANIFEST), name, "nothing", "the manifest as the run wrote it")
    return manifest


def same(folder: str | Path, run: Run) -> bool:
    """True when a run gave every table that the folder holds, to the last bit."""
    import pandas as pd

    return all(
        _equal(pd.read_parquet(Path(folder) / f"{name}.parquet"), _written(table))
        for name, table in run.tables().items()
    )


def _written(table: pd.DataFrame) -> pd.DataFrame:
    """A table as it comes back from a file."""
    import pandas as pd

    file = BytesIO()
    table.to_parquet(file, index=False)
    return pd.read_parquet(file)


def _equal(before: pd.DataFrame, now: pd.DataFrame) -> bool:
    return list(before.columns) == list(now.columns) and before.astype(object).equals(now.astype(object))
