"""The face of the package is what the reference page documents, and nothing more."""

import re

import racemate
from tests.house.tree import ROOT

MOST_NAMES = 19


def documented() -> list[str]:
    page = (ROOT / "docs" / "reference" / "python.md").read_text()
    return re.findall(r"^::: racemate\.(\w+)$", page, flags=re.MULTILINE)


def test_public_names_equal_the_documented_ones() -> None:
    assert sorted(documented()) == sorted(name for name in racemate.__all__ if not name.startswith("__"))


def test_every_public_name_is_there() -> None:
    missing = [name for name in racemate.__all__ if not hasattr(racemate, name)]
    assert not missing, f"racemate.__all__ promises {missing}"


def test_every_public_name_says_what_it_is() -> None:
    silent = [name for name in documented() if not getattr(getattr(racemate, name), "__doc__", None)]
    assert not silent, f"no docstring: {silent}"


def test_the_face_is_small() -> None:
    assert len(racemate.__all__) <= MOST_NAMES
