"""Rubin: estimates of several imputed data sets made one (Rubin 1987), with the degrees of freedom of Barnard and Rubin (1999)."""

import numpy as np
from numpy.typing import NDArray

from racemate.trial.analysis.statistics import Comparison, divide, tested

Floats = NDArray[np.float64]
_FEWEST = 2


def pooled(estimates: Floats, variances: Floats, df: Floats) -> Comparison:
    """One comparison from estimates and squared standard errors of shape (imputations, replicates).

    ``df`` are the degrees of freedom of the complete data, shape (replicates,).  Raises ValueError for fewer than two imputations.
    """
    m = len(estimates)
    if m < _FEWEST:
        raise ValueError(f"imputations: found {m}, allowed: {_FEWEST} or more")
    within, between = variances.mean(axis=0), estimates.var(axis=0, ddof=1)
    added = (1 + 1 / m) * between
    total = within + added
    lost = divide(added, total)
    # Without any difference between imputations nothing was missing: the degrees of freedom are those of complete data.
    certain = (df + 1) / (df + 3) * df * (1 - lost)
    old = divide(m - 1.0, lost**2)
    freedom = np.where(lost > 0, divide(old * certain, old + certain), certain)
    return tested(estimates.mean(axis=0), np.sqrt(total), freedom)
