"""Write: what a fit leaves behind: the posterior that `racemate.posterior` reads, its tables, and the whole tree; nothing of a refused fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from racemate import posterior
from racemate.infer import tables, tree
from racemate.infer.fit import Fit
from racemate.infer.targets.target import Targets

if TYPE_CHECKING:
    import pandas as pd

KEPT = 500
"""Draws in a posterior file: joint draws for as many replicates; more would add no digit to a 95 % interval over replicates."""


def write(fit: Fit, home: Path) -> list[Path]:
    """Write one fit into a folder of cards; returns the files, the posterior first.

    ``<card>.npz`` holds thinned draws by name, ``<card>/`` the tables, the tree of all draws and the manifest.  A refused fit leaves
    only its manifest.
    """
    place = home / fit.card
    place.mkdir(parents=True, exist_ok=True)
    written = [_text(place / "manifest.json", json.dumps(dict(fit.manifest), indent=2, sort_keys=True) + "\n")]
    if not fit.verdict.passed:
        (home / f"{fit.card}.npz").unlink(missing_ok=True)
        return written
    shown = frames(fit)
    told = {**fit.manifest, "coverage_90": tables.coverage(shown["targets"]), "name": home.name}
    rows = np.linspace(0, len(fit.place) - 1, min(KEPT, len(fit.place))).astype(int)
    known = fit.likelihood.predictor.unknowns
    posterior.save(home / f"{fit.card}.npz", known.names, fit.natural[rows], told)
    for name, frame in shown.items():
        written.append(_text(place / f"{name}.csv", frame.to_csv(index=False)))
    tree.save(place / "tree.npz", tree.to_tree(fit))
    return [home / f"{fit.card}.npz", *written, place / "tree.npz"]


def frames(fit: Fit) -> dict[str, pd.DataFrame]:
    """The tables of a fit by name."""
    return {
        "parameters": tables.parameters(fit),
        "targets": tables.targets(fit),
        "surrogate": fit.likelihood.predictor.surrogate.quality,
    }


def write_targets(targets: Targets, home: Path) -> Path:
    """Write the table of rows used and dropped."""
    home.mkdir(parents=True, exist_ok=True)
    return _text(home / "targets.csv", targets.table().to_csv(index=False))


def _text(path: Path, text: str) -> Path:
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    return part.replace(path)
