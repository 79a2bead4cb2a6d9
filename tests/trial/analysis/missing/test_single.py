"""One value in place of a missing rating."""

import numpy as np

from racemate.trial.analysis.missing import single

VALUES = np.array([[30.0, 31, 32, 33], [20, 21, 35, 23], [25, 11, 12, 13], [5, 6, 7, 8]])[:, None, :]
SEEN = np.array([[1, 1, 1, 0], [1, 0, 1, 0], [1, 0, 0, 1], [0, 0, 0, 0]], dtype=bool)[:, None, :]


def test_the_last_the_first_and_the_worst() -> None:
    for rule, expected in (
        (single.last, [25, None, 35, 13]),
        (single.baseline, [30, 31, 32, None]),
        (single.worst, [30, 31, 35, None]),
    ):
        out, have = rule(VALUES, SEEN)
        assert [value if known else None for value, known in zip(out[3, 0], have[3, 0], strict=True)] == expected
        np.testing.assert_array_equal(out[SEEN], VALUES[SEEN])


def test_the_rules_have_the_names_of_the_protocol() -> None:
    assert set(single.RULES) == {"locf", "bocf", "worst"}
