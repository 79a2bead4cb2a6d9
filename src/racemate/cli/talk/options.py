"""Options: what every command that simulates can be asked, each stated once."""

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
    Parameter(name=["--jobs", "-j"], help="Threads (default: one per core). The result does not depend on it."),
]
