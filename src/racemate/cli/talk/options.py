"""Options: what every command that simulates can be asked, each stated once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

Cards = Annotated[
    list[str] | None,
    Parameter(name="--hypothesis", negative="", help="A card's name, name:variant, or file; repeat for several."),
]
Card = Annotated[str | None, Parameter(name="--hypothesis", help="A card's name, name:variant, or file.")]
People = Annotated[
    int | None, Parameter(help="Virtual people per arm; of the whole trial for a crossover (default: as published).")
]
Seed = Annotated[int, Parameter(help="Whole number that decides every random draw.")]
Trial = Annotated[str, Parameter(help="Id of a trial (`racemate trials`), or a folder with a protocol.toml.")]
Drug = Annotated[
    str, Parameter(help="ketamine, esketamine, arketamine, naltrexone, buprenorphine, methadone, midazolam ...")
]
Route = Annotated[str, Parameter(help="iv, intranasal, oral, sublingual, im, sc (as the drug has them).")]
Dose = Annotated[
    str, Parameter(allow_leading_hyphen=True, help='An amount such as "84 mg"; "0.5 mg/kg" by iv, im and sc.')
]
Schedule = Annotated[str, Parameter(help='Such as "once", "days 1, 4 and 8" or "twice weekly for 4 weeks".')]
Duration = Annotated[
    str | None, Parameter(allow_leading_hyphen=True, help='How long an infusion lasts, such as "40 min".')
]
Json = Annotated[bool, Parameter(name="--json", negative="", help="Print one JSON object instead of tables.")]
Out = Annotated[Path | None, Parameter(name=["--out", "-o"], help="Folder for manifest, tables and figures.")]
Force = Annotated[
    bool, Parameter(negative="", help="Write into a folder that holds something else; what is there stays.")
]
Quiet = Annotated[bool, Parameter(name=["--quiet", "-q"], negative="", help="No messages on standard error.")]
Bar = Annotated[bool, Parameter(name="--progress", help="A progress bar, when standard error is a terminal.")]
Fitted = Annotated[
    str | None,
    Parameter(
        name="--posterior",
        help='Where parameters come from: a shipped posterior, a folder of `racemate fit`, or "prior" '
        "(default: prospective, for each shipped card that has it).",
    ),
]
Jobs = Annotated[
    int | None,
    Parameter(
        name=["--jobs", "-j"],
        help="Threads or processes at once (default: one per core). The result does not depend on it.",
    ),
]
Scheduler = Annotated[
    str | None,
    Parameter(
        help="A Dask cluster that does the work: the address of its scheduler (tcp://host:8786), or local:WORKERS (default: "
        "processes of this machine). The result does not depend on it."
    ),
]
Scope = Annotated[str, Parameter(help="calibration (hold-out outcomes cannot be read), or all-trials.")]
Only = Annotated[list[str] | None, Parameter(negative="", help="One trial; repeat for several.")]


@Parameter(name="*")
@dataclass(frozen=True)
class Stepped:
    """How a command does its work and hands out what came of it; a line tells each step."""

    json: Json = False
    out: Out = None
    force: Force = False
    quiet: Quiet = False
    jobs: Jobs = None


@Parameter(name="*")
@dataclass(frozen=True)
class Written(Stepped):
    """The same with a bar that tells how far the work is."""

    bar: Bar = True


STEPPED, USUAL = Stepped(), Written()
