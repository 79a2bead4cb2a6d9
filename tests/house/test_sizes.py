"""A file is one idea and a folder holds at most nine; a name is a domain word."""

from collections import Counter
from pathlib import Path

import pytest

from tests.house.tree import ROOT, files, sources

MOST_LINES = 400
MOST_FILES = 9
EMPTY_WORDS = {"utils", "util", "helper", "helpers", "misc", "core", "base", "manager", "common"}


@pytest.mark.parametrize("path", sources(), ids=str)
def test_a_file_is_one_idea(path: Path) -> None:
    lines = len((ROOT / path).read_text().splitlines())
    assert lines <= MOST_LINES, f"{path} has {lines} lines; allowed: {MOST_LINES}"


def test_a_folder_holds_at_most_nine_files() -> None:
    count = Counter(path.parent for path in sources() if path.name not in {"__init__.py", "__main__.py"})
    crowded = {str(folder): n for folder, n in count.items() if n > MOST_FILES}
    assert not crowded, f"folders with more than {MOST_FILES} Python files: {crowded}"


def test_no_file_name_is_an_empty_word() -> None:
    empty = [str(path) for path in files() if EMPTY_WORDS & set(path.stem.lower().replace("-", "_").split("_"))]
    assert not empty, f"{empty}: name the thing by what it is"
