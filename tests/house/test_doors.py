"""One word opens five doors: a link's name is the stem of its equations, numbers, tests, docs and validation."""

import re

import pytest

from tests.house.tree import LINKS, ROOT, SRC


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize(
    "door",
    ["src/racemate/chain/{}.py", "evidence/parameters/{}.toml", "tests/chain/test_{}.py", "docs/chain/{}.md"],
)
def test_a_link_has_its_door(link: str, door: str) -> None:
    assert (ROOT / door.format(link)).is_file(), f"missing: {door.format(link)}"


@pytest.mark.parametrize("link", LINKS)
def test_a_link_stands_before_an_outside_judge(link: str) -> None:
    """A validation folder carries the link's name, or the README of one names it."""
    readmes = [path.read_text() for path in (ROOT / "validation").rglob("README.md")]
    named = any(re.search(rf"\b{link}\b", text) for text in readmes)
    assert named or (ROOT / "validation" / link).is_dir(), f"no folder of validation/ names the link {link!r}"


def test_every_link_is_known_here() -> None:
    """The floors below a link (`laws`) and above it (`whole`) are no links."""
    stems = {path.stem for path in (SRC / "chain").glob("*.py")}
    with_numbers = {path.stem for path in (ROOT / "evidence" / "parameters").glob("*.toml")}
    assert stems & with_numbers == set(LINKS)
