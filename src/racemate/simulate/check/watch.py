"""Watch: whose courses are looked at again, by what the pilot taught of doubt and of error.

Doubt (`racemate.simulate.window.doubt`) has no scale of its own: in one plan it is a hundred times the error, in another ten.  The
pilot knows both, state by state, so its ratio turns a person's doubt into the error to be expected.  Whoever expects more than nearly
all of the pilot do, and more than a share of the tolerance, is looked at again.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

FLOOR = 1e-2
"""An error is relative to a state plus this share of its largest value."""
_SHARE = 0.95
"""Share of the pilot that expects less than whoever is looked at again."""
_LEAST = 1 / 5
"""Nobody is looked at again who expects less than this share of the tolerance (`docs/explanation/engine.md` says who is missed),"""
_SLIGHT = 1e-3
"""nor, where the tolerance is looser, less than this: a state off by a thousandth moves no rating."""


class Watch(NamedTuple):
    """What a grid's pilot taught, one number per slow state, and the expected error from which on a person is looked at again."""

    scale: tuple[float, ...]
    """Largest value of each state in the pilot."""
    weight: tuple[float, ...]
    """Error over doubt of each state, root of mean squares over the pilot's people and visits."""
    limit: float

    def error(self, found: Any, exact: Any) -> Array:
        """Largest relative distance (people,) of slow states (visits, states, people); infinite where one is not finite."""
        return relative(np.asarray(found) - exact, exact, np.array(self.scale)).max(axis=(0, 1))

    def expected(self, slow: Any, doubt: Any) -> Array:
        """Error to be expected (people,) of slow states (visits, states, people) from the doubt in them."""
        told = relative(np.asarray(doubt), slow, np.array(self.scale))
        return (told * np.array(self.weight)[:, None]).max(axis=(0, 1))


def relative(distance: Any, value: Any, scale: Array) -> Array:
    """Distances (..., states, people) relative to values and a share of each state's scale (states,); infinite where not finite."""
    with np.errstate(invalid="ignore"):
        found = np.abs(distance) / (np.abs(value) + FLOOR * scale[:, None])
    return np.where(np.isfinite(found), found, np.inf)


@dataclass
class Lesson:
    """What the pilot shows at its visits while its grid is being found."""

    _seen: list[tuple[Array, Array, Array]] = field(default_factory=list)

    def add(self, coarse: Any, fine: Any, doubt: Any) -> None:
        """Slow states (states, people) on the grid and on its halves at a visit, and the doubt in them."""
        self._seen.append((np.asarray(coarse), np.asarray(fine), np.asarray(doubt)))

    def learned(self, scale: Array, tolerance: float) -> Watch | None:
        """The watch of a grid, for the largest value of each state (states,); None where no visit was seen or nothing is finite."""
        if not self._seen:
            return None
        coarse, fine, doubt = (np.stack(part) for part in zip(*self._seen, strict=True))
        error, told = relative(coarse - fine, fine, scale), relative(doubt, coarse, scale)
        size = (told**2).sum(axis=(0, 2))
        weight = np.sqrt((error**2).sum(axis=(0, 2)) / np.where(size > 0, size, np.inf))
        if not np.isfinite(weight).all():
            return None
        expected = (told * weight[:, None]).max(axis=(0, 1))
        least = max(_LEAST * tolerance, _SLIGHT if tolerance > _SLIGHT else 0.0)
        limit = max(float(np.quantile(expected, _SHARE)), least)
        return Watch(tuple(scale.tolist()), tuple(weight.tolist()), limit)


class Log:
    """Slow states of one batch at its visits, and how large an error they lead to expect."""

    def __init__(self, watch: Watch | None, everybody: bool) -> None:
        """Nothing seen yet.  ``everybody`` is doubtful, or those whom a ``watch`` points out, or nobody."""
        self._watch = None if everybody else watch
        self._everybody = everybody
        self._slow: list[Array] = []
        self._expected: Array | None = None

    def add(self, slow: Any, doubt: Any) -> None:
        """Slow states and the doubt in them (visits, states, lanes) at the next visits."""
        if self._everybody or self._watch is not None:
            self._slow.append(np.asarray(slow))
        if self._watch is not None:
            now = self._watch.expected(self._slow[-1], doubt)
            self._expected = now if self._expected is None else np.maximum(self._expected, now)

    def doubtful(self, lanes: int) -> NDArray[np.intp]:
        """Which of the first so many lanes are to be looked at again."""
        if self._watch is None or self._expected is None:
            return np.arange(lanes if self._everybody else 0)
        return np.flatnonzero(self._expected[:lanes] > self._watch.limit)

    def passed(self) -> Array:
        """Slow states (visits, states, lanes); empty where nobody can be doubtful."""
        return np.concatenate(self._slow) if self._slow else np.empty((0, 0, 0))
