"""Learned: what a fit taught about each number, what it could not separate, and how its predictions stand beside what was published."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from racemate import posterior
from racemate.evidence.finding import EvidenceError
from racemate.infer.check import learned as taught
from racemate.infer.check import predictive
from racemate.infer.check.ridge import ridge, summary
from racemate.infer.compare.fitted import load
from racemate.infer.compare.store import NAME
from racemate.infer.targets.read import again
from racemate.model import bind
from racemate.report.run.folder import Run, records
from racemate.report.run.manifest import Clock, describe

if TYPE_CHECKING:
    import altair
    import pandas as pd


@dataclass(frozen=True)
class LearnedRun(Run):
    """What one fit says about itself: tables by name and figures."""

    card: str
    frames: Mapping[str, pd.DataFrame] = field(repr=False)
    manifest: Mapping[str, Any] = field(repr=False)
    inputs: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def tables(self) -> dict[str, pd.DataFrame]:
        """``unknowns``, ``ridges``, ``directions``, ``targets``, ``coverage``, ``trials``, ``naltrexone`` (by draw) and ``naltrexone-days``."""
        return dict(self.frames)

    def figures(self) -> dict[str, altair.TopLevelMixin]:
        """Observed beside predicted, and the ridge of naltrexone."""
        from racemate.report.check.beside import draw
        from racemate.report.check.shares import draw as shares

        return {"predicted": draw(self), "naltrexone": shares(self)}


def learned(home: Path, card: str, seed: int = 1, jobs: int | None = None) -> LearnedRun:
    """Read a fit in a folder that `racemate fit --out` wrote.

    Raises EvidenceError when there is no accepted fit of the card there, or when it rests on other evidence or code than those at hand.
    """
    clock = Clock()
    file = home / card / "tree.npz"
    if not file.is_file():
        there = ", ".join(sorted(path.parent.name for path in home.glob("*/tree.npz"))) or "none"
        raise EvidenceError(str(home), "card", repr(card), f"a card with an accepted fit: {there}")
    known = taught.draws(file)
    fitted = load(home, card, again(known.manifest))
    drawn = {kind: predictive.simulated(fitted, kind, seed) for kind in predictive.KINDS}
    lost = ridge(posterior.load(str(home), card), seed, threads=jobs)
    beside = predictive.targets(fitted, drawn)
    frames = {
        "unknowns": taught.unknowns(known),
        "ridges": taught.ridges(known),
        "directions": taught.directions(known),
        "targets": beside,
        "coverage": predictive.coverage(beside),
        "trials": predictive.trials(fitted, drawn),
        "naltrexone": lost,
        "naltrexone-days": summary(lost),
    }
    arguments = {"hypothesis": card, "fits": str(home.name), "seed": seed}
    told = describe("learned", arguments, [bind(card)], ["ketamine", "naltrexone"], [], {}, clock)
    told |= {
        "fit": sha256(file.read_bytes()).hexdigest(),
        "fitted": known.manifest,
        "worth": taught.worth(known),
        "readings": dict(Counter(row["reading"] for row in records(frames["unknowns"]))),
        "inseparable": pairs(home),
    }
    return LearnedRun(card, frames, told)


def repeat(manifest: Mapping[str, Any], home: Path, jobs: int | None) -> LearnedRun:
    """Tell again what a manifest tells, of the fit of the same card in a folder of fits."""
    told = manifest["arguments"]
    return learned(home, told["hypothesis"], told["seed"], jobs)


def pairs(home: Path) -> list[dict[str, Any]] | None:
    """Pairs of cards that simulated evidence does not tell apart, from the comparison in the folder; None without its table."""
    file = home / NAME
    if not file.is_file():
        return None
    found = json.loads(file.read_text(encoding="utf-8")).get("confusion") or {}
    if "told_apart" not in found:
        return None
    shares = np.array(found["told_apart"])
    names = ("first", "second", "first_told", "second_told")
    return [dict(zip(names, pair, strict=True)) for pair in taught.inseparable(found["cards"], shares)]
