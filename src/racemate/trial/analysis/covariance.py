"""Covariance: analysis of covariance with any number of covariates and strata, for all replicates at once.

Ordinary least squares with the classical covariance (equal variances).  Scores have shape (replicates, people), arms are whole numbers
from 0, and a mask says who counts.  Adjusted means stand at the mean of each covariate and at the observed mix of the strata (observed
margins), so they are those of the people at hand; a difference of arms does not depend on that choice.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc

from racemate.trial.analysis.statistics import Comparison, count, divide, mean, tested

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Whole = NDArray[np.int64]
ESTIMABLE = 1e-6
"""Largest departure at which a contrast still counts as lying in the row space of the design: rounding of 64-bit sums stays far below."""
_RANK = 1e-10
"""Share of the largest eigenvalue of the crossproducts below which a direction counts as empty."""


class Fit(NamedTuple):
    """A linear model fitted in every replicate; coefficients of arms come first."""

    coefficients: Floats
    """Shape (replicates, columns)."""
    inverse: Floats
    """Inverse (or pseudo-inverse) of the crossproducts, shape (replicates, columns, columns)."""
    span: Floats
    """Projection on the row space of the scaled design: what can be estimated, shape (replicates, columns, columns)."""
    scale: Floats
    """Length of each column, shape (replicates, columns)."""
    residual: Floats
    """Residual sum of squares, shape (replicates,)."""
    df: Floats
    """Residual degrees of freedom, shape (replicates,)."""


class Ratio(NamedTuple):
    """An F test: statistic, its two degrees of freedom and p, each of shape (replicates,)."""

    f: Floats
    df: Floats
    df_residual: Floats
    p: Floats


def analysed(
    y: Floats,
    arm: Whole,
    mask: Mask,
    covariates: Sequence[Floats] = (),
    strata: Sequence[Whole] = (),
    *,
    slopes: bool = False,
) -> Fit:
    """Fit y on arm, covariates and strata among those who count; ``slopes`` gives every arm its own slope on each covariate.

    Strata are factors: whole numbers of shape (replicates, people), one column per level after the first.
    """
    arms = [(arm == k) & mask for k in range(int(arm.max()) + 1)]
    shared = [_centred(x, mask) for x in covariates]
    columns = [column.astype(np.float64) for column in arms]
    columns += [np.where(a, x, 0.0) for x in shared for a in arms] if slopes else shared
    for factor in strata:
        columns += [_centred((factor == level).astype(np.float64), mask) for level in np.unique(factor)[1:]]
    return least_squares(np.stack(columns, axis=-1), y, mask)


def _centred(x: Floats, mask: Mask) -> Floats:
    return np.where(mask, x - np.nan_to_num(mean(x, mask))[..., None], 0.0)


def least_squares(design: Floats, y: Floats, mask: Mask) -> Fit:
    """Least squares of y (replicates, people) on a design (replicates, people, columns), among those who count."""
    x = np.where(mask[..., None], design, 0.0)
    z = np.where(mask, y, 0.0)
    scale = np.sqrt((x**2).sum(axis=-2))
    scale = np.where(scale > 0, scale, 1.0)
    x = x / scale[..., None, :]
    crossed = np.einsum("rpi,rpj->rij", x, x, optimize=True)
    values, vectors = np.linalg.eigh(crossed)
    kept = values > _RANK * values[..., -1:]
    turned = np.where(kept[..., None, :], vectors, 0.0)
    inverse = np.einsum("rik,rk,rjk->rij", turned, np.where(kept, 1 / np.where(kept, values, 1.0), 0.0), turned)
    span = np.einsum("rik,rjk->rij", turned, turned)
    beta = np.einsum("rij,rj->ri", inverse, np.einsum("rpi,rp->ri", x, z))
    residual = ((z - np.einsum("rpi,ri->rp", x, beta)) ** 2).sum(axis=-1)
    df = count(mask) - kept.sum(axis=-1)
    return Fit(beta / scale, inverse / scale[..., None, :] / scale[..., :, None], span, scale, residual, df)


def contrast(fit: Fit, weights: Floats) -> Comparison:
    """A weighted sum of coefficients with its t test; nan where the design cannot tell it."""
    w = np.zeros(fit.coefficients.shape[-1])
    w[: len(weights)] = weights
    scaled = w / fit.scale
    outside = np.einsum("rij,rj->ri", fit.span, scaled) - scaled
    told = np.abs(outside).max(axis=-1) < ESTIMABLE * np.abs(scaled).max(axis=-1)
    variance = divide(fit.residual, np.maximum(fit.df, 0)) * np.einsum("i,rij,j->r", w, fit.inverse, w)
    value = np.where(told, fit.coefficients @ w, np.nan)
    return tested(value, np.sqrt(np.where(told, variance, np.nan)), fit.df)


def adjusted_mean(fit: Fit, arm: int) -> Comparison:
    """Least-squares mean of an arm, with its standard error and its test against zero."""
    weights = np.zeros(fit.coefficients.shape[-1])
    weights[arm] = 1.0
    return contrast(fit, weights)


def compared(fit: Fit, first: int, second: int) -> Comparison:
    """First minus second adjusted mean."""
    weights = np.zeros(fit.coefficients.shape[-1])
    weights[first], weights[second] = 1.0, -1.0
    return contrast(fit, weights)


def larger_fits_better(smaller: Fit, larger: Fit) -> Ratio:
    """Extra-sum-of-squares F test of two nested fits, such as one slope for all arms against one for each."""
    df = smaller.df - larger.df
    error = divide(larger.residual, np.maximum(larger.df, 0))
    f = divide(divide(smaller.residual - larger.residual, df), error)
    ready = np.isfinite(f) & (df > 0) & (larger.df > 0)
    p = fdtrc(np.where(ready, df, 1.0), np.where(ready, larger.df, 1.0), np.maximum(np.where(ready, f, 0.0), 0.0))
    return Ratio(f, df, larger.df, np.where(ready, p, np.nan))
