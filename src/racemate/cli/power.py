"""Power: the command that asks how a design would fare: power, type I error, bias, coverage, sample size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from racemate.cli.talk.carry import carry_out
from racemate.cli.talk.options import USUAL, Cards, Fitted, Seed, Trial, Written

if TYPE_CHECKING:
    from racemate.report.characteristics.run import PowerRun

_MOST_SIZES = 100
"""More sizes than a table can be read for."""


def power(
    trial: Trial,
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
            help="Parameters at their medians (power), or averaged over what is not known of them and study effects (assurance).",
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
    posterior: Fitted = None,
    how: Written = USUAL,
) -> int:
    """Ask how often a design succeeds, errs and misses under rival mechanisms, and how many people it takes."""
    sizes = _whole(people, "--people", _MOST_SIZES)
    carried = None if courses == "all" else _whole(courses, "--courses", 1)[0]

    def work(follow: Any) -> PowerRun:
        from racemate.report.characteristics.run import power as run

        return run(
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
            posterior=posterior,
            progress=follow,
            jobs=how.jobs,
        )

    return carry_out("power", work, how)


def _whole(text: str, option: str, most: int) -> tuple[int, ...]:
    """Whole numbers with commas between them, at most so many."""
    from racemate.evidence.finding import EvidenceError

    parts = [part.strip() for part in text.split(",")]
    if len(parts) > most or not all(part.isdecimal() for part in parts):
        allowed = 'a whole number, or "all"' if most == 1 else 'whole numbers with commas, such as "20,40,80"'
        raise EvidenceError("racemate power", option, repr(text), allowed)
    return tuple(map(int, parts))
