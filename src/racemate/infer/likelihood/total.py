"""Total: how likely all targets are at once.

Means of one trial are jointly normal: their sizes of error are the published ones, their correlation is what the model predicts between
times of one arm.  Spreads are chi-squared, shares (of relapse too) binomial with the weight their people leave, scans normal.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import xlogy
from numpy.typing import NDArray

from racemate.infer.likelihood.cells import Sheet
from racemate.infer.likelihood.predict import Answer, Predictor
from racemate.infer.targets.target import Target, Targets

Floats = NDArray[np.float64]
_EDGE = 1e-6
"""A predicted share is kept this far from 0 and 1, so that one person cannot make the likelihood infinite."""
_LOOSE = 1e-6
"""Added to the diagonal of a correlation matrix so that its factor exists."""


@dataclass(frozen=True)
class Table:
    """Targets of one kind as arrays: ``rows`` (their places among all targets), coefficients on cells, and what was seen."""

    rows: NDArray[np.int64]
    terms: Floats
    value: Floats
    error: Floats
    n: Floats
    weight: Floats
    change: NDArray[np.bool_]
    adjust: Floats
    """Adjustment for baseline, per unit of slope: points by which the arm entered better than all arms together."""
    pooled: Floats
    """Weights of cells in the slope of the trial at that time."""
    remission: NDArray[np.bool_]
    relapse: NDArray[np.int64]
    """Place among the targets on relapse; below zero for any other."""


@dataclass(frozen=True)
class Likelihood:
    """Log likelihood of the targets of one card; built by `likelihood`."""

    targets: tuple[Target, ...]
    predictor: Predictor
    means: Table
    spreads: Table
    shares: Table
    effects: Table
    scans: Table

    @property
    def size(self) -> int:
        """Length of the vector of unknowns."""
        return self.predictor.unknowns.size

    def pointwise(self, place: Any) -> Any:
        """Log likelihood of each target, shape (targets,); of correlated means, given those before them in the same arm."""
        seen = self.predictor(place)
        out = jnp.zeros(len(self.targets))
        for table, found in (
            (self.means, _normal(self.means, seen)),
            (self.spreads, _chi(self.spreads, seen)),
            (self.shares, _binomial(self.shares, seen)),
            (self.effects, _effect(self.effects, seen)),
            (self.scans, _scan(self.scans, seen)),
        ):
            out = out.at[table.rows].set(found)
        return out

    def log_likelihood(self, place: Any) -> Any:
        """Log likelihood of everything."""
        return self.pointwise(place).sum()

    def log_density(self, place: Any) -> Any:
        """Log posterior density up to a constant."""
        return self.log_likelihood(place) - (place**2).sum() / 2

    def fitted(self, place: Any) -> Any:
        """Expected value of each target, shape (targets,)."""
        seen = self.predictor(place)
        out = jnp.zeros(len(self.targets))
        for table, found in (
            (self.means, _mean(self.means, seen)),
            (self.spreads, _spread(self.spreads, seen)),
            (self.shares, _share(self.shares, seen)),
            (self.effects, _standardised(self.effects, seen)),
            (self.scans, _risen(self.scans, seen)),
        ):
            out = out.at[table.rows].set(found)
        return out

    @cached_property
    def value_and_grad(self) -> Any:
        """Compiled log density and its gradient."""
        return jax.jit(jax.value_and_grad(self.log_density))


def likelihood(targets: Targets, predictor: Predictor) -> Likelihood:
    """Bring targets and predictor together."""
    every = targets.targets
    kinds = ("mean", "sd", "share", "effect-size", "scan")
    tables = [
        _table(targets, predictor.cells, [k for k, one in enumerate(every) if one.kind == kind]) for kind in kinds
    ]
    return Likelihood(every, predictor, *tables)


def _table(targets: Targets, cells: Sheet, rows: list[int]) -> Table:
    chosen = [targets.targets[k] for k in rows]
    told = np.array([one.course is not None for one in chosen], dtype=np.int64)
    terms, pooled = np.zeros((len(rows), len(cells.cells))), np.zeros((len(rows), len(cells.cells)))
    adjust = np.zeros(len(rows))
    for k, one in enumerate(chosen):
        for arm, coefficient in one.terms:
            terms[k, cells.index(one.trial, arm, one.hour, one.outcome)] = coefficient
        if one.adjusted:
            pooled[k], adjust[k] = _adjustment(targets, cells, one)
    return Table(
        rows=np.array(rows, dtype=np.int64),
        terms=terms,
        value=np.array([one.value for one in chosen]),
        error=np.array([one.error for one in chosen]),
        n=np.array([one.n for one in chosen]),
        weight=np.array([one.weight for one in chosen]),
        change=np.array([one.from_baseline for one in chosen], dtype=bool),
        adjust=adjust,
        pooled=pooled,
        remission=np.array([one.statistic == "remission" for one in chosen], dtype=bool),
        relapse=np.cumsum(told) * told - 1,
    )


def _adjustment(targets: Targets, cells: Sheet, one: Target) -> tuple[Floats, float]:
    """Weights of the slope (people per arm at that time) and the imbalance at baseline that an adjusted mean takes out."""
    people = {arm.name: float(arm.n or 1) for arm in targets.protocols[one.trial].conditions}
    here = {
        cell.arm: k
        for k, cell in enumerate(cells.cells)
        if (cell.trial, cell.hour, cell.scale) == (one.trial, one.hour, one.outcome)
    }
    total = sum(people[arm] for arm in here)
    weights = np.zeros(len(cells.cells))
    for arm, k in here.items():
        weights[k] = people[arm] / total
    if len({cells.entry_scale[k] for k in here.values()} | {cells.scale[k] for k in here.values()}) > 1:
        return weights, 0.0
    everyone = float(weights @ cells.entry_mean)
    return weights, sum(c * (everyone - float(cells.entry_mean[here[arm]])) for arm, c in one.terms)


def _mean(t: Table, seen: Answer) -> Any:
    plain = jnp.where(t.change, t.terms @ seen.change, t.terms @ seen.level)
    return plain + t.adjust * (t.pooled @ seen.slope)


def _normal(t: Table, seen: Answer) -> Any:
    if not t.rows.size:
        return jnp.zeros(0)
    predicted = t.terms @ seen.covariance @ t.terms.T
    size = jnp.sqrt(jnp.diagonal(predicted))
    correlation = predicted / jnp.outer(size, size)
    eye = np.eye(t.rows.size)
    shape = jnp.linalg.cholesky((correlation + _LOOSE * eye) / (1 + _LOOSE)) * t.error[:, None]
    left = jax.scipy.linalg.solve_triangular(shape, t.value - _mean(t, seen), lower=True)
    return -(left**2) / 2 - jnp.log(jnp.diagonal(shape)) - np.log(2 * np.pi) / 2


def _spread(t: Table, seen: Answer) -> Any:
    return jnp.where(t.change, t.terms @ seen.sd_change, t.terms @ seen.sd_level)


def _chi(t: Table, seen: Answer) -> Any:
    """Law of a sample standard deviation, on its log scale: chi-squared with n - 1 degrees of freedom."""
    freedom = t.n - 1
    ratio = 2 * jnp.log(t.value / _spread(t, seen))
    constant = np.log(2) + freedom / 2 * np.log(freedom / 2) - jax.scipy.special.gammaln(freedom / 2)
    return constant + freedom / 2 * (ratio - jnp.exp(ratio))


def _share(t: Table, seen: Answer) -> Any:
    found = jnp.where(t.remission, t.terms @ seen.remission, t.terms @ seen.response)
    if (t.relapse >= 0).any():
        found = jnp.where(t.relapse >= 0, seen.relapse[np.maximum(t.relapse, 0)], found)
    return jnp.clip(found, _EDGE, 1 - _EDGE)


def _binomial(t: Table, seen: Answer) -> Any:
    p, gammaln = _share(t, seen), jax.scipy.special.gammaln
    events = t.value * t.n
    ways = gammaln(t.n + 1) - gammaln(events + 1) - gammaln(t.n - events + 1)
    return t.weight * (ways + xlogy(events, p) + xlogy(t.n - events, 1 - p))


def _standardised(t: Table, seen: Answer) -> Any:
    """Difference of two changes over their pooled standard deviation."""
    variance = (t.terms**2 @ seen.sd_change**2) / jnp.maximum((t.terms**2).sum(axis=1), 1.0)
    return (t.terms @ seen.change) / jnp.sqrt(jnp.maximum(variance, _EDGE))


def _effect(t: Table, seen: Answer) -> Any:
    left = (t.value - _standardised(t, seen)) / t.error
    return -(left**2) / 2 - np.log(t.error) - np.log(2 * np.pi) / 2


def _risen(t: Table, seen: Answer) -> Any:
    """Rise that each scan sees, percent."""
    return seen.scan[0] if t.rows.size else jnp.zeros(0)


def _scan(t: Table, seen: Answer) -> Any:
    """Normal; what the surrogate of scans misses adds to the error that was printed."""
    if not t.rows.size:
        return jnp.zeros(0)
    variance = t.error**2 + seen.scan[1] ** 2
    return -((t.value - seen.scan[0]) ** 2) / (2 * variance) - jnp.log(2 * np.pi * variance) / 2
