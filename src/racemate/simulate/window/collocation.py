"""Right-Radau collocation of one window, diagonalised once for all (hairer-wanner-1996, chapter IV.5 and IV.8).

A state that relaxes to a target at a rate, ``x' = r (g(t) - x)``, has a *linear* collocation equation ``(I + r H A) x = x0 + H A r g``.
A is the same for every state and person, so its eigenvectors turn each solve into two small matrix products and a complex division:
unconditionally stable, no Newton step, no Jacobian.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
NODES = 8
"""Nodes of a window, always."""


@dataclass(frozen=True)
class Radau:
    """Nodes and the modal form of the integration matrix; ``pairs`` complex pairs, so an even number of nodes."""

    nodes: Matrix
    """Nodes in (0, 1], the last one 1."""
    integral: Matrix
    """``integral[j, k]``: weight of node k in the integral from 0 to node j."""
    eigen_real: Matrix
    eigen_imag: Matrix
    to_modes: Matrix
    """Node values to the real, then the imaginary parts of the modal coefficients."""
    from_modes: Matrix

    @property
    def pairs(self) -> int:
        """Number of complex pairs of eigenvalues."""
        return len(self.eigen_real)


@cache
def radau(count: int) -> Radau:
    """Collocation at ``count`` right-Radau nodes; ``count`` is even so that all eigenvalues come in complex pairs."""
    if count < 2 or count % 2:
        raise ValueError(f"nodes: found {count}, allowed: an even number of at least 2")
    difference = np.zeros(count + 1)
    difference[count], difference[count - 1] = 1, -1
    roots = np.sort(legendre.legroots(difference).real)
    roots[-1] = 1.0
    nodes = (roots + 1) / 2
    integral = _integrals(nodes) @ np.linalg.inv(legendre.legvander(2 * nodes - 1, count - 1))
    eigen, vectors = np.linalg.eig(integral)
    inverse = np.linalg.inv(vectors)
    upper = np.nonzero(np.imag(eigen) > 0)[0]
    if 2 * len(upper) != count:
        raise ValueError(f"nodes: found {count}, whose integration matrix has a real eigenvalue; allowed: 4, 6, 8, 10")
    v, w = vectors[:, upper], inverse[upper]
    return Radau(
        nodes,
        integral,
        np.real(eigen[upper]),
        np.imag(eigen[upper]),
        np.concatenate([np.real(w), np.imag(w)]),
        np.concatenate([2 * np.real(v), -2 * np.imag(v)], axis=1),
    )


def inside(share: float) -> Matrix:
    """Weights (NODES,) of the increments at the nodes that give the increment after a share of a window, on the polynomial through all.

    At the end of a window they are exactly 0, but for the last, which is 1.
    """
    nodes = radau(NODES).nodes
    away = share - nodes
    apart = nodes[:, None] - nodes + np.eye(NODES)
    others = np.where(np.eye(NODES, dtype=bool), 1.0, away[None] / apart)
    return share / nodes * others.prod(axis=1)


def _integrals(nodes: Matrix) -> Matrix:
    """Integrals of the shifted Legendre polynomials from 0 to each node."""
    count = len(nodes)
    values = legendre.legvander(2 * nodes - 1, count)
    out = np.empty((count, count))
    out[:, 0] = nodes
    for k in range(1, count):
        out[:, k] = (values[:, k + 1] - values[:, k - 1]) / (2 * (2 * k + 1))
    return out
