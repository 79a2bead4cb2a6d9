"""Runs: the commands that simulate: `replicate`, `simulate` and `rerun`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from racemate.cli.talk.carry import Written, allow_jobs, carry_out
from racemate.cli.talk.options import Bar, Cards, Fitted, Force, Jobs, Json, Out, People, Quiet, Seed
from racemate.cli.talk.screen import tell

if TYPE_CHECKING:
    from racemate.report.run.folder import Run


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
    json: Json = False,
    out: Out = None,
    force: Force = False,
    quiet: Quiet = False,
    bar: Bar = True,
    jobs: Jobs = None,
) -> int:
    """Run a published trial, or one of your own, on virtual patients under rival mechanisms (default: every card)."""
    allow_jobs(jobs)
    _one_or_all(trial, every, only)
    given: dict[str, Any] = {} if replicates is None else {"replicates": replicates}
    given |= {} if courses is None else {"courses": _courses(courses)}
    given["posterior"] = posterior
    if every:
        from racemate.cli.talk.every import replicate_all

        return replicate_all(only, hypothesis, people, seed, given, json, out, force, quiet, bar, jobs)

    def work(follow: Any) -> Run:
        from racemate.report.run.trial import replicate as run

        assert trial is not None
        return run(trial, hypothesis, people, seed=seed, progress=follow, jobs=jobs, **given)

    return carry_out("replicate", work, Written(json, out, force, quiet, bar), jobs)


def _one_or_all(trial: str | None, every: bool, only: list[str] | None) -> None:
    from racemate.evidence.finding import EvidenceError

    if (trial is None) != every:
        found = "nothing" if trial is None else f"{trial!r} with --all"
        raise EvidenceError("racemate replicate", "TRIAL", found, "the id or folder of a trial, or --all")
    if only and not every:
        raise EvidenceError("racemate replicate", "--trial", only[0], "only with --all; one trial is named without it")


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
    drug: Annotated[
        str, Parameter(help="ketamine, esketamine, arketamine, naltrexone, buprenorphine, methadone, midazolam ...")
    ],
    route: Annotated[str, Parameter(help="iv, intranasal, oral, sublingual, im, sc (as the drug has them).")],
    dose: Annotated[
        str, Parameter(allow_leading_hyphen=True, help='An amount such as "84 mg"; "0.5 mg/kg" by iv, im and sc.')
    ],
    schedule: Annotated[
        str, Parameter(help='Such as "once", "days 1, 4 and 8" or "twice weekly for 4 weeks".')
    ] = "once",
    duration: Annotated[
        str | None, Parameter(allow_leading_hyphen=True, help='How long an infusion lasts, such as "40 min".')
    ] = None,
    hypothesis: Cards = None,
    people: Annotated[int, Parameter(help="Virtual people.")] = 200,
    seed: Seed = 1,
    posterior: Fitted = None,
    json: Json = False,
    out: Out = None,
    force: Force = False,
    quiet: Quiet = False,
    bar: Bar = True,
    jobs: Jobs = None,
) -> int:
    """Give a drug to virtual people and follow concentration, receptors, dissociation and MADRS until a week after the last dose."""

    def work(follow: Any) -> Run:
        from racemate.report.run.course import simulate as run

        return run(drug, route, dose, schedule, duration, hypothesis, people, seed, follow, jobs, posterior)

    return carry_out("simulate", work, Written(json, out, force, quiet, bar), jobs)


def rerun(
    run: Annotated[Path, Parameter(help="Folder that a run wrote with --out.")],
    /,
    *,
    json: Json = False,
    out: Out = None,
    force: Force = False,
    quiet: Quiet = False,
    bar: Bar = True,
    jobs: Jobs = None,
) -> int:
    """Repeat a run from its manifest, and say whether the numbers are the same."""
    from racemate.exchange.repeat import known, repeat, same

    before = known(run)

    def work(follow: Any) -> Run:
        again = repeat(run, follow, jobs)
        tell(
            "racemate: the same numbers to the last bit" if same(run, again) else "racemate: the numbers differ", quiet
        )
        return again

    from racemate.report.run.manifest import changed

    for line in changed(before):
        tell(f"racemate: {line}", quiet)
    return carry_out(before["command"], work, Written(json, out, force, quiet, bar), jobs)
