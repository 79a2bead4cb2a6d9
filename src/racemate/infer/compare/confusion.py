"""Confusion: which card wins when another one is true: the yardstick for every gap between cards.

For each card the trials are simulated anew from draws of its posterior, and every card is scored on them by the same quick method.  Cards
are scored in processes of their own; a card that is done is kept, so that a run that was stopped goes on with the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from racemate.code import code
from racemate.infer.compare.fitted import Fitted
from racemate.infer.compare.quick import Quick, Score, published
from racemate.infer.compare.synthetic import Synthetic, new_studies
from racemate.infer.ready import ready
from racemate.infer.sample import written
from racemate.simulate.kept import cache_folder
from racemate.spread.jobs import spread

Floats = NDArray[np.float64]
Progress = Callable[[str, int, int], None]
SETS = 4
"""Simulated evidence bases per card: enough to see that cards are confused, not to state a rate to better than a fifth."""
PROCESSES = 4
"""Cards worked on side by side."""
Job = tuple[str, Quick, Floats]
"""A card, its likelihood as a function of what was reported, and where to look for the highest place."""


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

    def told_apart(self, limit: float) -> Floats:
        """Share of a card's evidence bases on which it leads another card by more than ``limit``, shape (true cards, cards)."""
        own = np.einsum("ksk->ks", self.score)
        return (own[:, :, None] - self.score > limit).mean(axis=1)


def confuse(fitted: Sequence[Fitted], seed: int, sets: int = SETS, progress: Progress | None = None) -> Confusion:
    """Simulate from every card and score with every card."""
    every = np.concatenate([_simulated(one, seed, sets) for one in fitted])
    files = {one.card: _file(one, every) for one in fitted}
    known = {card: _kept(file, len(every) + 1) for card, file in files.items()}
    told = {card: found for card, found in known.items() if found is not None}
    # A likelihood without what was compiled from it: only that can be sent to another process.
    jobs = [(one.card, Quick(one.likelihood), one.place.mean(axis=0)) for one in fitted if one.card not in told]
    for (card, _, _), found in spread(_scores, every, jobs, PROCESSES, ready=ready):
        told[card] = found
        with suppress(OSError):
            written(files[card], {"scores": np.array([astuple(score) for score in found])})
        if progress is not None:
            progress("simulated evidence", len(told), len(fitted))
    for file in files.values():
        file.unlink(missing_ok=True)
    scores = [told[one.card] for one in fitted]
    by_card = np.array([[one.log_evidence for one in row[1:]] for row in scores])
    effective = np.array([[one.effective for one in row[1:]] for row in scores])
    shape = (len(fitted), len(fitted), sets)
    return Confusion(
        tuple(one.card for one in fitted),
        by_card.reshape(shape).transpose(1, 2, 0),
        effective.reshape(shape).transpose(1, 2, 0),
        tuple(row[0] for row in scores),
    )


def _scores(every: Floats, job: Job) -> list[Score]:
    """One card's score on what was published, and then on every simulated evidence base."""
    _, quick, start = job
    return [quick.score(values, start) for values in (published(quick.likelihood), *every)]


def _simulated(one: Fitted, seed: int, sets: int) -> Floats:
    """Evidence bases of a card, (sets, targets), from draws spread evenly over its posterior; chance is common to all cards."""
    simulate, draws = Synthetic(one.likelihood), len(one.place)
    places = [one.place[(2 * k + 1) * draws // (2 * sets)] for k in range(sets)]
    return np.stack(
        [simulate.draw(new_studies(one.likelihood, place, seed, k), seed, k) for k, place in enumerate(places)]
    )


def _file(one: Fitted, every: Floats) -> Path:
    """Where the scores of a card wait for those of the others, by everything that they depend on."""
    told = (
        one.card,
        one.manifest.get("evidence"),
        sha256(one.place.tobytes()).hexdigest(),
        sha256(every.tobytes()).hexdigest(),
        code("infer/compare/quick.py", "infer/curvature.py", "infer/likelihood"),
    )
    return cache_folder() / "confusion" / f"{sha256(repr(told).encode()).hexdigest()}.npz"


def _kept(file: Path, rows: int) -> list[Score] | None:
    with suppress(OSError, ValueError, KeyError, EOFError), np.load(file) as told:
        if len(told["scores"]) == rows:
            return [Score(*map(float, row)) for row in told["scores"]]
    return None
