"""The README's examples run, as they stand."""

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
def test_the_readme_runs_from_top_to_bottom(tmp_path: Path) -> None:
    """In one folder, because a later example reads what an earlier one wrote."""
    # A reader has not set jax to 64 bits as tests/conftest.py does: the package must have done it.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
    for language, source in README:
        programme = (
            [sys.executable, "-c", source] if language == "python" else ["bash", "-euo", "pipefail", "-c", source]
        )
        run = subprocess.run(programme, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert run.returncode == 0, f"{source}\n--- said ---\n{run.stdout}\n{run.stderr}"
