"""Fitted: a card with its likelihood and the draws of its fit, ready to be compared."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racemate.evidence.finding import EvidenceError
from racemate.infer import tree
from racemate.infer.compare.quick import Quick
from racemate.infer.fit import problem
from racemate.infer.likelihood.total import Likelihood
from racemate.infer.targets.target import Targets

Floats = NDArray[np.float64]
Progress = Callable[[str, int, int], None]
_GROUP = "unconstrained_posterior"
_ALIKE = 0.02
"""Log units by which a recomputed log density may differ from the stored one, which was kept in 32 bits."""


@dataclass(frozen=True)
class Fitted:
    """``place`` holds draws from the posterior as standard normal numbers, shape (draws, size)."""

    card: str
    likelihood: Likelihood
    place: Floats
    manifest: Mapping[str, Any]

    @cached_property
    def quick(self) -> Quick:
        """The likelihood as a function of what the trials reported, compiled once."""
        return Quick(self.likelihood)


def available(home: Path) -> tuple[str, ...]:
    """Cards whose accepted fit lies in a folder that `racemate fit --out` wrote; raises EvidenceError when there is none."""
    found = tuple(sorted(path.parent.name for path in home.glob("*/tree.npz")))
    if not found:
        raise EvidenceError(str(home), "fits", "none", "a folder that racemate fit --out wrote")
    return found


def load(home: Path, card: str, targets: Targets, progress: Progress | None = None) -> Fitted:
    """Read a fit and rebuild its likelihood.

    Raises EvidenceError when the fit rests on other evidence or targets than those at hand, or when the likelihood at a stored draw is no
    longer what it was.
    """
    file = home / card / "tree.npz"
    stored = tree.load(file)
    manifest = json.loads(stored.attrs["manifest"])
    for field, mine in (("evidence", targets.evidence_hash), ("targets", len(targets.targets))):
        if manifest[field] != mine:
            raise EvidenceError(str(file), field, str(manifest[field]), f"{mine}: fit the card again")
    if _GROUP not in stored.children:
        raise EvidenceError(str(file), "group", "none of that name", f"{_GROUP}: fit the card again")
    place = np.asarray(stored[_GROUP]["place"], dtype=np.float64)
    place = place.reshape(-1, place.shape[-1])
    likelihood = problem(card, targets, int(manifest["seed"]), progress)
    _same(file, likelihood, place, np.asarray(stored["sample_stats"]["lp"]).reshape(-1))
    return Fitted(card, likelihood, place, manifest)


def _same(file: Path, likelihood: Likelihood, place: Floats, stored: Floats) -> None:
    if place.shape[1] != likelihood.size:
        raise EvidenceError(str(file), "unknowns", str(place.shape[1]), f"{likelihood.size}: fit the card again")
    gap = abs(float(likelihood.log_density(place[-1])) - float(stored[-1]))
    if not gap < _ALIKE:
        raise EvidenceError(
            str(file), "lp", f"{gap:.3g} off", "the likelihood that the code now has: fit the card again"
        )
