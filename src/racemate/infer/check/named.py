"""Named: a name for every unknown of a fit, in the order in which its draws stand."""

from __future__ import annotations

from collections.abc import Sequence


def labels(names: Sequence[str], rest: int, trials: Sequence[str]) -> tuple[str, ...]:
    """Parameters and spreads by their dotted name, then nameless upstream directions, then a drug and a setting effect per trial."""
    return (
        *names,
        *(f"rest upstream {k + 1}" for k in range(rest)),
        *(f"drug effect in {trial}" for trial in trials),
        *(f"setting effect in {trial}" for trial in trials),
    )
