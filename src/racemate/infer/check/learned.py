"""Learned: what the trials moved: spreads against the prior's, pairs that go together, and how many numbers the evidence is worth.

Everything is read from the draws of a fit on the scale where each unknown is standard normal a priori, so no model is run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from racemate.infer import tree
from racemate.infer.check.named import labels
from racemate.infer.check.short import Found

if TYPE_CHECKING:
    import pandas as pd
    from xarray import DataTree

Floats = NDArray[np.float64]
LEARNED, PARTLY = 0.65, 0.85
"""Ratios of standard deviations below which an unknown is learned, or partly learned (calibration probe, section 0)."""
MOVED = 0.5
"""Prior standard deviations by which the centre of an unknown must move to be called moved."""
RIDGE = 0.3
"""Least correlation of a pair that is listed."""
_LARGEST = 3


@dataclass(frozen=True)
class Draws:
    """Draws of one card's unknowns, ``place`` (chains, draws, size) standard normal a priori, their labels, and the fit's manifest."""

    card: str
    place: Floats
    labels: tuple[str, ...]
    manifest: Mapping[str, Any]

    @property
    def flat(self) -> Floats:
        """All draws, shape (draws, size)."""
        return self.place.reshape(-1, self.place.shape[-1])


def draws(file: Path) -> Draws:
    """Draws of a fit from the tree that it wrote; raises EvidenceError for any other file."""
    stored: DataTree = tree.load(file)
    manifest = json.loads(stored.attrs["manifest"])
    place = np.asarray(stored["unconstrained_posterior"]["place"], dtype=np.float64)
    group = stored["posterior"].to_dataset()
    names = [str(name) for name, array in group.data_vars.items() if array.ndim == 2]
    trials = [str(trial) for trial in group["trial"].to_numpy()]
    rest = place.shape[-1] - len(names) - 2 * len(trials)
    return Draws(manifest["card"], place, labels(names, rest, trials), manifest)


def unknowns(found: Draws) -> pd.DataFrame:
    """One row per unknown: posterior over prior standard deviation with its Monte-Carlo error, how far the centre moved, and a reading.

    ``learned`` is the share of the prior's variance that the trials took away, 1 - sd_ratio squared.
    """
    import pandas as pd

    told = Found(found.place, 0).moments()
    return pd.DataFrame(
        {
            "unknown": found.labels,
            "sd_ratio": told.sd,
            "sd_ratio_error": told.sd * told.log_sd_error,
            "moved": told.mean,
            "learned": np.maximum(1 - told.sd**2, 0.0),
            "reading": [_reading(sd, mean) for sd, mean in zip(told.sd, told.mean, strict=True)],
        }
    )


def _reading(sd: float, mean: float) -> str:
    if sd <= LEARNED:
        return "learned"
    if sd <= PARTLY:
        return "partly learned"
    return "moved" if abs(mean) >= MOVED else "prior"


def ridges(found: Draws) -> pd.DataFrame:
    """Pairs of unknowns that the trials tie together, the strongest first: correlation and its Monte-Carlo error."""
    import pandas as pd

    matrix = np.asarray(np.corrcoef(found.flat.T))
    first, second = np.triu_indices(len(matrix), 1)
    size = np.abs(matrix[first, second])
    order = [k for k in np.argsort(-size) if size[k] >= RIDGE]
    pairs = [(int(first[k]), int(second[k])) for k in order]
    effective = Found(found.place, 0).effective
    rows = [
        {
            "first": found.labels[a],
            "second": found.labels[b],
            "correlation": matrix[a, b],
            "error": (1 - matrix[a, b] ** 2) / np.sqrt(min(effective[a], effective[b])),
        }
        for a, b in pairs
    ]
    return pd.DataFrame(rows, columns=["first", "second", "correlation", "error"])


def directions(found: Draws) -> pd.DataFrame:
    """Independent combinations of unknowns that are at least partly learned, the best first: sd_ratio and the largest parts."""
    import pandas as pd

    value, axes = np.linalg.eigh(np.cov(found.flat.T))
    some = value <= PARTLY**2
    value, axes = value[some], axes[:, some]
    rows = [
        {"direction": k + 1, "sd_ratio": float(np.sqrt(variance)), "made_of": _parts(found.labels, axis)}
        for k, (variance, axis) in enumerate(zip(value.tolist(), list(axes.T), strict=True))
    ]
    return pd.DataFrame(rows, columns=["direction", "sd_ratio", "made_of"])


def worth(found: Draws) -> float:
    """How many numbers the evidence is worth: the share of the prior's variance taken away, summed over independent directions.

    That sum is the same in any directions, so it is taken over the unknowns themselves.
    """
    return float((1 - found.flat.var(axis=0)).sum())


def _parts(names: tuple[str, ...], axis: Floats) -> str:
    largest = np.argsort(-np.abs(axis))[:_LARGEST]
    sign = 1.0 if axis[largest[0]] > 0 else -1.0
    return ", ".join(f"{sign * axis[k]:+.2f} {names[k]}" for k in largest)


def inseparable(cards: list[str], told_apart: Floats, share: float = 0.5) -> list[tuple[str, str, float, float]]:
    """Pairs of cards that simulated evidence does not tell apart: in less than ``share`` of it either way; with both shares.

    ``told_apart`` (true cards, cards) is how often the true card leads the other by more than the limit of no preference.
    """
    return [
        (cards[a], cards[b], float(told_apart[a, b]), float(told_apart[b, a]))
        for a in range(len(cards))
        for b in range(a + 1, len(cards))
        if told_apart[a, b] < share and told_apart[b, a] < share
    ]
