"""The README's examples run, as they stand, in an empty folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT

FENCE = re.compile(r"^```(sh|python)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
# `make ...` sets up a virtual environment and is tried by the continuous integration; cloning needs a network.
LEFT_OUT = ("make ", "git clone", "cd racemate")


def blocks(text: str) -> list[tuple[str, str]]:
    """Language and source of each example, the shell lines that set up a checkout left out."""
    found = []
    for language, source in FENCE.findall(text):
        kept = [line for line in source.splitlines() if language == "python" or not line.startswith(LEFT_OUT)]
        if any(line.strip() for line in kept):
            found.append((language, "\n".join(kept)))
    return found


README = blocks((ROOT / "README.md").read_text())


def test_the_readme_has_examples_of_both_kinds() -> None:
    assert {language for language, _ in README} == {"sh", "python"}


@pytest.mark.slow
@pytest.mark.parametrize(("language", "source"), README, ids=[f"{kind}-{n}" for n, (kind, _) in enumerate(README, 1)])
def test_an_example_runs(language: str, source: str, tmp_path: Path) -> None:
    programme = [sys.executable, "-c", source] if language == "python" else ["bash", "-euo", "pipefail", "-c", source]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    run = subprocess.run(
        programme, cwd=tmp_path, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, f"{source}\n--- said ---\n{run.stdout}\n{run.stderr}"
