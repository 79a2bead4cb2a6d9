"""Uniform: whether ranks are uniform: one test per quantity, sensitive to bias and to spread alike, and Holm's correction over all.

The test statistic is the least likely height of the rank's distribution function (sailynoja-2022); its law under uniform ranks is simulated,
so no large-sample formula is trusted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from racemate.people import random

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
SIMULATED = 20_000
"""Sets of uniform ranks from which the law of the statistic is taken: the least p-value it can give is one in as many."""
LEVEL = 0.05
"""Chance that a right inference fails on any of its quantities."""
_SEED = 1
_BATCH = 1000


def p_values(ranks: Whole, highest: int) -> Floats:
    """Chance of ranks as uneven as these, one per column; ``ranks`` (sets, quantities) are whole numbers from 0 to ``highest``."""
    sets = len(ranks)
    table = _tails(sets, highest)
    seen = np.array([_least(column[None], table)[0] for column in ranks.T])
    null = np.sort(np.concatenate([_least(part, table) for part in _uniform(sets, highest)]))
    return (1 + np.searchsorted(null, seen, side="right")) / (1 + len(null))


def holm(p: Floats) -> Floats:
    """p-values corrected for looking at all of them (holm-1979): their chance of one false alarm or more."""
    order = np.argsort(p)
    scaled = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    out = np.empty_like(scaled)
    out[order] = np.minimum(scaled, 1.0)
    return out


def band(sets: int, highest: int, quantities: int) -> tuple[Floats, Floats]:
    """Least and largest count of ranks at or below each of 0 to ``highest`` - 1 that pass when that many quantities are looked at."""
    table = _tails(sets, highest)
    null = np.concatenate([_least(part, table) for part in _uniform(sets, highest)])
    limit = np.quantile(null, LEVEL / quantities)
    passing = table >= limit
    return passing.argmax(axis=0).astype(float), sets - passing[::-1].argmax(axis=0).astype(float)


def _tails(sets: int, highest: int) -> Floats:
    """Two-sided chance of each count at or below each rank, shape (sets + 1, highest)."""
    share = np.arange(1, highest + 1) / (highest + 1)
    count = np.arange(sets + 1)[:, None]
    return 2 * np.minimum(binom.cdf(count, sets, share), binom.sf(count - 1, sets, share))


def _least(ranks: Whole, table: Floats) -> Floats:
    """The least likely height over all ranks, per set of ranks of shape (many, sets)."""
    highest = table.shape[1]
    below = np.stack([(ranks <= rank).sum(axis=1) for rank in range(highest)], axis=1)
    return table[below, np.arange(highest)].min(axis=1)


def _uniform(sets: int, highest: int) -> list[Whole]:
    draws = np.arange(SIMULATED)
    out = []
    for start in range(0, SIMULATED, _BATCH):
        u = random.uniform(_SEED, "check:uniform", draws[start : start + _BATCH, None], np.arange(sets)[None])
        out.append((u * (highest + 1)).astype(np.int64))
    return out
