"""Doubt: a sign, nearly for nothing, of how far a slow state of one person may be off, carried from window to window.

In a window a state's slope is a polynomial through eight nodes, and the last of its Legendre coefficients is what the nodes could
barely resolve: small where the slope is smooth, large where a threshold bends it.  It is added up over windows and fades as the state
itself relaxes, so that what was forgotten by a visit counts for nothing there.  A sign is no bound: it says whom to look at.
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

from racemate.simulate.window.collocation import NODES, radau


@cache
def _last() -> NDArray[np.float64]:
    """Weights that give the last Legendre coefficient of the slope, per window, from the increments at the nodes."""
    rule = radau(NODES)
    coefficients = np.linalg.inv(legendre.legvander(2 * rule.nodes - 1, NODES - 1))
    return coefficients[-1] @ np.linalg.inv(rule.integral)


def fresh(increments: Any) -> Any:
    """Doubt (people,) that a window adds to a state, from its increments at the nodes (node, people)."""
    last = _last().tolist()
    found = last[0] * increments[0]
    for node in range(1, NODES):
        found = found + last[node] * increments[node]
    return abs(found)


def carried(doubt: Any, added: Any, spent: Any) -> Any:
    """Doubt of one state (people,) at the end of a window, from that at its start and what the window adds.

    ``spent`` (people,) is the state's mean rate times the window's hours.  Inside a window nothing has faded yet that is sure to.
    """
    return doubt / (1 + spent + spent * spent / 2) + added / (1 + spent)
