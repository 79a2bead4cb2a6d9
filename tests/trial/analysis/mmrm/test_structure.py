"""Structures of covariance: their matrices, their names, and where a search starts."""

import numpy as np
import pytest

from racemate.trial.analysis.mmrm import structure
from racemate.trial.analysis.mmrm.state import FitError

MOMENTS = np.array([[9.0, 8.9, 1.0, 0.0], [8.9, 9.0, 8.9, 1.0], [1.0, 8.9, 9.0, 8.9], [0.0, 1.0, 8.9, 9.0]])
"""No covariance at all: its smallest eigenvalue is below zero."""


@pytest.mark.parametrize("name", structure.STRUCTURES)
@pytest.mark.parametrize("visits", [1, 2, 4])
def test_a_search_starts_inside(name: str, visits: int) -> None:
    theta = structure.start(name, MOMENTS[None, :visits, :visits])[0]
    assert len(theta) == len(structure.labels(name, visits))
    sigma = structure.covariance(name, theta, visits, np)
    assert sigma == pytest.approx(sigma.T)
    assert np.linalg.eigvalsh(sigma)[0] > 0.05


@pytest.mark.parametrize(
    ("name", "theta", "row"),
    [
        ("us", [1.0, 2.0, 5.0, 3.0, 4.0, 6.0], [1.0, 2.0, 3.0]),
        ("toep", [4.0, 2.0, 1.0], [4.0, 2.0, 1.0]),
        ("ar1", [4.0, 0.5], [4.0, 2.0, 1.0]),
        ("ar1", [4.0, -0.5], [4.0, -2.0, 1.0]),
        ("cs", [4.0, 3.0], [4.0, 3.0, 3.0]),
        ("toeph", [1.0, 4.0, 9.0, 0.5, 0.2], [1.0, 1.0, 0.6]),
        ("ar1h", [1.0, 4.0, 9.0, 0.5], [1.0, 1.0, 0.75]),
        ("csh", [1.0, 4.0, 9.0, 0.5], [1.0, 1.0, 1.5]),
    ],
)
def test_the_first_row_of_a_covariance(name: str, theta: list[float], row: list[float]) -> None:
    assert structure.covariance(name, np.array(theta), 3, np)[0] == pytest.approx(row)


def test_an_unknown_structure_is_told_the_known_ones() -> None:
    with pytest.raises(FitError, match=r"structure: found 'ante', allowed: us, toep, toeph, ar1, ar1h, cs, csh"):
        structure.known("ante")
