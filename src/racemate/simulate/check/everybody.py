"""Everybody: who was looked at again after a run, how far off they were on the grid of all, and how far they are now."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ids = NDArray[np.intp]
_SHOWN = 100
"""Outliers that a manifest lists, the worst first; it counts all."""


@dataclass(frozen=True)
class Check:
    """Errors of those whom everybody's doubt pointed out: ``before`` on the grid of all, ``after`` as they stand in the result.

    An error is the largest distance of a slow state at any visit from the same person on a grid of half the windows, relative to the
    state plus a hundredth of its scale.  Who was off by more than the ``tolerance`` is an outlier and was replaced.
    """

    tolerance: float
    person: Ids = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    """Places of the people in the run, ascending."""
    before: Array = field(default_factory=lambda: np.empty(0))
    after: Array = field(default_factory=lambda: np.empty(0))

    @property
    def outlier(self) -> NDArray[np.bool_]:
        """Which of the people looked at again were off by more than the tolerance."""
        return ~(self.before <= self.tolerance)

    @property
    def error(self) -> float:
        """The largest error that is left among them; 0 without any."""
        return float(self.after.max(initial=0.0))

    def looked(self, person: Ids, error: Array) -> "Check":
        """With the errors of people (ascending): as first seen for who is new, as they are now for the others."""
        places = np.searchsorted(self.person, person)
        if self.person.size:
            after = self.after.copy()
            after[places] = error
            return replace(self, after=after)
        return replace(self, person=person, before=error, after=error)

    def of(self, people: Ids) -> "Check":
        """The same check where course k is that of ``people[k]``."""
        return self.some(np.arange(self.person.size), people[self.person])

    def some(self, which: NDArray[Any], person: Ids | None = None) -> "Check":
        """The check of some of those it holds, in the order of their (new) places."""
        known = (self.person if person is None else person)[which]
        order = np.argsort(known, kind="stable")
        return replace(self, person=known[order], before=self.before[which][order], after=self.after[which][order])

    def joined(self, other: "Check") -> "Check":
        """Both checks; of who is in both the larger errors, since each is of a part of the course."""
        every = np.concatenate([self.person, other.person])
        person, place = np.unique(every, return_inverse=True)
        before, after = np.zeros((2, person.size))
        np.maximum.at(before, place, np.concatenate([self.before, other.before]))
        np.maximum.at(after, place, np.concatenate([self.after, other.after]))
        return replace(self, person=person, before=before, after=after)

    def told(self) -> dict[str, Any]:
        """How many were looked at again and were off, and the worst of them by place, as plain values."""
        worst = np.flatnonzero(self.outlier)
        worst = worst[np.argsort(-self.before[worst], kind="stable")]
        rows = [
            {"person": int(self.person[k]), "before": float(self.before[k]), "after": float(self.after[k])}
            for k in worst[:_SHOWN]
        ]
        return {"looked_at_again": int(self.person.size), "outliers": len(worst), "worst": rows, "error": self.error}
