"""Inference: contrasts of the fixed effects, with degrees of freedom by Satterthwaite or by Kenward and Roger.

One degree of freedom of numerator: ``2 v^2 / (g' W g)`` with v the variance of the contrast from the model, g its gradient with respect
to the covariance parameters and W their covariance (satterthwaite-1946); Kenward and Roger's degrees of freedom are then the same, and
only their standard error differs.  Several: fai-cornelius-1996, and kenward-roger-1997 respectively.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc, stdtr, stdtrit

from racemate.trial.analysis.mmrm.search import Estimates
from racemate.trial.analysis.mmrm.state import FitError, State

Floats = NDArray[np.float64]
METHODS = {
    "satterthwaite": "standard errors from the model, Satterthwaite's degrees of freedom",
    "kr": "Kenward and Roger's standard errors and degrees of freedom",
    "kr-linear": "the same without second derivatives of the covariance, as ddfm=kr(linear) of SAS",
}
"""How standard errors and degrees of freedom are computed."""
_RANK = 1e-10
"""Share of the largest eigenvalue below which rows of a joint test repeat each other."""
_ALIKE = 1e-8
"""Relative difference below which the degrees of freedom of all rows are one number."""


class Contrast(NamedTuple):
    """Contrasts, each field of shape (replicates, contrasts); nan in a replicate whose state is not converged."""

    estimate: Floats
    se: Floats
    df: Floats
    t: Floats
    p: Floats
    """Two-sided."""
    low: Floats
    high: Floats


class Joint(NamedTuple):
    """An F test that several contrasts are all zero."""

    f: float
    df: float
    """Degrees of freedom of the numerator."""
    df_error: float
    p: float


def adjustment(method: str) -> str | None:
    """What a method asks of the search; FitError for a method that is not one of `METHODS`."""
    if method not in METHODS:
        raise FitError(f"df: found {method!r}, allowed: {', '.join(METHODS)}")
    return None if method == "satterthwaite" else method


def contrast(found: Estimates, rows: Floats, level: float = 0.95) -> Contrast:
    """Estimate, standard error, degrees of freedom, t, p and interval of each of ``rows`` (contrasts, p) in every replicate."""
    fitted = (found.state == State.CONVERGED)[:, None]
    variance = _quadratic(rows, found.fixed)
    gradient = np.einsum("ca,rmab,cb->rcm", rows, found.turn, rows, optimize=True)
    spread = np.einsum("rcm,rmn,rcn->rc", gradient, found.spreads, gradient, optimize=True)
    ready = fitted & (variance > 0) & (spread > 0)
    df = np.where(ready, 2 * variance**2 / np.where(ready, spread, 1.0), np.nan)
    se = np.where(ready, np.sqrt(np.where(ready, _quadratic(rows, found.used), 1.0)), np.nan)
    estimate = np.where(fitted, found.beta @ rows.T, np.nan)
    t = estimate / se
    filled = np.where(ready, df, 1.0)
    p = np.where(ready, 2 * stdtr(filled, -np.abs(np.where(ready, t, 0.0))), np.nan)
    reach = np.where(ready, stdtrit(filled, (1 + level) / 2), np.nan) * se
    return Contrast(estimate, se, df, t, p, estimate - reach, estimate + reach)


def _quadratic(rows: Floats, matrix: Floats) -> Floats:
    return np.einsum("ca,rab,cb->rc", rows, matrix, rows, optimize=True)


def joint(found: Estimates, rows: Floats, method: str) -> Joint:
    """F test that all ``rows`` (contrasts, p) are zero in the first replicate; rows that repeat others count once."""
    return _satterthwaite(found, rows) if adjustment(method) is None else _kenward_roger(found, rows)


def _satterthwaite(found: Estimates, rows: Floats) -> Joint:
    eigen, vectors = np.linalg.eigh(rows @ found.fixed[0] @ rows.T)
    keep = eigen > _RANK * eigen.max()
    apart = vectors[:, keep].T @ rows
    one = contrast(found, apart)
    count, df = len(apart), one.df[0]
    f = float((one.t[0] ** 2).mean())
    if np.ptp(df) <= _ALIKE * df.max():
        error = float(df.mean())
    elif (df <= 2).any():
        error = 2.0
    else:
        expected = (df / (df - 2)).sum()
        error = float(2 * expected / (expected - count))
    return Joint(f, float(count), error, float(fdtrc(count, error, f)))


def _kenward_roger(found: Estimates, rows: Floats) -> Joint:
    eigen, vectors = np.linalg.eigh(rows @ found.fixed[0] @ rows.T)
    apart = vectors[:, eigen > _RANK * eigen.max()].T @ rows
    count = len(apart)
    inner = apart.T @ np.linalg.solve(apart @ found.fixed[0] @ apart.T, apart)
    # found.turn is -F P_i F, F and P_i being those of the paper; the sign leaves both sums as they are.
    turned = np.einsum("ab,mbc->mac", inner, found.turn[0])
    trace = np.einsum("maa->m", turned)
    w = found.spreads[0]
    first = trace @ w @ trace
    second = float(np.einsum("mn,mab,nba->", w, turned, turned))
    b = (first + 6 * second) / (2 * count)
    g = ((count + 1) * first - (count + 4) * second) / ((count + 2) * second)
    over = 3 * count + 2 * (1 - g)
    c1, c2, c3 = g / over, (count - g) / over, (count + 2 - g) / over
    mean = 1 / (1 - second / count)
    variance = 2 / count * (1 + c1 * b) / ((1 - c2 * b) ** 2 * (1 - c3 * b))
    ratio = variance / (2 * mean**2)
    error = 4 + (count + 2) / (count * ratio - 1)
    scale = error / (mean * (error - 2))
    beta = apart @ found.beta[0]
    f = float(scale * beta @ np.linalg.solve(apart @ found.used[0] @ apart.T, beta) / count)
    return Joint(f, float(count), float(error), float(fdtrc(count, error, f)))
