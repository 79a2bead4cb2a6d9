"""Exchange: the commands that take data in and hand data out: `dose`, `export` and `safety`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from racemate.cli.runs import Bar, Force, Jobs, Json, Out, Quiet, Seed
from racemate.cli.talk.screen import progress, tell

if TYPE_CHECKING:
    from racemate.exchange.run import TablesRun

Card = Annotated[str | None, Parameter(name="--hypothesis", help="A card's name, name:variant, or file.")]


def dose(
    data: Annotated[
        Path, Parameter(help="Event table (CSV): ID TIME EVID AMT RATE CMT ADDL II SS MDV DV, covariates.")
    ],
    /,
    *,
    units: Annotated[
        Path | None, Parameter(help="Units and compartments of the table (TOML; default: beside it, of the same name).")
    ] = None,
    hypothesis: Card = None,
    replicates: Annotated[int, Parameter(help="How often population parameters are drawn anew.")] = 1,
    typical: Annotated[
        bool, Parameter(negative="", help="Population parameters at their medians; people still differ.")
    ] = False,
    seed: Seed = 1,
    json: Json = False,
    out: Out = None,
    force: Force = False,
    quiet: Quiet = False,
    bar: Bar = True,
    jobs: Jobs = None,
) -> int:
    """Dose virtual people as a NONMEM-style event table says, and read concentrations and scores at its rows."""

    def work(follow: Any) -> TablesRun:
        from racemate.exchange.dosing.follow import follow as run

        return run(data, units, hypothesis, replicates, seed, typical, follow, jobs)

    return _carry_out(
        "dose", work, lambda run: run.frames["simulated"].to_csv(index=False, na_rep="."), json, out, force, quiet, bar
    )


def _carry_out(
    command: str,
    work: Callable[[Any], TablesRun],
    told: Callable[[TablesRun], str],
    json: bool,
    out: Path | None,
    force: bool,
    quiet: bool,
    bar: bool,
) -> int:
    """Look whether the result can be written, run, write, print."""
    from racemate.report.run.folder import check, json_text

    if out is not None:
        check(out, command, force)
    with progress(bar and not quiet) as follow:
        done = work(follow)
    files = done.save(out, force) if out is not None else []
    print(json_text(done.as_object()) if json else told(done), end="")
    if files:
        tell(f"racemate: wrote {out} ({len(files)} files)", quiet)
    return 0
