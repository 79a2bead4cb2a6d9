"""Repeat: a result of any kind made again from what it left: a run folder, a fit, a comparison, sealed predictions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from racemate.exchange import safety
from racemate.exchange.cdisc import export
from racemate.exchange.dosing import follow
from racemate.exchange.learned import compare, fit, predict
from racemate.exchange.learned.asked import Asked, Result
from racemate.infer.compare import store
from racemate.report.characteristics import run as characteristics
from racemate.report.check import calibration, learned, sensitivity
from racemate.report.replication import every
from racemate.report.run import course, crowd, trial
from racemate.report.run.folder import MANIFEST, Run, RunFolderError, read_manifest
from racemate.trial.replicate import Report

if TYPE_CHECKING:
    import pandas as pd

_NEEDED = ("arguments", "inputs", "cards", "evidence", "racemate", "jax")
_FILES = (MANIFEST, store.NAME, predict.FILE)
"""Files that hold a manifest: alone, or above what it tells of."""


class Kind(NamedTuple):
    """How a kind of result is made again and held against what is there, and what its manifest must state."""

    again: Callable[[Asked], Result]
    same: Callable[[Asked, Any], bool]
    needed: tuple[str, ...] = _NEEDED


def _run(repeat: Callable[[Mapping[str, Any], Path, Report | None, int | None], Run]) -> Kind:
    """A run that needs its own folder only."""
    return Kind(lambda asked: repeat(asked.manifest, asked.folder, asked.progress, asked.jobs), _tables)


def _learned(asked: Asked) -> Run:
    """What a fit taught, told again; it lies two folders under the fits unless they are named."""
    home = asked.fits or asked.folder.parent.parent
    compare.the_fit(home, asked.manifest["arguments"]["hypothesis"], asked.manifest["fit"])
    return learned.repeat(asked.manifest, home, asked.jobs)


def _tables(asked: Asked, again: Run) -> bool:
    """True when a run gave every table that the folder holds, to the last bit."""
    import pandas as pd

    return all(
        _equal(pd.read_parquet(asked.folder / f"{name}.parquet"), _written(table))
        for name, table in again.tables().items()
    )


KINDS: Mapping[str, Kind] = {
    "replicate": _run(trial.repeat),
    every.COMMAND: _run(every.repeat),
    crowd.COMMAND: _run(crowd.repeat),
    "simulate": _run(course.repeat),
    "power": _run(characteristics.repeat),
    "dose": _run(follow.repeat),
    "export": _run(export.repeat),
    "safety": _run(safety.repeat),
    "calibration": _run(calibration.repeat),
    "sensitivity": _run(sensitivity.repeat),
    "learned": Kind(_learned, _tables, (*_NEEDED, "fit")),
    "fit": Kind(fit.repeat, fit.same, fit.NEEDED),
    "compare": Kind(compare.repeat, compare.same, compare.NEEDED),
    "predict --hold-out": Kind(predict.repeat, predict.same, (*_NEEDED, "courses")),
}
"""By the command that a manifest names."""
_OF_FITS = ("learned", "compare", "predict --hold-out")


def repeat(
    place: str | Path, progress: Report | None = None, jobs: int | None = None, fits: str | Path | None = None
) -> Result:
    """Make a result again: same arguments, same seed, the copies of the user's own files.

    ``place`` is a folder that a command wrote, or the file in it that holds the manifest.  ``fits`` is the folder of the fits that it
    rests on, where they lie elsewhere.  Raises RunFolderError when nothing is there that can be made again.
    """
    asked = known(place, progress, jobs, fits)
    return KINDS[asked.manifest["command"]].again(asked)


def known(
    place: str | Path, progress: Report | None = None, jobs: int | None = None, fits: str | Path | None = None
) -> Asked:
    """The manifest of a result that can be made again; raises RunFolderError where there is none."""
    file = _file(Path(place))
    manifest = _manifest(file)
    command = str(manifest.get("command"))
    if command not in KINDS:
        raise RunFolderError(str(place), "command", repr(command), ", ".join(KINDS))
    for name in KINDS[command].needed:
        if name not in manifest:
            raise RunFolderError(str(file), name, "nothing", "the manifest as the run wrote it")
    if fits is not None and command not in _OF_FITS:
        raise RunFolderError(str(place), "--fits", f"a result of {command!r}", f"one of {', '.join(_OF_FITS)}")
    return Asked(manifest, file, None if fits is None else Path(fits), progress, jobs)


def same(asked: Asked, again: Result) -> bool:
    """True when a result that was made again gave the numbers that are there, to the last bit."""
    return KINDS[asked.manifest["command"]].same(asked, again)


def _file(place: Path) -> Path:
    """The file that holds a manifest."""
    if not place.is_dir():
        return place if place.is_file() else place / MANIFEST
    found = [place / name for name in _FILES if (place / name).is_file()] or [place / MANIFEST]
    if len(found) > 1:
        names = " and ".join(file.name for file in found)
        raise RunFolderError(str(place), "manifest", names, "one result; name its file")
    return found[0]


def _manifest(file: Path) -> Mapping[str, Any]:
    """What a file tells of how it was made; raises RunFolderError for a file of another kind."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        content = None
    if isinstance(content, dict):
        if content.get("command") == "fit":
            return content
        if isinstance(content.get("manifest"), dict):
            return content["manifest"]
    if file.name != MANIFEST and file.is_file():
        raise RunFolderError(str(file), "manifest", "none", f"one of {', '.join(_FILES)}, as a command wrote it")
    return read_manifest(file.parent)


def _written(table: pd.DataFrame) -> pd.DataFrame:
    """A table as it comes back from a file."""
    import pandas as pd

    file = BytesIO()
    table.to_parquet(file, index=False)
    return pd.read_parquet(file)


def _equal(before: pd.DataFrame, now: pd.DataFrame) -> bool:
    return list(before.columns) == list(now.columns) and before.astype(object).equals(now.astype(object))
