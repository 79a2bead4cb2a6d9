"""Tables: a fit as a person reads it: what was learned about each number, and every target beside what the card says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from racemate.infer.fit import Fit
from racemate.infer.targets.target import Target
from racemate.people import random

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
ENDS = (0.05, 0.5, 0.95)
"""Quantiles of every interval shown: 90 % of the draws and their median."""
MOST_DRAWS = 800
"""Draws used for predictions; a Monte-Carlo error of a thirtieth of a standard deviation."""


def parameters(fit: Fit) -> pd.DataFrame:
    """One row per named unknown: prior and posterior median with 90 % interval, and how much was learned.

    ``sd_ratio`` is posterior over prior standard deviation on the scale of the prior's law: 1 means that the trials said nothing.
    """
    import pandas as pd

    known = fit.likelihood.predictor.unknowns
    before = known.natural(np.repeat(ndtri(ENDS)[None], len(known.names), axis=0), np)
    after = np.quantile(fit.natural, ENDS, axis=0).T
    ratio = fit.place[:, : len(known.names)].std(axis=0)
    size = len(known.names)
    return pd.DataFrame(
        {
            "parameter": known.names,
            **{f"prior_{name}": before[:, k] for k, name in enumerate(("low", "median", "high"))},
            **{f"posterior_{name}": after[:, k] for k, name in enumerate(("low", "median", "high"))},
            "sd_ratio": ratio,
            "rhat": fit.verdict.rhat[:size],
            "ess": fit.verdict.ess[:size],
        }
    )


def thinned(fit: Fit, most: int = MOST_DRAWS) -> Floats:
    """Evenly spaced draws, shape (draws, size)."""
    every = fit.place
    return every[np.linspace(0, len(every) - 1, min(most, len(every))).astype(int)]


def expected(fit: Fit, place: Floats) -> Floats:
    """Expected value of every target under each draw, shape (draws, targets)."""
    import jax

    return np.asarray(jax.jit(lambda z: jax.lax.map(fit.likelihood.fitted, z))(place))


def predicted(fit: Fit, fitted: Floats) -> Floats:
    """A new value of every target under each draw, with the chance of so few people; same shape."""
    seed = int(fit.manifest["seed"])
    out = np.empty_like(fitted)
    for k, one in enumerate(fit.targets.targets):
        u = random.uniform(seed, f"fit:{one.trial}:{one.line}:{one.kind}", np.arange(len(fitted)))
        out[:, k] = _chance(one, fitted[:, k], u)
    return out


def _chance(one: Target, value: Floats, u: Floats) -> Floats:
    """A sample statistic around its expected value, by inversion."""
    from scipy.stats import binom, chi2

    if one.kind == "sd":
        return value * np.sqrt(chi2.ppf(u, one.n - 1) / (one.n - 1))
    if one.kind == "share":
        return binom.ppf(u, int(one.n), value) / one.n
    return value + one.error * ndtri(u)


def targets(fit: Fit) -> pd.DataFrame:
    """One row per target: observed, expected with 90 % interval, 90 % predictive interval, z, and whether the interval covers."""
    import pandas as pd

    fitted = expected(fit, thinned(fit))
    drawn = predicted(fit, fitted)
    low, middle, high = np.quantile(fitted, ENDS, axis=0)
    least, _, most = np.quantile(drawn, ENDS, axis=0)
    seen = np.array([one.value for one in fit.targets.targets])
    fields = ("trial", "arm", "outcome", "statistic", "hour", "kind", "n", "weight")
    return pd.DataFrame(
        {
            **{name: [getattr(one, name) for one in fit.targets.targets] for name in fields},
            "observed": seen,
            "fitted": middle,
            "fitted_low": low,
            "fitted_high": high,
            "predicted_low": least,
            "predicted_high": most,
            "z": (seen - drawn.mean(axis=0)) / drawn.std(axis=0),
            "covered": (least <= seen) & (seen <= most),
        }
    )


def coverage(table: pd.DataFrame) -> float:
    """Share of arm-time means inside their 90 % predictive interval."""
    return float(table.loc[table["kind"] == "mean", "covered"].mean())
