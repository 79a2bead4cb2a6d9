"""Curvature: second derivatives of a log density as differences of slopes.

Exact to eight digits, and without a program that takes a minute to compile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_APART = 1e-4
"""Half the distance between two slopes, prior standard deviations."""


def curvature(slope: Callable[[Floats], Any], place: Floats) -> Floats:
    """Symmetric matrix (size, size) of second derivatives at a place (size,), from its slope (size,)."""
    size = len(place)
    moved = np.stack([np.eye(size), -np.eye(size)]) * _APART + place
    up, down = (np.array([np.asarray(slope(at)) for at in side]) for side in moved)
    found = (up - down) / (2 * _APART)
    return (found + found.T) / 2
