"""Equal: the tolerance at which a solver's error is at most the one asked of all."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

TARGET = 1e-5
LADDER = tuple(10.0 ** (-k / 2) for k in range(4, 19))
"""Tolerances tried, half a decade apart, the loosest first."""


@dataclass(frozen=True)
class Rung:
    """What a solver did at one tolerance: largest error over people, times and states, and time per person."""

    tolerance: float
    error: float
    cpu_s: float
    wall_s: float


def climb(
    attempt: Callable[[float], Rung],
    spent_s: Callable[[], float],
    budget_s: float,
    until: float,
    target: float = TARGET,
    sure: int = len(LADDER),
) -> tuple[Rung, ...]:
    """Rungs of the ladder from the loosest down, as far as an error of ``until`` or, the target met, as the budget allows.

    Without the target met it goes on to twice the budget.  ``sure`` rungs in a row that meet the target end it too.
    """
    found: list[Rung] = []
    for tolerance in LADDER:
        found.append(attempt(tolerance))
        met = any(rung.error <= target for rung in found)
        steady = len(found) >= sure and all(rung.error <= target for rung in found[-sure:])
        if steady or found[-1].error <= until or spent_s() > budget_s * (1 if met else 2):
            break
    return tuple(found)


def loosest(rungs: Iterable[Rung], target: float = TARGET) -> Rung | None:
    """The loosest tolerance from which on every tighter one that was tried meets the target; None where none does.

    A solver that is right by luck at one tolerance and wrong at the next is not taken at the first.
    """
    met: Rung | None = None
    for rung in sorted(rungs, key=lambda one: one.tolerance):
        if not rung.error <= target:
            break
        met = rung
    return met
