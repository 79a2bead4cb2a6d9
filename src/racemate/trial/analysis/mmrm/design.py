"""Design: named terms and a data frame make columns, and a column that repeats earlier ones is left out.

Every level of a factor gets a column, as in SAS, the first level last; columns that depend on those before them are then dropped from
the left, which leaves the treatment contrasts of R with the first level as reference.  A mean that the data do not determine, such as
that of an empty cell, is found out by the dropped directions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from racemate.trial.analysis.mmrm.state import FitError

Floats = NDArray[np.float64]
Value = Any
_DEPENDENT = 1e-9
"""Length of a column after projection on those before it, as a share of its own, below which it repeats them."""
_ESTIMABLE = 1e-7
"""Part of a row outside of what the design determines, as a share of its length, that rounding alone can leave."""


@dataclass(frozen=True)
class Design:
    """Columns of the fixed effects of one data set."""

    terms: tuple[tuple[str, ...], ...]
    levels: Mapping[str, tuple[Value, ...]]
    """Levels of each factor, the reference first."""
    centres: Mapping[str, float]
    """Mean of each covariate over the rows used."""
    kept: NDArray[np.intp]
    names: tuple[str, ...]
    """Of the columns kept."""
    matrix: Floats
    """Rows used by columns kept."""
    undetermined: Floats
    """Basis of the directions, over all columns, that the data say nothing about."""

    def row(self, **settings: Value) -> Floats:
        """Row of columns kept at the given levels and covariates, averaged with equal weights over the other factors.

        Covariates not given stand at their mean over the rows used, as in SAS and emmeans.  Raises FitError for a mean that the data
        do not determine.
        """
        for name, value in settings.items():
            if name in self.levels and value not in self.levels[name]:
                raise FitError(f"{name}: found {value!r}, allowed: {', '.join(map(str, self.levels[name]))}")
            if name not in self.levels and name not in self.centres:
                raise FitError(f"{name}: found in no term, allowed: {', '.join([*self.levels, *self.centres])}")
        free = [name for name in self.levels if name not in settings]
        cells = list(product(*(self.levels[name] for name in free)))
        grid = {name: [cell[k] for cell in cells] for k, name in enumerate(free)}
        grid |= {name: [settings.get(name, centre)] * len(cells) for name, centre in self.centres.items()}
        grid |= {name: [value] * len(cells) for name, value in settings.items() if name in self.levels}
        return self.determined(
            _columns(self.terms, self.levels, pd.DataFrame(grid, index=range(len(cells))))[0].mean(axis=0)
        )

    def determined(self, full: Floats) -> Floats:
        """The columns kept of a row over all columns; FitError where the data do not determine it."""
        if np.abs(full @ self.undetermined).max(initial=0.0) > _ESTIMABLE * max(1.0, np.linalg.norm(full)):
            raise FitError(
                "mean: found one that the ratings do not determine (an empty cell), allowed: a cell with ratings"
            )
        return full[self.kept]


def design(frame: pd.DataFrame, fixed: Sequence[str]) -> Design:
    """Columns of the terms ``fixed`` (names, or names joined by ``:``) with an intercept; numbers are covariates, the rest factors."""
    terms = tuple(tuple(term.split(":")) for term in fixed)
    names = list(dict.fromkeys(name for term in terms for name in term))
    for name in names:
        _refuse_missing(frame, name)
    factors = [name for name in names if not _numeric(column(frame, name))]
    graded = {name: levels(column(frame, name)) for name in factors}
    centres = {
        name: float(column(frame, name).to_numpy(dtype=np.float64).mean()) for name in names if name not in graded
    }
    full, labels = _columns(terms, graded, frame)
    kept = _independent(full)
    basis = np.linalg.svd(full / _lengths(full))[2][len(kept) :].T / _lengths(full)[:, None]
    basis = basis / np.maximum(np.linalg.norm(basis, axis=0), np.finfo(float).tiny)
    return Design(terms, graded, centres, kept, tuple(labels[k] for k in kept), full[:, kept], basis)


def _numeric(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def column(frame: pd.DataFrame, name: str) -> pd.Series:
    """One column; FitError where the frame has none of that name, or two."""
    found = frame.get(name)
    if not isinstance(found, pd.Series):
        raise FitError(f"{name}: found no such column, allowed: {', '.join(map(str, frame.columns))}")
    return found


def levels(values: pd.Series) -> tuple[Value, ...]:
    """Levels that occur, in the order of a categorical column, else sorted."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        present = set(values)
        return tuple(level for level in values.cat.categories if level in present)
    return tuple(sorted(values.unique()))


def _refuse_missing(frame: pd.DataFrame, name: str) -> None:
    values = column(frame, name)
    bad = values.isna().to_numpy()
    if _numeric(values):
        bad = bad | ~np.isfinite(values.to_numpy(dtype=np.float64, na_value=np.nan))
    refuse(values, bad, "a value in every row with an outcome")


def refuse(values: pd.Series, bad: NDArray[np.bool_], allowed: str) -> None:
    """FitError that names the first bad row, if there is one."""
    if bad.any():
        first = int(np.argmax(bad))
        raise FitError(f"{values.name}: row {values.index[first]}: found {values.iloc[first]}, allowed: {allowed}")


def _columns(
    terms: Sequence[Sequence[str]], graded: Mapping[str, Sequence[Value]], frame: pd.DataFrame
) -> tuple[Floats, list[str]]:
    columns, labels = [np.ones(len(frame))], ["intercept"]
    for term in terms:
        parts = [_part(name, graded, frame) for name in term]
        for chosen in product(*parts):
            columns.append(np.prod([values for _, values in chosen], axis=0))
            labels.append(":".join(label for label, _ in chosen))
    return np.stack(columns, axis=1), labels


def _part(name: str, graded: Mapping[str, Sequence[Value]], frame: pd.DataFrame) -> list[tuple[str, Floats]]:
    """Labelled columns of one name: one per level, the reference last, or the covariate itself."""
    values = column(frame, name)
    if name not in graded:
        return [(name, values.to_numpy(dtype=np.float64))]
    own = values.to_numpy(dtype=object)
    ordered = [*graded[name][1:], graded[name][0]]
    return [(f"{name}[{level}]", (own == level).astype(np.float64)) for level in ordered]


def _lengths(full: Floats) -> Floats:
    length = np.linalg.norm(full, axis=0)
    return np.where(length > 0, length, 1.0)


def _independent(full: Floats) -> NDArray[np.intp]:
    """Columns that do not depend on those to their left."""
    scaled = full / _lengths(full)
    basis = np.empty((len(full), 0))
    kept: list[int] = []
    for k, one in enumerate(scaled.T):
        rest = one - basis @ (basis.T @ one)
        rest = rest - basis @ (basis.T @ rest)
        length = float(np.linalg.norm(rest))
        if length > _DEPENDENT:
            basis = np.concatenate([basis, rest[:, None] / length], axis=1)
            kept.append(k)
    return np.array(kept, dtype=np.intp)
