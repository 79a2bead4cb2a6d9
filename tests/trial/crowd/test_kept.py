"""What is kept of chunks is the same in whatever order they are put together, and says how well people were solved."""

from functools import reduce
from itertools import permutations

import numpy as np
import pytest

from racemate.simulate.trajectory import METHOD
from racemate.trial.crowd.kept import add, kept, nothing

SOLVED = [
    {"windows": 9, "error": 0.1 + 0.2, "check": {"looked_at_again": 4, "outliers": 1, "error": 1e-3}},
    {"windows": 11, "error": 0.3, "check": None},
    {"windows": 9, "error": 1e-9, "check": {"looked_at_again": 3, "outliers": 2, "error": 0.7}},
]
PARTS = [kept(np.array([k, 10 * k]), solved) for k, solved in enumerate(SOLVED)]


@pytest.mark.parametrize("order", list(permutations(PARTS)))
def test_order_changes_nothing(order):
    found = reduce(add, order, nothing(2))
    assert found.counts.tolist() == [3, 30]
    check = {"looked_at_again": 7, "outliers": 3, "error": 0.7}
    assert found.solved() == {"method": METHOD, "windows": 11, "error": 0.1 + 0.2, "check": check}


def test_a_world_that_says_nothing_of_errors_has_none():
    assert kept(np.array([1]), None).solved()["check"] == {"looked_at_again": 0, "outliers": 0, "error": 0.0}
