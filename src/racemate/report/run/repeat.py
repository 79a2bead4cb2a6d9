"""Repeat: a run made again from what its folder holds."""

from __future__ import annotations

from pathlib import Path

from racemate.report.run import course, trial
from racemate.report.run.folder import Run, RunFolderError, read_manifest
from racemate.trial.replicate import Report


def repeat(folder: str | Path, progress: Report | None = None, jobs: int | None = None) -> Run:
    """Run again what a run folder holds: same arguments, same seed, the copies of the user's own files.

    Raises RunFolderError when the folder holds no run.
    """
    manifest = read_manifest(folder)
    again = {"replicate": trial.repeat, "simulate": course.repeat}
    command = manifest["command"]
    if command not in again:
        raise RunFolderError(str(folder), "command", repr(command), ", ".join(again))
    return again[command](manifest, Path(folder), progress, jobs)


def same(folder: str | Path, run: Run) -> bool:
    """True when a run gave the numbers that the folder holds, to the last bit."""
    import pandas as pd

    before = pd.read_parquet(Path(folder) / "simulated.parquet")
    now = run.tables()["simulated"]
    return list(before.columns) == list(now.columns) and before.astype(object).equals(now.astype(object))
