"""Predict: held-out trials predicted again as a sealed file tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from racemate.exchange.learned.asked import Asked
from racemate.infer.holdout.frozen import Frozen, read, write
from racemate.report.holdout.predict import predict
from racemate.report.run.folder import check

FILE = "predictions.json"


@dataclass(frozen=True)
class Sealed:
    """Predictions that are written as `racemate predict --hold-out` does it."""

    frozen: Frozen

    @property
    def manifest(self) -> Mapping[str, Any]:
        """How the predictions were made."""
        return self.frozen.manifest

    def as_object(self) -> dict[str, Any]:
        """All that the seal covers, and the seal."""
        return {**self.frozen.content(), "sha256": self.frozen.hash}

    def save(self, place: str | Path, force: bool = False) -> list[Path]:
        """Write ``predictions.json`` into a folder."""
        check(place, str(self.manifest["command"]), force)
        return [write(Path(place) / FILE, self.frozen)]


def repeat(asked: Asked) -> Sealed:
    """Predict again, from the posterior of that name or from the folder of fits that was named."""
    told, report = asked.manifest["arguments"], asked.progress
    courses = asked.manifest["courses"]
    done = predict(
        str(asked.fits or told["posterior"]),
        told["hypotheses"],
        told["trials"],
        told["replicates"],
        told["seed"],
        None if courses == "all" else courses,
        None if report is None else lambda now: report("hold-out trials", now.people, now.of_people),
        asked.jobs,
    )
    return Sealed(done)


def same(asked: Asked, again: Sealed) -> bool:
    """True when every prediction is the sealed one; raises EvidenceError when the file was changed since."""
    return read(asked.file).predictions == again.frozen.predictions
