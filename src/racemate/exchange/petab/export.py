"""Export: the calibration of a card as a folder of PEtab files, which petab's own linter passes."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from os import getpid
from pathlib import Path
from shutil import rmtree
from typing import Any

from racemate.evidence.finding import EvidenceError
from racemate.exchange.sbml.export import needed as libsbml_needed
from racemate.infer.targets.read import read
from racemate.model import bind

EXTRA = "petab"
"""The extra that brings petab and libSBML."""
FILES = (
    "model.xml",
    "conditions.tsv",
    "experiments.tsv",
    "observables.tsv",
    "measurements.tsv",
    "parameters.tsv",
    "problem.yaml",
)
"""What the folder holds; the problem, which names the others, is written last."""


class PEtabError(RuntimeError):
    """petab's linter refuses what was written: a fault of this program."""


def export(hypothesis: str | None, out: Path, trials: tuple[str, ...] | None = None, force: bool = False) -> Path:
    """Write the calibration of a card as a PEtab 2 problem into a folder, and return the path of ``problem.yaml``.

    ``trials`` (default: every calibration trial) says which printed means are measured.  Raises EvidenceError and HypothesisError for what
    cannot be exported, PEtabError for what petab's linter finds.
    """
    needed()
    writable(out, force)
    from racemate.exchange.petab.problem import build, stated

    problem = build(stated(bind(hypothesis), read(only=trials)))
    _refuse(problem)
    return _write(problem, out)


def needed() -> None:
    """Refuse to go on without petab and libSBML; raises EvidenceError that says how to get them."""
    if find_spec("petab") is None:
        raise EvidenceError("export-petab", "petab", "not installed", f"pip install 'racemate[{EXTRA}]'")
    libsbml_needed()


def writable(out: Path, force: bool) -> None:
    """Refuse a place where the folder cannot or shall not be written; raises EvidenceError."""
    if not out.absolute().parent.is_dir() or (out.exists() and not out.is_dir()):
        raise EvidenceError("export-petab", "--out", f"{out}", "the name of a folder in a folder that is there")
    there = [name for name in FILES if (out / name).exists()]
    if there and not force:
        raise EvidenceError("export-petab", "--out", f"{out}, which holds {there[0]}", "a new folder, or --force")


def faults(problem: Any) -> list[str]:
    """What petab's linter finds, warnings included."""
    lint: Any = import_module("petab.v2.lint")
    return [f"{one.task}: {one}" for one in lint.lint_problem(problem)]


def _refuse(problem: Any) -> None:
    found = faults(problem)
    if found:
        raise PEtabError("petab finds: " + "; ".join(found[:5]))


def _write(problem: Any, out: Path) -> Path:
    """Write all files beside the folder and move them in, so that none is there half written."""
    made = out.with_name(f".{out.name}.{getpid()}")
    made.mkdir()
    try:
        problem.to_files(made)
        out.mkdir(exist_ok=True)
        for name in FILES:
            (made / name).replace(out / name)
    finally:
        rmtree(made, ignore_errors=True)
    return out / FILES[-1]
