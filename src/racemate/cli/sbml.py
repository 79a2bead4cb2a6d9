"""SBML: the commands that hand the model out to other programs: `export-sbml` to simulate, `export-petab` to fit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from racemate.cli.talk.options import Dose, Drug, Duration, Quiet, Route, Schedule, Seed
from racemate.cli.talk.screen import tell


def export_sbml(
    hypothesis: Annotated[
        str | None, Parameter(help="A card's name, name:variant, or file (default: the default card).")
    ] = None,
    /,
    *,
    drug: Drug,
    route: Route,
    dose: Dose,
    schedule: Schedule = "once",
    duration: Duration = None,
    person: Annotated[
        int | None, Parameter(help="Number of a person of `racemate simulate`, from 1 (default: the typical person).")
    ] = None,
    seed: Seed = 1,
    out: Annotated[
        Path | None, Parameter(name=["--out", "-o"], help="File to write (default: standard output).")
    ] = None,
    force: Annotated[bool, Parameter(negative="", help="Replace a file that stands there.")] = False,
    quiet: Quiet = False,
) -> int:
    """Write a card with one person's numbers and one regimen as SBML Level 3 Version 2."""
    from racemate.exchange.sbml.export import export, writable, write

    if out is not None:
        writable(out, force)
    text = export(hypothesis, drug, route, dose, schedule, duration, person, seed)
    if out is None:
        print(text, end="")
    else:
        write(text, out)
        tell(f"racemate: wrote {out}", quiet)
    return 0


def export_petab(
    hypothesis: Annotated[
        str | None, Parameter(help="A card's name, name:variant, or file (default: the default card).")
    ] = None,
    /,
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"], help="Folder to write the files into.")],
    trials: Annotated[
        str | None, Parameter(help="Calibration trials, separated by commas (default: all with a printed mean).")
    ] = None,
    force: Annotated[bool, Parameter(negative="", help="Replace files that stand there.")] = False,
    quiet: Quiet = False,
) -> int:
    """Write the calibration of a card as a PEtab 2 problem: printed means of arms, the model, and what may be estimated."""
    from racemate.exchange.petab.export import export

    named = tuple(one.strip() for one in trials.split(",")) if trials else None
    tell(f"racemate: wrote {export(hypothesis, out, named, force)}", quiet)
    return 0
