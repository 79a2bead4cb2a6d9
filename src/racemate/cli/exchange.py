"""Exchange: the commands that take data in and hand data out: `dose`, `export` and `safety`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from cyclopts import Parameter

from racemate.cli.runs import Bar, Cards, Force, Jobs, Json, Out, People, Quiet, Seed
from racemate.cli.talk.screen import columns, progress, tell

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

    def told(run: TablesRun) -> str:
        return run.frames["simulated"].to_csv(index=False, na_rep=".")

    return _carry_out("dose", work, told, Written(json, out, force, quiet, bar))


def export(
    trial: Annotated[str, Parameter(help="Id of a trial (`racemate trials`).")],
    /,
    *,
    shape: Annotated[str, Parameter(name="--format", help="Shape of the data sets: cdisc.")] = "cdisc",
    hypothesis: Card = None,
    people: People = None,
    replicates: Annotated[int, Parameter(help="Virtual trials to write.")] = 1,
    replicate: Annotated[int | None, Parameter(help="Write only the virtual trial of this number, from 1.")] = None,
    seed: Seed = 1,
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
        return run(trial, hypothesis, people, replicates, replicate, seed, follow, jobs)

    def told(run: TablesRun) -> str:
        rows = [(name.upper(), len(table), ", ".join(map(str, table.columns))) for name, table in run.frames.items()]
        return columns(("data set", "records", "variables"), rows) + "\n"

    return _carry_out("export", work, told, Written(json, out, force, quiet, bar))


def safety(
    trial: Annotated[str, Parameter(help="Id of a trial (`racemate trials`).")],
    /,
    *,
    hypothesis: Cards = None,
    people: People = None,
    replicates: Annotated[int, Parameter(help="Virtual trials per card.")] = 20,
    seed: Seed = 1,
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

        return run(trial, hypothesis, people, replicates, seed, follow, jobs)

    return _carry_out("safety", work, _side_effects, Written(json, out, force, quiet, bar))


def _side_effects(run: TablesRun) -> str:
    """The tables that a person reads first: who had what, and how peaks change over sessions."""
    from racemate.report.words import DISCLAIMER

    events = [
        (
            row["hypothesis"],
            _arm(row),
            row["event"],
            f"{row['people']}/{row['n']}",
            _interval(row),
            _interval(row, "exact_", ""),
        )
        for row in run.rows("events")
    ]
    peaks = [
        (row["hypothesis"], _arm(row), str(row["session"]), row["outcome"], _interval(row), _interval(row, "ratio_"))
        for row in run.rows("sessions")
        if row["median"] and row["outcome"] in ("cadss", "systolic_rise")
    ]
    urinary = [
        (row["hypothesis"], _arm(row), f"{row['sessions']:.1f}", f"{row['weeks']:.1f}", _interval(row))
        for row in run.rows("urinary")
    ]
    blocks = (
        ("People with an event, percent: median of the virtual trials [95 % of them], and the exact interval of one such trial",
         ("card", "arm", "event", "people", "percent", "one trial"), events),
        ("Mean peak in a session, and over the first one", ("card", "arm", "session", "of", "peak", "over the first"), peaks),
        ("Urinary symptoms, percent of people", ("card", "arm", "sessions", "weeks", "percent"), urinary),
    )  # fmt: skip
    parts = [f"{title}\n{columns(head, rows, '  ')}" for title, head, rows in blocks if rows]
    return "\n\n".join((*parts, DISCLAIMER)) + "\n"


def _arm(row: dict[str, Any]) -> str:
    return f"{row['stage']}: {row['arm']}" if row["stage"] else row["arm"]


def _interval(row: dict[str, Any], prefix: str = "", middle: str = "median") -> str:
    low, high = row[f"{prefix}low"], row[f"{prefix}high"]
    if low is None or high is None:
        return "-"
    ends = f"[{low:.2g}, {high:.2g}]"
    return f"{row[prefix + middle]:.2g} {ends}" if middle else ends


class Written(NamedTuple):
    """How a command hands out what it did."""

    json: bool
    out: Path | None
    force: bool
    quiet: bool
    bar: bool


def _carry_out(command: str, work: Callable[[Any], TablesRun], told: Callable[[TablesRun], str], how: Written) -> int:
    """Look whether the result can be written, run, write, print."""
    from racemate.report.run.folder import check, json_text

    if how.out is not None:
        check(how.out, command, how.force)
    with progress(how.bar and not how.quiet) as follow:
        done = work(follow)
    files = done.save(how.out, how.force) if how.out is not None else []
    print(json_text(done.as_object()) if how.json else told(done), end="")
    if files:
        tell(f"racemate: wrote {how.out} ({len(files)} files)", how.quiet)
    return 0
