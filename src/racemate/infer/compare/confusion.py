"""Confusion: which card wins when another one is true: the yardstick for every gap between cards.

For each card the trials are simulated anew from draws of its posterior, and every card is scored on them by the same quick method.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from racemate.infer.compare.fitted import Fitted
from racemate.infer.compare.quick import Score, published
from racemate.infer.compare.synthetic import new_studies, synthetic

Floats = NDArray[np.float64]
Progress = Callable[[str, int, int], None]
SETS = 4
"""Simulated evidence bases per card: enough to see that cards are confused, not to state a rate to better than a fifth."""
THREADS = 4
"""Cards worked on side by side."""


@dataclass(frozen=True)
class Confusion:
    """``score`` (true cards, sets, cards): quick log evidence; ``effective`` likewise; ``real`` each card's score on what was published."""

    cards: tuple[str, ...]
    score: Floats
    effective: Floats
    real: tuple[Score, ...]

    def winners(self) -> NDArray[np.int64]:
        """How often each card scored highest, shape (true cards, cards)."""
        best = self.score.argmax(axis=2)
        return np.array([[int((row == k).sum()) for k in range(len(self.cards))] for row in best], dtype=np.int64)

    def lead(self) -> Floats:
        """Log units by which the best wrong card beats the true one (below zero: the true one wins), shape (true cards, sets)."""
        out = np.empty(self.score.shape[:2])
        for k in range(len(self.cards)):
            out[k] = np.delete(self.score[k], k, axis=1).max(axis=1) - self.score[k, :, k]
        return out


def confuse(fitted: Sequence[Fitted], seed: int, sets: int = SETS, progress: Progress | None = None) -> Confusion:
    """Simulate from every card and score with every card; cards are scored side by side."""
    base = [(one, k) for one in fitted for k in range(sets)]
    every = np.stack([_set(one, seed, k, sets) for one, k in base])
    told: list[list[Score]] = []
    with ThreadPoolExecutor(THREADS) as pool:
        for found in pool.map(lambda one: _scores(one, every), fitted):
            told.append(found)
            if progress is not None:
                progress("simulated evidence", len(told), len(fitted))
    by_card = np.array([[one.log_evidence for one in row[1:]] for row in told])
    effective = np.array([[one.effective for one in row[1:]] for row in told])
    shape = (len(fitted), len(fitted), sets)
    return Confusion(
        tuple(one.card for one in fitted),
        by_card.reshape(shape).transpose(1, 2, 0),
        effective.reshape(shape).transpose(1, 2, 0),
        tuple(row[0] for row in told),
    )


def _scores(one: Fitted, every: Floats) -> list[Score]:
    """One card's score on what was published, and then on every simulated evidence base."""
    quick, start = one.quick, one.place.mean(axis=0)
    return [quick.score(values, start) for values in (published(one.likelihood), *every)]


def _set(one: Fitted, seed: int, k: int, sets: int) -> Floats:
    """One simulated evidence base of a card, from draws spread evenly over its posterior; chance is common to all cards."""
    place = one.place[(2 * k + 1) * len(one.place) // (2 * sets)]
    return synthetic(one.likelihood, new_studies(one.likelihood, place, seed, k), seed, k)
