"""Reweigh: from the posterior to a neighbouring one, and how far the evidence moves on the way.

Draws get importance weights, smoothed, and k-hat says whether they may be believed (vehtari-2017).  Where they may not, draws are carried from
one posterior to the other through powers of their ratio (`racemate.infer.temper`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from racemate.infer.temper import climb, joined, rung

Floats = NDArray[np.float64]
DOUBTFUL_K = 0.7
"""Limit of k-hat above which importance weights are not to be believed (vehtari-2017)."""
_RUNS, _PARTICLES = 4, 32
"""Repetitions, and draws carried in each, where a way is tempered: both ends are near each other, so few will do."""


class Moved(NamedTuple):
    """Per way to a neighbouring posterior: log ratio of its norm to the posterior's, Monte-Carlo error and k-hat; shapes (ways,)."""

    gain: Floats
    error: Floats
    k_hat: Floats


def weighed(ratio: Floats) -> Moved:
    """By importance weights; ``ratio`` (draws, ways) are log ratios of both densities, without norms, at draws of the posterior."""
    from arviz_stats.base.array import array_stats

    gain, error, k_hat = np.zeros((3, ratio.shape[1]))
    for w, column in enumerate(ratio.T):
        weight, k = array_stats.psislw(-column)
        weight = np.asarray(weight) - np.logaddexp.reduce(weight)
        lost = np.logaddexp.reduce(weight - column)
        away = np.exp(-column - lost) - 1
        gain[w], error[w], k_hat[w] = -lost, np.sqrt((np.exp(weight) ** 2 * away**2).sum()), float(k)
    return Moved(gain, error, k_hat)


def tempered(
    moved: Moved, place: Floats, log_density: Callable[[Any], Any], ratio: Callable[[Any], Any], seed: int
) -> Moved:
    """Go those ways anew whose importance weights are not to be believed.

    ``place`` (draws, size) holds draws of the posterior, ``log_density`` is its log; ``ratio`` is traced by jax and gives the log ratios of a
    place, shape (ways,).  Raises FloatingPointError when the other posterior is not reached.
    """
    import jax

    doubtful = np.flatnonzero(moved.k_hat > DOUBTFUL_K)
    if not doubtful.size:
        return moved
    step = rung(lambda w: (log_density, lambda at: ratio(at)[w]))
    rows = np.linspace(0, len(place) - 1, min(_RUNS * _PARTICLES, len(place))).astype(int)
    variance = place.var(axis=0)
    gain, error = moved.gain.copy(), moved.error.copy()
    for w in doubtful:
        keys = jax.random.split(jax.random.fold_in(jax.random.key(seed), int(w)), _RUNS)
        runs = np.array([climb(step, key, place[rows[r::_RUNS]], variance, int(w))[0] for r, key in enumerate(keys)])
        gain[w], error[w] = joined(runs)
    return Moved(gain, error, moved.k_hat)
