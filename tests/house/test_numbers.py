"""Numbers and equations are strangers: no literal but 0, 1 and 2 in the chain."""

import ast
from pathlib import Path

import pytest

from tests.house.tree import SRC

ALLOWED = (0, 1, 2)


def numbers(source: str) -> list[tuple[int, complex]]:
    """Line and value of each number the source spells out, the allowed ones left out."""
    return sorted(
        (node.lineno, node.value)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, int | float | complex)
        and not isinstance(node.value, bool)
        and node.value not in ALLOWED
    )


@pytest.mark.parametrize("path", sorted((SRC / "chain").glob("*.py")), ids=lambda path: path.stem)
def test_a_link_holds_no_number(path: Path) -> None:
    found = numbers(path.read_text())
    assert not found, f"{path.name}: numbers {found} belong in evidence/; allowed here: {ALLOWED}"


def test_a_number_is_found_wherever_it_hides() -> None:
    source = "def f(x, p=0.3):\n    return {1: x ** -3, 'k': (x, 1e-9), 2: True, 0: 'nine', 1.0: None}"
    assert numbers(source) == [(1, 0.3), (2, 1e-09), (2, 3)]
