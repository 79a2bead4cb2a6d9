"""Structure: how the errors of one person covary over visits, as a matrix of few parameters.

Parameters are those of SAS PROC MIXED, up to a linear change, so that second derivatives, and with them Kenward and Roger's standard
errors, are those of SAS: variances, covariances and correlations, never their logarithms (wolfinger-1996; kenward-roger-1997).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from racemate.trial.analysis.mmrm.state import FitError

Floats = NDArray[np.float64]
STRUCTURES = {
    "us": "unstructured: a variance per visit and a covariance per pair of visits",
    "toep": "Toeplitz: one variance, a covariance per distance between visits",
    "toeph": "heterogeneous Toeplitz: a variance per visit, a correlation per distance",
    "ar1": "autoregressive: one variance, the correlation is a power of the distance",
    "ar1h": "heterogeneous autoregressive: a variance per visit, the correlation is a power of the distance",
    "cs": "compound symmetry: one variance, one covariance",
    "csh": "heterogeneous compound symmetry: a variance per visit, one correlation",
}
"""Covariance structures; distance is the number of visits between two ratings, not time."""
_LEAST = 0.05
"""Smallest eigenvalue of the correlation from which a search starts: well inside, so that the first step has room."""
_STEEPEST = 0.9
"""Largest autoregression from which a search starts, for the same reason."""


def known(name: str) -> str:
    """The name itself; FitError for a structure that is not one of `STRUCTURES`."""
    if name not in STRUCTURES:
        raise FitError(f"structure: found {name!r}, allowed: {', '.join(STRUCTURES)}")
    return name


def heterogeneous(name: str) -> bool:
    """Whether every visit has its own variance."""
    return name in ("toeph", "ar1h", "csh")


def lags(visits: int) -> NDArray[np.intp]:
    """Distance between visits, shape (visits, visits)."""
    return np.abs(np.subtract.outer(np.arange(visits), np.arange(visits)))


def labels(name: str, visits: int) -> tuple[str, ...]:
    """What each parameter is; visits count from 1."""
    if name == "us":
        return tuple(f"cov({u + 1},{v + 1})" for u, v in zip(*np.tril_indices(visits), strict=True))
    first = tuple(f"var({u + 1})" for u in range(visits)) if heterogeneous(name) else ("variance",)
    kind = "correlation" if heterogeneous(name) or name == "ar1" else "covariance"
    if visits == 1:
        return first
    return first + (tuple(f"{kind}({lag})" for lag in range(1, visits)) if name.startswith("toep") else (kind,))


def covariance(name: str, theta: Any, visits: int, xp: Any) -> Any:
    """Covariance over visits, shape (visits, visits), of parameters ``theta``, shape (parameters,); ``xp`` is numpy or jax.numpy."""
    if name == "us":
        row, column = np.indices((visits, visits))
        low, high = np.minimum(row, column), np.maximum(row, column)
        return theta[high * (high + 1) // 2 + low]
    own = visits if heterogeneous(name) else 1
    by_lag = _by_lag(name, theta[own:], visits, xp)
    if heterogeneous(name):
        sd = xp.sqrt(theta[:own])
        return xp.concatenate([xp.ones(1), by_lag])[lags(visits)] * xp.outer(sd, sd)
    scaled = theta[0] * by_lag if name == "ar1" else by_lag
    return xp.concatenate([theta[:1], scaled])[lags(visits)]


def _by_lag(name: str, shape: Any, visits: int, xp: Any) -> Any:
    """Correlation (or covariance) at distance 1, 2, ...; shape (visits - 1,)."""
    if name.startswith("toep") or visits == 1:
        return shape
    repeated = xp.concatenate([shape] * (visits - 1))
    return xp.cumprod(repeated) if name.startswith("ar1") else repeated


def start(name: str, moments: Floats) -> Floats:
    """Parameters from which a search starts, shape (replicates, parameters), given moments of shape (replicates, visits, visits)."""
    visits = moments.shape[-1]
    moments = inside(moments)
    variance = np.einsum("rvv->rv", moments)
    if name == "us":
        return moments[:, *np.tril_indices(visits)]
    sd = np.sqrt(variance)
    correlation = moments / (sd[:, :, None] * sd[:, None, :])
    distance = lags(visits)
    if visits == 1:
        return variance
    if name.startswith("ar1"):
        shape = np.clip(correlation[:, distance == 1].mean(axis=1, keepdims=True), -_STEEPEST, _STEEPEST)
    elif name.startswith("toep"):
        shape = np.stack([correlation[:, distance == lag].mean(axis=1) for lag in range(1, visits)], axis=1)
        shape = inside(np.concatenate([np.ones((len(shape), 1)), shape], axis=1)[:, distance])[:, 0, 1:]
    else:
        shape = correlation[:, distance > 0].mean(axis=1, keepdims=True)
    if heterogeneous(name):
        return np.concatenate([variance, shape], axis=1)
    common = variance.mean(axis=1, keepdims=True)
    return np.concatenate([common, shape if name == "ar1" else shape * common], axis=1)


def inside(moments: Floats) -> Floats:
    """Moments with their correlations shrunk just enough to be well conditioned, shape (..., visits, visits)."""
    eye = np.eye(moments.shape[-1])
    sd = np.sqrt(np.einsum("...vv->...v", moments))
    scale = sd[..., :, None] * sd[..., None, :]
    least = np.linalg.eigvalsh(moments / scale)[..., 0]
    share = np.where(least < _LEAST, (_LEAST - least) / np.where(least < _LEAST, 1 - least, 1.0), 0.0)
    return moments * np.where(eye > 0, 1.0, 1 - share[..., None, None])
