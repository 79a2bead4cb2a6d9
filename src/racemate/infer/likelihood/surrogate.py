"""Surrogate: the upstream signals as smooth functions of the few parameters that move them, with what is left over kept as spread.

Each signal is fitted on a log scale by a full quadratic in the standardised priors of the parameters screened as most moving; what
the quadratic misses is shared between cells and returns as a few more normal unknowns, so that the prior spread of the rest is carried.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from racemate.infer.likelihood.cells import Sheet
from racemate.infer.likelihood.upstream import SIGNALS, Upstream

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
SOFT = 0.1
"""Signals are taken to log(x + SOFT): a tenth of the reference effect; below it an error counts as it is, above it relative to x."""
SCREENED, REST = 16, 4
"""Parameters kept, and shared directions of what is left; the table of a fit reports what they explain."""
_FOLDS = 5
_RIDGE = 1e-3
"""Per draw; keeps the normal equations well posed where two parameters act alike."""
_BEYOND = 0.5
"""How far (log scale) a signal may leave the range that was run."""


@dataclass(frozen=True)
class Surrogate:
    """Signals of shape (signals, cells) from ``names`` (inputs,) and the rest (rest,), all standard normal a priori.

    ``person`` is what one standard deviation of a person's kinetics adds on the log scale; ``moves`` is false where a signal is zero.
    """

    names: tuple[str, ...]
    coefficient: Floats
    rest: Floats
    person: Floats
    low: Floats
    high: Floats
    moves: NDArray[np.bool_]
    blocked: Floats
    quality: pd.DataFrame

    def __call__(self, place: Any, rest: Any, xp: Any) -> Any:
        """Signals on the log scale, shape (signals, cells), for standardised inputs and rest."""
        y = self.coefficient @ basis(place, xp) + self.rest @ rest
        return xp.clip(y, self.low, self.high).reshape(self.person.shape)


def basis(place: Any, xp: Any) -> Any:
    """One, each place, and each product of two: shape (terms, ...) from places of shape (inputs, ...)."""
    first, second = np.triu_indices(len(place))
    return xp.concatenate([xp.ones_like(place[:1]), place, place[first] * place[second]])


def learn(seen: Upstream, cells: Sheet) -> Surrogate:
    """Fit the surrogate of one card and measure it on draws it has not seen."""
    y = np.log(seen.signal + SOFT)
    middle = y.mean(axis=3).reshape(-1, y.shape[2])
    moves = np.ptp(middle, axis=1) > 0
    names = screen(seen.names, seen.place, middle[moves], SCREENED)
    places = np.stack([seen.place[seen.names.index(name)] for name in names])
    design = basis(places, np)
    coefficient = np.zeros((len(middle), len(design)))
    coefficient[:, 0] = np.log(SOFT)
    coefficient[moves] = solve(design, middle[moves])
    left = middle - coefficient @ design
    missed = held_out(design, middle)
    return Surrogate(
        names,
        coefficient,
        _shared(left),
        _person(y),
        np.where(moves, middle.min(axis=1) - _BEYOND, np.log(SOFT)),
        np.where(moves, middle.max(axis=1) + _BEYOND, np.log(SOFT)),
        moves.reshape(y.shape[:2]),
        seen.blocked,
        _quality(cells, middle, missed, moves),
    )


def screen(names: tuple[str, ...], place: Floats, y: Floats, most: int) -> tuple[str, ...]:
    """The parameters that explain most variance of ``y`` (rows, draws), by their own line and bend, summed over its rows."""
    centred = y - y.mean(axis=1, keepdims=True)
    explained = np.zeros(len(names))
    for bend in (place, (place**2 - 1) / np.sqrt(2)):
        scaled = (bend - bend.mean(axis=1, keepdims=True)) / bend.std(axis=1, keepdims=True)
        explained += ((centred @ scaled.T / scaled.shape[1]) ** 2).sum(axis=0)
    return tuple(names[k] for k in np.argsort(-explained)[:most])


def solve(design: Floats, y: Floats) -> Floats:
    """Coefficients (rows, terms) of ``y`` (rows, draws) on a design (terms, draws)."""
    penalty = _RIDGE * design.shape[1] * np.eye(len(design))
    penalty[0, 0] = 0.0
    return np.linalg.solve(design @ design.T + penalty, design @ y.T).T


def held_out(design: Floats, y: Floats) -> Floats:
    """Error on each draw of a fit that has not seen its fold."""
    fold = np.arange(design.shape[1]) % _FOLDS
    missed = np.empty_like(y)
    for k in range(_FOLDS):
        missed[:, fold == k] = y[:, fold == k] - solve(design[:, fold != k], y[:, fold != k]) @ design[:, fold == k]
    return missed


def _shared(left: Floats) -> Floats:
    """Leading directions of what is left, each as its effect of one standard deviation; shape (signals * cells, rest).

    Which way a direction points is a matter of the library and its threads: here it points up on the whole.
    """
    u, s, _ = np.linalg.svd(left - left.mean(axis=1, keepdims=True), full_matrices=False)
    return _upward(u[:, :REST]) * (s[:REST] / np.sqrt(left.shape[1]))


def _upward(directions: Floats) -> Floats:
    """The same directions (columns), each with a sum that is not below zero."""
    return directions * np.where(directions.sum(axis=0) >= 0, 1.0, -1.0)


def _person(y: Floats) -> Floats:
    """Effect of one standard deviation of the leading direction in which people of one draw differ, (signals, cells)."""
    within = y - y.mean(axis=3, keepdims=True)
    freedom = y.shape[2] * (y.shape[3] - 1)
    found = np.zeros(y.shape[:2])
    for c in range(y.shape[1]):
        u, s, _ = np.linalg.svd(within[:, c].reshape(y.shape[0], -1), full_matrices=False)
        found[:, c] = _upward(u[:, :1])[:, 0] * s[0] / np.sqrt(freedom)
    return found


def _quality(cells: Sheet, y: Floats, missed: Floats, moves: NDArray[np.bool_]) -> pd.DataFrame:
    """Held-out share of variance explained and typical relative error, per signal and cell that moves."""
    import pandas as pd

    rows = []
    for k in np.flatnonzero(moves):
        signal, cell = SIGNALS[k // len(cells.cells)], cells.cells[k % len(cells.cells)]
        rows.append(
            {"signal": signal, "trial": cell.trial, "arm": cell.arm, "hours": cell.hour, "sd": float(y[k].std())}
            | {"r2": float(1 - missed[k].var() / y[k].var()), "error": float(missed[k].std())}
        )
    return pd.DataFrame(rows, columns=["signal", "trial", "arm", "hours", "sd", "r2", "error"])
