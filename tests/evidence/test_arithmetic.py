"""Derived numbers are recomputed from their text, and the text can do nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from racemate.evidence.arithmetic import NotArithmeticError, agrees, evaluate


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2 / (1/0.30 + 1/1.4)", 0.494118),
        ("= 32.6 - 16.5", 16.1),
        ("10 ** -4.38 * 1e6", 41.687),
        ("exp(log(3) - 1)", 1.103638),
    ],
)
def test_known_values(text: str, value: float) -> None:
    assert evaluate(text) == pytest.approx(value, rel=1e-5)


NAMES = ["x + 1", "open('f')", "().__class__", "[1]", "True", "'a'", "1 if 1 else 2", "log(1, 2)", "sqrt(x=1)", "1 < 2"]
BROKEN = ["", "=", "1 +", "(" * 300 + "1" + ")" * 300, "9" * 500]
INFINITE = ["sqrt(-1)", "1 / 0", "10.0 ** 1000", "(-1) ** 0.5", "exp(1e9)", "1j"]


@pytest.mark.parametrize("text", [*NAMES, *BROKEN, *INFINITE])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(NotArithmeticError):
        evaluate(text)


@given(st.floats(-1e6, 1e6), st.integers(0, 6))
def test_a_rounded_number_agrees_with_what_it_was_rounded_from(value: float, places: int) -> None:
    assert agrees(round(value, places), value)


def test_a_wrong_last_digit_does_not_agree() -> None:
    assert agrees(0.494, 0.494118)
    assert not agrees(0.495, 0.494118)
    assert agrees(42, 41.687)
    assert not agrees(42, 41.4)
