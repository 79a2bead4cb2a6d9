"""Power: the command that asks how a design would fare: power, type I error, bias, coverage, sample size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from racemate.cli.runs import Bar, Cards, Force, Jobs, Json, Out, Quiet, Seed
from racemate.cli.talk.screen import bold, columns, paragraph, progress, tell
from racemate.cli.talk.told import estimands

if TYPE_CHECKING:
    from racemate.report.characteristics.run import PowerRun

_MOST_SIZES = 100
"""More sizes than a table can be read for."""


def power(
    trial: Annotated[str, Parameter(help="Id of a trial (`racemate trials`), or a folder with a protocol.toml.")],
    /,
    *,
    people: Annotated[
        str, Parameter(help='Sizes per arm, of the whole trial for a crossover, such as "20,40,80".')
    ] = "20,40,80",
    target: Annotated[
        float | None,
        Parameter(help="Find the fewest people, between the least and the largest size, that reach this share."),
    ] = None,
    replicates: Annotated[int, Parameter(help="Virtual trials per card and world.")] = 200,
    hypothesis: Cards = None,
    typical: Annotated[
        bool,
        Parameter(
            negative="--uncertain",
            help="Parameters at their medians (power), or averaged over their priors and study effects (assurance).",
        ),
    ] = False,
    analysis: Annotated[
        list[str] | None,
        Parameter(
            negative="",
            help="two-sample-t, ancova, mmrm, chi-squared, fisher, cochran-mantel-haenszel; of a crossover paired-t or crossover; "
            "repeat for several (default: as the protocol names it).",
        ),
    ] = None,
    outcome: Annotated[str | None, Parameter(help="Scale of mood (default: of the first published pattern).")] = None,
    at: Annotated[str | None, Parameter(help='Time, such as "day 28".')] = None,
    contrast: Annotated[str | None, Parameter(help='Two arms, as "a vs b".')] = None,
    group: Annotated[str | None, Parameter(help="Group of people, as the protocol names it.")] = None,
    alpha: Annotated[float | None, Parameter(help="Two-sided level of the test.")] = None,
    beside: Annotated[int, Parameter(help="People per arm, in no trial, who tell the true difference.")] = 200,
    courses: Annotated[
        str, Parameter(help='How many people of each treatment path are carried through the chain, or "all".')
    ] = "3",
    seed: Seed = 1,
    json: Json = False,
    out: Out = None,
    force: Force = False,
    quiet: Quiet = False,
    bar: Bar = True,
    jobs: Jobs = None,
) -> int:
    """Ask how often a design succeeds, errs and misses under rival mechanisms, and how many people it takes."""
    from racemate.report.characteristics.run import power as run
    from racemate.report.run.folder import check, json_text

    sizes, carried = (
        _whole(people, "--people", _MOST_SIZES),
        None if courses == "all" else _whole(courses, "--courses", 1)[0],
    )
    if out is not None:
        check(out, "power", force)
    with progress(bar and not quiet) as follow:
        done = run(
            trial,
            hypothesis,
            sizes,
            replicates,
            seed,
            target=target,
            typical=typical,
            analyses=analysis,
            outcome=outcome,
            at=at,
            contrast=contrast,
            group=group,
            alpha=alpha,
            beside=beside,
            courses=carried,
            progress=follow,
            jobs=jobs,
        )
    files = done.save(out, force) if out is not None else []
    print(json_text(done.as_object()) if json else told(done), end="")
    if files:
        tell(f"racemate: wrote {out} ({len(files)} files)", quiet)
    return 0


def _whole(text: str, option: str, most: int) -> tuple[int, ...]:
    """Whole numbers with commas between them, at most so many."""
    from racemate.evidence.finding import EvidenceError

    parts = [part.strip() for part in text.split(",")]
    if len(parts) > most or not all(part.isdecimal() for part in parts):
        allowed = 'a whole number, or "all"' if most == 1 else 'whole numbers with commas, such as "20,40,80"'
        raise EvidenceError("racemate power", option, repr(text), allowed)
    return tuple(map(int, parts))


def told(run: PowerRun) -> str:
    """What a person reads first: what was asked, the sizes needed, then every measure by card, analysis and size."""
    from racemate.report.words import DISCLAIMER

    endpoint, manifest = run.endpoint, run.manifest
    differ = manifest["arms_differ_in"]
    parts = [
        f"{bold(manifest['trial'])}  {endpoint.outcome} at {endpoint.at}, {endpoint.contrast}, {endpoint.group}; "
        f"two-sided {endpoint.alpha:g}",
        paragraph(f"{manifest['success'].capitalize()}: {manifest['meaning']}."),
        paragraph(f"Null world: {manifest['null_world']['statement']}."),
    ]
    if differ:
        parts.append(
            paragraph(
                f"The arms also differ in {', '.join(differ)}: in the null world a difference may come from there."
            )
        )
    if len(run.sizes):
        rows = [
            (row["hypothesis"], row["analysis"], f"{row['target']:g}", row["people"], _interval(row))
            for row in run.rows("sizes")
        ]
        parts.append(columns(("card", "analysis", f"{manifest['success']} wanted", "people", "95 % interval"), rows))
    rows = [
        (
            row["hypothesis"],
            row["analysis"],
            row["people"],
            row["measure"],
            _number(row["value"]),
            _number(row["monte_carlo_error"]),
        )
        for row in run.rows("characteristics")
    ]
    parts.append(columns(("card", "analysis", "people", "measure", "value", "Monte-Carlo error"), rows))
    asked = [f"{line['analysis']}. {line['estimand']}" for line in manifest["estimands"]]
    parts.append(estimands(asked, manifest["estimand_of_the_trial"]))
    return "\n\n".join((*parts, DISCLAIMER)) + "\n"


def _interval(row: dict[str, Any]) -> str:
    return f"{row['low']} to {row['high']}" if row["high"] is not None else f"{row['low']} to more than was looked at"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
