"""Runs: the commands that simulate: `replicate`, `simulate` and `rerun`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from racemate.cli.talk.carry import allow_jobs, carry_out
from racemate.cli.talk.options import (
    USUAL,
    Cards,
    Dose,
    Drug,
    Duration,
    Fitted,
    People,
    Route,
    Schedule,
    Scheduler,
    Seed,
    Written,
)
from racemate.cli.talk.screen import tell

if TYPE_CHECKING:
    from racemate.exchange.learned.asked import Result
    from racemate.report.run.folder import Run

_MUCH = 2 << 30


def replicate(
    trial: Annotated[
        str | None, Parameter(help="Id of a trial (`racemate trials`), or a folder with a protocol.toml.")
    ] = None,
    /,
    *,
    every: Annotated[
        bool,
        Parameter(
            name="--all", negative="", help="Every trial of the evidence, and one report; goes on where it was stopped."
        ),
    ] = False,
    only: Annotated[
        list[str] | None,
        Parameter(name="--trial", negative="", help="With --all: only this trial; repeat for several."),
    ] = None,
    hypothesis: Cards = None,
    people: People = None,
    replicates: Annotated[int | None, Parameter(help="Virtual trials per card (default: 100; 200 with --all).")] = None,
    seed: Seed = 1,
    courses: Annotated[
        str | None,
        Parameter(
            help="How many people of each treatment path are carried through the chain, the others sharing their courses, "
            'or "all" (default: all; 3 with --all).'
        ),
    ] = None,
    posterior: Fitted = None,
    scheduler: Scheduler = None,
    summary: Annotated[
        bool,
        Parameter(
            negative="",
            help="Keep exact counts alone (scores, changes, responders, remitters, leavers), so that memory does not grow with "
            "people; by default of the default card. With --out a stopped run goes on where it was.",
        ),
    ] = False,
    how: Written = USUAL,
) -> int:
    """Run a published trial, or one of your own, on virtual patients under rival mechanisms (default: every card)."""
    allow_jobs(how.jobs)
    _one_or_all(trial, every, only)
    given: dict[str, Any] = {} if replicates is None else {"replicates": replicates}
    given |= {} if courses is None else {"courses": _courses(courses)}
    given |= {"posterior": posterior, "scheduler": scheduler}
    if summary:
        from racemate.cli.talk.crowd import replicate_crowd

        return replicate_crowd(trial, hypothesis, people, seed, given, how)
    if every:
        from racemate.cli.talk.every import replicate_all

        return replicate_all(only, hypothesis, people, seed, given, how)

    def work(follow: Any) -> Run:
        from racemate.report.run.trial import memory_of
        from racemate.report.run.trial import replicate as run

        assert trial is not None
        size = {name: given[name] for name in ("replicates", "scheduler") if name in given}
        _say_memory(memory_of(trial, hypothesis, people, jobs=how.jobs, **size), how.quiet)
        return run(trial, hypothesis, people, seed=seed, progress=follow, jobs=how.jobs, **given)

    return carry_out("replicate", work, how)


def _say_memory(needed: int | None, quiet: bool) -> None:
    """How much of its memory a run will need, where it is more than a machine always has."""
    from racemate.simulate.check.memory import told

    if needed is not None and needed > _MUCH:
        tell(f"racemate: about {told(needed)} of memory", quiet)


def _one_or_all(trial: str | None, every: bool, only: list[str] | None) -> None:
    from racemate.evidence.finding import EvidenceError

    if (trial is None) != every:
        found = "nothing" if trial is None else f"{trial!r} with --all"
        raise EvidenceError("racemate replicate", "TRIAL", found, "the id or folder of a trial, or --all")
    if only and not every:
        raise EvidenceError("racemate replicate", "--trial", only[0], "only with --all")


def _courses(text: str) -> int | None:
    """How many people of a path are carried; None for all."""
    from racemate.evidence.finding import EvidenceError

    if text == "all":
        return None
    if not text.isdecimal() or int(text) < 1:
        raise EvidenceError("racemate replicate", "--courses", repr(text), 'a whole number from 1, or "all"')
    return int(text)


def simulate(
    *,
    drug: Drug,
    route: Route,
    dose: Dose,
    schedule: Schedule = "once",
    duration: Duration = None,
    hypothesis: Cards = None,
    people: Annotated[int, Parameter(help="Virtual people.")] = 200,
    seed: Seed = 1,
    posterior: Fitted = None,
    how: Written = USUAL,
) -> int:
    """Give a drug to virtual people and follow concentration, receptors, dissociation and MADRS until a week after the last dose."""

    def work(follow: Any) -> Run:
        from racemate.report.run.course import simulate as run

        return run(drug, route, dose, schedule, duration, hypothesis, people, seed, follow, how.jobs, posterior)

    return carry_out("simulate", work, how)


def rerun(
    run: Annotated[
        Path,
        Parameter(
            help="Folder that a command wrote with --out, or the file that holds its manifest (manifest.json, compare.json, predictions.json)."
        ),
    ],
    /,
    *,
    fits: Annotated[
        Path | None,
        Parameter(help="Folder of racemate fit that the result rests on (default: where the result lies)."),
    ] = None,
    how: Written = USUAL,
) -> int:
    """Make a result again from its manifest, and say whether the numbers are the same."""
    from racemate.exchange.repeat import known, repeat, same

    before = known(run, fits=fits)

    def work(follow: Any) -> Result:
        again = repeat(run, follow, how.jobs, fits)
        alike = same(before, again)
        tell("racemate: the same numbers to the last bit" if alike else "racemate: the numbers differ", how.quiet)
        return again

    from racemate.report.run.manifest import changed

    for line in changed(before.manifest):
        tell(f"racemate: {line}", how.quiet)
    return carry_out(before.manifest["command"], work, how)
