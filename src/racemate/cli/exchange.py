"""Exchange: the commands that take data in and hand data out: `dose`, `export` and `safety`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from racemate.cli.talk.carry import carry_out
from racemate.cli.talk.options import USUAL, Card, Cards, Fitted, People, Seed, Trial, Written
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
    how: Written = USUAL,
) -> int:
    """Dose virtual people as a NONMEM-style event table says, and read concentrations and scores at its rows."""

    def work(follow: Any) -> TablesRun:
        from racemate.exchange.dosing.follow import follow as run

        done = run(data, units, hypothesis, replicates, seed, typical, follow, how.jobs, posterior)
        tell(f"racemate: parameters: {done.manifest['parameters']}", how.quiet)
        return done

    return carry_out("dose", work, how)


def export(
    trial: Trial,
    /,
    *,
    shape: Annotated[str, Parameter(name="--format", help="Shape of the data sets: cdisc.")] = "cdisc",
    hypothesis: Card = None,
    people: People = None,
    replicates: Annotated[int, Parameter(help="Virtual trials to write.")] = 1,
    replicate: Annotated[int | None, Parameter(help="Write only the virtual trial of this number, from 1.")] = None,
    seed: Seed = 1,
    posterior: Fitted = None,
    how: Written = USUAL,
) -> int:
    """Write a virtual trial as CDISC-shaped data sets: ADSL, ADQS, ADPC, ADAE, ADTTE, each record marked as simulated."""

    def work(follow: Any) -> TablesRun:
        from racemate.exchange.cdisc.export import check_format
        from racemate.exchange.cdisc.export import export as run

        check_format(shape)
        return run(trial, hypothesis, people, replicates, replicate, seed, follow, how.jobs, posterior)

    return carry_out("export", work, how)


def safety(
    trial: Trial,
    /,
    *,
    hypothesis: Cards = None,
    people: People = None,
    replicates: Annotated[int, Parameter(help="Virtual trials per card.")] = 20,
    seed: Seed = 1,
    posterior: Fitted = None,
    how: Written = USUAL,
) -> int:
    """Side effects beside benefit: dissociation and pressure over sessions, sedation, nausea, urinary symptoms."""

    def work(follow: Any) -> TablesRun:
        from racemate.exchange.safety import safety as run

        return run(trial, hypothesis, people, replicates, seed, follow, how.jobs, posterior)

    return carry_out("safety", work, how)
