"""Told: one initial value problem as plain data, which travels to every solver's process."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from racemate.hypothesis import Hypothesis

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Stretch:
    """Time between two changes: ``jump`` (states) is added at the start, ``held`` holds until the end, ``rows`` are read in it.

    What is read at the end of a stretch is read before the next jump.
    """

    start_h: float
    end_h: float
    jump: Values
    held: Values
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Problem:
    """States, parameters and equations by name; ``table`` (people, parameters) and where everybody starts.

    ``source`` is the body of a Python function that sets ``d0`` to ``dn`` from ``y``, ``p`` and ``h``; ``sbml`` the same with the
    regimen as an SBML file.  ``card`` is the card, where the problem is the product's own chain.
    """

    name: str
    states: tuple[str, ...]
    parameters: tuple[str, ...]
    held: tuple[str, ...]
    source: str
    sbml: str
    start: Values
    times_h: Values
    stretches: tuple[Stretch, ...]
    table: Values
    card: Hypothesis | None = None

    @property
    def end_h(self) -> float:
        """When the last stretch ends."""
        return self.stretches[-1].end_h


def stretches(
    changes: dict[float, tuple[Values | None, Values | None]], times_h: Values, end_h: float, held: Values, states: int
) -> tuple[Stretch, ...]:
    """Cut time at every change, each a jump of the states and a new value of what is held, or None where that stays."""
    found: list[Stretch] = []
    cuts = sorted({0.0, *changes})
    for start, end in zip(cuts, [*cuts[1:], end_h], strict=True):
        jump, new = changes.get(start, (None, None))
        held = held if new is None else new
        rows = tuple(int(k) for k in np.nonzero((times_h > start) & (times_h <= end))[0])
        found.append(Stretch(start, end, np.zeros(states) if jump is None else jump, held, rows))
    return tuple(found)


def error(found: Values, reference: Values, floor: float = 1e-3) -> Values:
    """Largest relative difference of each person, over times and states; arrays (people, times, states).

    Relative to a value plus ``floor`` of the largest value of that state.  What is not finite is infinitely wrong.
    """
    scale = np.abs(reference).max(axis=(0, 1))
    moved = scale > 0
    with np.errstate(invalid="ignore"):
        far = np.abs(found - reference)[..., moved] / (np.abs(reference) + floor * scale)[..., moved]
    return np.where(np.isfinite(far), far, np.inf).max(axis=(1, 2))
