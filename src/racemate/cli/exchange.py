"""Exchange: the commands that take data in and hand data out: `dose`, `export` and `safety`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from racemate.cli.talk.carry import Written, carry_out
from racemate.cli.talk.options import Bar, Card, Cards, Fitted, Force, Jobs, Json, Out, People, Quiet, Seed
from racemate.cli.talk.screen import tell

if TYPE_CHECKING:
    from racemate.exchange.run import TablesRun


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
    posterior: Fitted = None,
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

        done = run(data, units, hypothesis, replicates, seed, typical, follow, jobs, posterior)
        tell(f"racemate: parameters: {done.manifest['parameters']}", quiet)
        return done

    return carry_out("dose", work, Written(json, out, force, quiet, bar), jobs)


def export(
    trial: Annotated[str, Parameter(help="Id of a trial (`racemate trials`), or a folder with a protocol.toml.")],
    /,
    *,
    shape: Annotated[str, Parameter(name="--format", help="Shape of the data sets: cdisc.")] = "cdisc",
    hypothesis: Card = None,
    people: People = None,
    replicates: Annotated[int, Parameter(help="Virtual trials to write.")] = 1,
    replicate: Annotated[int | None, Parameter(help="Write only the virtual trial of this number, from 1.")] = None,
    seed: Seed = 1,
    posterior: Fitted = None,
    json: Json = False,
    out: Out = None,
    force: Force = False,
    quiet: Quiet = False,
    bar: Bar = True,
    jobs: Jobs = None,
) -> int:
    """Write a virtual trial as CDISC-shaped data sets: ADSL, ADQS, ADPC, ADAE, ADTTE, each record marked as simulated."""

    def work(follow: Any) -> TablesRun:
        from racemate.exchange.cdisc.export import check_format
        from racemate.exchange.cdisc.export import export as run

        check_format(shape)
        return run(trial, hypothesis, people, replicates, replicate, seed, follow, jobs, posterior)

    return carry_out("export", work, Written(json, out, force, quiet, bar), jobs)


def safety(
    trial: Annotated[str, Parameter(help="Id of a trial (`racemate trials`), or a folder with a protocol.toml.")],
    /,
    *,
    hypothesis: Cards = None,
    people: People = None,
    replicates: Annotated[int, Parameter(help="Virtual trials per card.")] = 20,
    seed: Seed = 1,
    posterior: Fitted = None,
    json: Json = False,
    out: Out = None,
    force: Force = False,
    quiet: Quiet = False,
    bar: Bar = True,
    jobs: Jobs = None,
) -> int:
    """Side effects beside benefit: dissociation and pressure over sessions, sedation, nausea, urinary symptoms."""

    def work(follow: Any) -> TablesRun:
        from racemate.exchange.safety import safety as run

        return run(trial, hypothesis, people, replicates, seed, follow, jobs, posterior)

    return carry_out("safety", work, Written(json, out, force, quiet, bar), jobs)
