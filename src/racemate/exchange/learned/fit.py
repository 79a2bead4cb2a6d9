"""Fit: one card fitted again to the trials that its manifest names, with the same seed and effort."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from racemate.exchange.learned.asked import Asked
from racemate.infer.fit import Effort, Fit, fit
from racemate.infer.tables import coverage
from racemate.infer.targets.read import again
from racemate.infer.write import frames, write, write_targets
from racemate.report.run.folder import RunFolderError, check, records

NEEDED = ("card", "trials", "only", "seed", "effort", "evidence", "versions")


@dataclass(frozen=True)
class FitResult:
    """A fit that is printed and written as `racemate fit` does it."""

    fit: Fit

    @property
    def manifest(self) -> Mapping[str, Any]:
        """What was fitted, and how it was judged."""
        return self.fit.manifest

    def as_object(self) -> dict[str, Any]:
        """Manifest, parameters and targets."""
        tables = frames(self.fit)
        told = {**self.manifest, "coverage_90": coverage(tables["targets"])}
        return {"manifest": told, **{name: records(tables[name]) for name in ("parameters", "targets")}}

    def save(self, place: str | Path, force: bool = False) -> list[Path]:
        """Write posterior, tables and manifest into a folder of cards."""
        check(place, "fit", force)
        return [*write(self.fit, Path(place)), write_targets(self.fit.targets, Path(place))]


def repeat(asked: Asked) -> FitResult:
    """Fit again; a fit that was stopped goes on where it was."""
    told = asked.manifest
    return FitResult(fit(told["card"], again(told), told["seed"], Effort(**told["effort"]), asked.progress))


def same(asked: Asked, again: FitResult) -> bool:
    """True when every table of the fit is what its folder holds; of a refused fit, which leaves none, when its diagnostics are."""
    if asked.manifest["refused"] or not again.fit.verdict.passed:
        mine = json.loads(json.dumps(dict(again.manifest)))
        return all(asked.manifest[name] == mine[name] for name in ("refused", "diagnostics"))
    try:
        before = {name: (asked.folder / f"{name}.csv").read_text(encoding="utf-8") for name in frames(again.fit)}
    except OSError as error:
        raise RunFolderError(str(asked.folder), "tables", str(error), "the tables as racemate fit wrote them") from None
    return before == {name: frame.to_csv(index=False) for name, frame in frames(again.fit).items()}
