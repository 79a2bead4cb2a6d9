"""Predict: the command that seals predictions of held-out trials, and the one that scores a sealed file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from racemate.cli.talk.options import Cards, Jobs, Json, Only, Quiet, Scheduler, Seed
from racemate.cli.talk.screen import bold, columns, tell

if TYPE_CHECKING:
    from racemate.infer.holdout.frozen import Frozen
    from racemate.report.holdout.score import Scored
    from racemate.report.replication.work import Follow

FILE = "predictions.json"


def predict(
    *,
    hold_out: Annotated[
        bool, Parameter(name="--hold-out", negative="", help="Predict every held-out trial from its protocol alone.")
    ] = False,
    score: Annotated[bool, Parameter(negative="", help="Score a sealed file against what was published.")] = False,
    posterior: Annotated[
        str, Parameter(help='A shipped posterior, a folder of `racemate fit`, or "prior".')
    ] = "prospective",
    hypothesis: Cards = None,
    trial: Only = None,
    replicates: Annotated[int | None, Parameter(help="Virtual trials per card (default: 200).")] = None,
    seed: Seed = 1,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    out: Annotated[
        Path | None,
        Parameter(name=["--out", "-o"], help="The sealed file to write (default: predictions.json); never replaced."),
    ] = None,
    file: Annotated[
        Path | None, Parameter(help="The sealed file to score (default: that of the shipped posterior).")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Predict trials that no fit has seen (default: by the composite card), seal that, and only then compare it with what was published."""
    from racemate.cli.talk.carry import allow_jobs
    from racemate.evidence.finding import EvidenceError
    from racemate.report.holdout.predict import CARDS, REPLICATES
    from racemate.report.holdout.predict import predict as run

    allow_jobs(jobs)

    if hold_out == score:
        found = "both" if score else "neither"
        raise EvidenceError("predict", "--hold-out, --score", found, "one of them: first predict, then score")
    if score:
        return _score(file or _shipped(posterior), json)
    made = REPLICATES if replicates is None else replicates

    def work(follow: Follow, parts: Path) -> Frozen:
        cards = hypothesis or CARDS
        return run(posterior, cards, trial, made, seed, progress=follow, jobs=jobs, parts=parts, scheduler=scheduler)

    return _seal(work, made, out or Path(FILE), json, quiet)


def _shipped(posterior: str) -> Path:
    from racemate.posterior import folder

    return folder() / posterior / FILE


def _seal(work: Callable[[Follow, Path], Frozen], made: int, out: Path, json: bool, quiet: bool) -> int:
    from shutil import rmtree

    from racemate.cli.talk.every import followed
    from racemate.evidence.finding import EvidenceError
    from racemate.infer.holdout.frozen import write
    from racemate.report.run.folder import json_text

    if out.exists():
        raise EvidenceError(
            str(out), "--out", "a file that stands there", "a new one: what is sealed is never replaced"
        )
    parts = out.with_name(f"{out.name}.parts")
    with followed(quiet, True) as follow:
        done = work(follow, parts)
    write(out, done)
    rmtree(parts)
    tell(f"racemate: wrote {out}", quiet)
    if json:
        print(json_text({"file": str(out), "sha256": done.hash, "manifest": dict(done.manifest)}), end="")
    else:
        size = f"{len(done.predictions)} predictions of {len(done.trials)} trials, {len(done.cards)} cards"
        print(f"{size}, {made} virtual trials each\nSHA-256 {done.hash}")
    return 0


def _score(file: Path, json: bool) -> int:
    from racemate.report.holdout.score import score
    from racemate.report.run.folder import json_text, records

    found = score(file)
    if json:
        tables = {name: records(getattr(found, name)) for name in ("coverage", "trials", "scores")}
        print(json_text({"manifest": found.manifest, **tables}), end="")
    else:
        print(_told(found))
    return 0


def _told(found: Scored) -> str:
    from racemate.report import words
    from racemate.report.holdout.told import MEANING, coverage_rows, head, trial_rows

    return "\n\n".join(
        (
            head(found),
            f"{bold('Numbers inside their intervals')}\n{columns(*coverage_rows(found), '  ')}",
            f"{bold('By trial')}\n{columns(*trial_rows(found), '  ')}",
            MEANING,
            words.DISCLAIMER,
        )
    )
