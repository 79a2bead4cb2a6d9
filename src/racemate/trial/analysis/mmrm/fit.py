"""Fit: the mixed model for repeated measures of one data frame, one row per person and visit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from racemate.trial.analysis.mmrm import structure as structures
from racemate.trial.analysis.mmrm.design import Design, column, design, levels, refuse
from racemate.trial.analysis.mmrm.state import FitError, State
from racemate.trial.analysis.mmrm.sums import Sums, patterns, reduce

if TYPE_CHECKING:
    from racemate.trial.analysis.mmrm.likelihood import Setting
    from racemate.trial.analysis.mmrm.search import Estimates

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """A converged fit.  Tables have one row per contrast: estimate, se, df, t, p, low, high."""

    setting: "Setting"
    df: str
    design: Design
    visits: tuple[Any, ...]
    sums: Sums
    found: "Estimates"
    back: Floats
    """From the orthogonal columns of the search to those of the design, (p, p)."""

    def at(self, theta: Floats) -> "Fit":
        """The same model with the covariance parameters ``theta`` instead of the best ones."""
        from racemate.trial.analysis.mmrm.inference import adjustment
        from racemate.trial.analysis.mmrm.search import evaluate

        return replace(self, found=evaluate(self.setting, self.sums, adjustment(self.df), np.atleast_2d(theta)))

    @property
    def ratings(self) -> int:
        """Ratings used."""
        return int((self.sums.people[0] @ self.sums.seen).sum())

    @property
    def people(self) -> int:
        """People with at least one rating."""
        return int(self.sums.people[0].sum())

    @property
    def minus_two_log_likelihood(self) -> float:
        """Minus twice the (restricted) log-likelihood."""
        value = float(self.found.value[0])
        # The restricted likelihood depends on the columns of the design: these are not the orthogonal ones of the search.
        return value - 2 * float(np.linalg.slogdet(self.back)[1]) if self.setting.restricted else value

    @property
    def steps(self) -> int:
        """Evaluations of the likelihood until the search converged."""
        return int(self.found.steps[0])

    @property
    def covariance(self) -> pd.DataFrame:
        """Estimated covariance over visits."""
        return pd.DataFrame(self.found.sigma[0], index=list(self.visits), columns=list(self.visits))

    @property
    def parameters(self) -> pd.Series:
        """Estimated parameters of the structure."""
        return pd.Series(self.found.theta[0], index=list(structures.labels(self.setting.structure, len(self.visits))))

    @property
    def aic(self) -> float:
        """Akaike's criterion; smaller is better.  The restricted likelihood counts covariance parameters only."""
        return self.minus_two_log_likelihood + 2 * self._counted

    @property
    def bic(self) -> float:
        """Schwarz's criterion, the sample being people with a rating."""
        return self.minus_two_log_likelihood + float(np.log(self.people)) * self._counted

    @property
    def _counted(self) -> int:
        return self.found.theta.shape[1] + (0 if self.setting.restricted else len(self.design.names))

    def contrasts(self, rows: Floats, names: Sequence[Any], level: float = 0.95) -> pd.DataFrame:
        """Contrasts of the fixed effects: ``rows`` (contrasts, columns of the design)."""
        from racemate.trial.analysis.mmrm.inference import contrast

        told = contrast(self.found, np.atleast_2d(rows) @ self.back, level)
        index = pd.MultiIndex.from_tuples(names) if names and isinstance(names[0], tuple) else pd.Index(list(names))
        return pd.DataFrame({field: value[0] for field, value in told._asdict().items()}, index=index)

    def effects(self, level: float = 0.95) -> pd.DataFrame:
        """The fixed effects themselves; the reference of each factor is its first level."""
        return self.contrasts(np.eye(len(self.design.names)), self.design.names, level)

    def means(self, *by: str, level: float = 0.95) -> pd.DataFrame:
        """Least-squares means per combination of levels of the factors ``by``, in the order of levels.

        Covariates stand at their mean over the rows used, other factors are averaged with equal weights, as in SAS and emmeans.
        """
        rows, names = self._grid(by)
        return self.contrasts(rows, names, level)

    def differences(self, factor: str, *within: str, level: float = 0.95) -> pd.DataFrame:
        """Differences of least-squares means between every two levels of ``factor``, later minus earlier, within the rest.

        The row is named (later, earlier, *within).
        """
        cells = list(product(*(self._levels(name) for name in within)))
        rows: list[Floats] = []
        names: list[tuple[Any, ...]] = []
        for first, second in combinations(self._levels(factor), 2):
            for cell in cells:
                given = dict(zip(within, cell, strict=True))
                rows.append(self.design.row(**{factor: second}, **given) - self.design.row(**{factor: first}, **given))
                names.append((second, first, *cell))
        return self.contrasts(np.stack(rows), names, level)

    def test(self, term: str) -> pd.Series:
        """F test of a term, all others in the model, of equally weighted means (type III): f, df, df_error, p."""
        from racemate.trial.analysis.mmrm.inference import joint

        names = term.split(":")
        slopes = {name: self.design.centres[name] for name in names if name in self.design.centres}
        factors = [name for name in names if name not in slopes]
        rows, _ = self._grid(factors, slopes)
        for k, name in enumerate(factors):
            # Each factor of the term is contrasted with its first level; the grid runs over levels in order.
            shape = [len(self._levels(other)) - (1 if j < k else 0) for j, other in enumerate(factors)]
            cube = rows.reshape(*shape, -1)
            first = np.take(cube, [0], axis=k)
            rows = (np.delete(cube, 0, axis=k) - first).reshape(-1, rows.shape[-1])
            if not len(rows):
                raise FitError(f"{name}: found one level, allowed: at least two")
        return pd.Series(joint(self.found, rows @ self.back, self.df)._asdict(), name=term)

    def _levels(self, name: str) -> tuple[Any, ...]:
        if name not in self.design.levels:
            raise FitError(
                f"{name}: found no factor of that name, allowed: {', '.join(self.design.levels) or 'none here'}"
            )
        return self.design.levels[name]

    def _grid(self, by: Sequence[str], slopes: dict[str, float] | None = None) -> tuple[Floats, list[Any]]:
        """Rows of means per cell, or of what one unit more of each of the ``slopes`` adds."""
        cells = list(product(*(self._levels(name) for name in by)))
        given = [dict(zip(by, cell, strict=True)) for cell in cells]
        rows = np.stack([self._row(settings, tuple((slopes or {}).items())) for settings in given])
        return rows, [cell[0] if len(cell) == 1 else cell or "mean" for cell in cells]

    def _row(self, settings: dict[str, Any], slopes: tuple[tuple[str, float], ...]) -> Floats:
        if not slopes:
            return self.design.row(**settings)
        (name, at), *rest = slopes
        above, below = (self._row({**settings, name: at + up}, tuple(rest)) for up in (1, 0))
        return above - below


def terms(arm: str, visit: str, covariates: Sequence[str] = (), by_visit: Sequence[str] = ()) -> tuple[str, ...]:
    """The usual terms of a trial: arm, visit, their product, covariates, and those with a slope of their own at each visit."""
    return (
        arm,
        visit,
        f"{arm}:{visit}",
        *covariates,
        *(part for name in by_visit for part in (name, f"{name}:{visit}")),
    )


def fit(
    frame: pd.DataFrame,
    outcome: str,
    subject: str,
    visit: str,
    fixed: Sequence[str] = (),
    structure: str = "us",
    restricted: bool = True,
    df: str = "satterthwaite",
) -> Fit:
    """Fit the mixed model for repeated measures by restricted (or full) maximum likelihood.

    ``fixed`` are terms: columns, or columns joined by ``:``, beside an intercept (see `terms`); numbers are covariates, all else
    factors.  Rows without an outcome are left out: a missing visit is missing at random.  Visits are ordered as the categories of the
    column, else sorted.  Raises FitError for data that cannot be fitted, and when the search does not converge.
    """
    from racemate.trial.analysis.mmrm.inference import adjustment
    from racemate.trial.analysis.mmrm.likelihood import Setting
    from racemate.trial.analysis.mmrm.search import estimate

    structures.known(structure)
    adjust = adjustment(df)
    if adjust and not restricted:
        raise FitError(
            f"df: found {df!r} with full maximum likelihood, allowed: restricted=True, or df='satterthwaite'"
        )
    used = _used(frame, outcome, subject, visit)
    made = design(used, fixed)
    visits = levels(column(used, visit))
    if len(used) <= len(made.names):
        raise FitError(f"{outcome}: found {len(used)} ratings, allowed: more than the {len(made.names)} fixed effects")
    orthogonal, upper = np.linalg.qr(made.matrix)
    root = np.sqrt(len(used))
    back = np.linalg.inv(upper / root)
    y, seen, columns = _stacked(used, outcome, subject, visit, visits, orthogonal * root)
    total = reduce(y, seen, columns, patterns(seen))
    setting = Setting(structure, len(visits), restricted)
    found = estimate(setting, total, adjust)
    if (state := State(int(found.state[0]))) is not State.CONVERGED:
        raise FitError(
            f"{outcome}: {state.reason} (structure {structure}); allowed: data that determine it, or a simpler structure"
        )
    return Fit(setting, df, made, visits, total, found, back)


def _used(frame: pd.DataFrame, outcome: str, subject: str, visit: str) -> pd.DataFrame:
    """The rows with an outcome, each person at most once per visit."""
    used = frame.loc[column(frame, outcome).notna().to_numpy()]
    if used.empty:
        raise FitError(f"{outcome}: found no value, allowed: at least one")
    values = column(used, outcome)
    refuse(values, ~np.isfinite(values.to_numpy(dtype=np.float64)), "a finite number")
    for name in (subject, visit):
        refuse(column(used, name), column(used, name).isna().to_numpy(), "a name")
    twice = used.duplicated(subset=[subject, visit]).to_numpy()
    refuse(column(used, subject), twice, f"a person once per {visit}")
    return used


def _stacked(
    used: pd.DataFrame, outcome: str, subject: str, visit: str, visits: tuple[Any, ...], matrix: Floats
) -> tuple[Floats, NDArray[np.bool_], Floats]:
    """Ratings, mask and columns as one replicate, people in the order of their first row."""
    person, _ = pd.factorize(column(used, subject))
    place = {level: k for k, level in enumerate(visits)}
    when = np.array([place[level] for level in column(used, visit)])
    shape = (1, int(person.max()) + 1, len(visits))
    y, seen, columns = np.zeros(shape), np.zeros(shape, dtype=bool), np.zeros((*shape, matrix.shape[1]))
    y[0, person, when] = column(used, outcome).to_numpy(dtype=np.float64)
    seen[0, person, when] = True
    columns[0, person, when] = matrix
    return y, seen, columns
