"""Bench: the command that times racemate, and every other solver that is installed, on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from racemate.cli.talk.screen import tell

Part = Literal["w1", "composite", "random", "scaling", "gradient", "jobs", "crowd", "cluster"]


def bench(
    part: Annotated[tuple[Part, ...], Parameter(help="What to time (default: all).")] = (),
    /,
    *,
    quick: Annotated[
        bool, Parameter(negative="", help="Fewer people and shorter runs: minutes instead of an hour.")
    ] = False,
    out: Annotated[
        Path, Parameter(name=["--out", "-o"], help="File for the results; a part timed again replaces its old one.")
    ] = Path("racemate-bench.json"),
) -> int:
    """Time racemate on this machine, beside every other solver that is installed, each at equal error.

    Times mean little on a busy machine: the load is told beside each.
    """
    from racemate.evidence.finding import EvidenceError

    if out.is_dir() or not out.absolute().parent.is_dir():
        raise EvidenceError("bench", "--out", f"{out}", "the name of a file in a folder that is there")
    house = folder().parent
    told = ["--quick"] * quick + ["--out", str(out.absolute()), *part]
    before = os.environ.get("PYTHONPATH")
    paths = os.pathsep.join([str(house), *([before] if before else [])])
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *told], env={**os.environ, "PYTHONPATH": paths}, check=False
    )
    if done.returncode == 0:
        tell(f"racemate: wrote {out}")
    return done.returncode


def folder() -> Path:
    """The folder of the benchmarks: the wheel's copy, else the checkout's.  Raises EvidenceError where there is neither."""
    from racemate.evidence.finding import EvidenceError

    package = Path(__file__).resolve().parents[1]
    tried = (package / "_data" / "benchmarks", package.parents[1] / "benchmarks")
    found = next((place for place in tried if (place / "__main__.py").is_file()), None)
    if found is None:
        raise EvidenceError("bench", "benchmarks", "no such folder", f"{tried[-1]}")
    return found
