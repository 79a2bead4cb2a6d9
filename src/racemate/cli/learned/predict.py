"""Predict: the command that seals predictions of held-out trials, and the one that scores a sealed file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from racemate.cli.talk.screen import bold, columns, tell

if TYPE_CHECKING:
    from racemate.report.holdout.score import Scored

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
    hypothesis: Annotated[
        list[str] | None, Parameter(negative="", help="A card's name; repeat for several (default: composite).")
    ] = None,
    trial: Annotated[list[str] | None, Parameter(negative="", help="Only this trial; repeat for several.")] = None,
    replicates: Annotated[int | None, Parameter(help="Virtual trials per card (default: 200).")] = None,
    seed: Annotated[int, Parameter(help="Whole number that decides every random draw.")] = 1,
    jobs: Annotated[
        int | None, Parameter(name=["--jobs", "-j"], help="Threads (default: one per core); the result is the same.")
    ] = None,
    out: Annotated[
        Path | None,
        Parameter(name=["--out", "-o"], help="The sealed file to write (default: predictions.json); never replaced."),
    ] = None,
    file: Annotated[
        Path | None, Parameter(help="The sealed file to score (default: that of the shipped posterior).")
    ] = None,
    json: Annotated[bool, Parameter(negative="", help="Print one JSON object instead of tables.")] = False,
    quiet: Annotated[
        bool, Parameter(name=["--quiet", "-q"], negative="", help="No messages on standard error.")
    ] = False,
) -> int:
    """Predict trials that no fit has seen, seal the predictions, and only then compare them with what was published."""
    from racemate.evidence.finding import EvidenceError

    if hold_out == score:
        found = "both" if score else "neither"
        raise EvidenceError("predict", "--hold-out, --score", found, "one of them: first predict, then score")
    if score:
        return _score(file or _shipped(posterior), json)
    return _seal(posterior, hypothesis, trial, replicates, seed, jobs, out or Path(FILE), json, quiet)


def _shipped(posterior: str) -> Path:
    from racemate.posterior import folder

    return folder() / posterior / FILE


def _seal(
    posterior: str,
    cards: list[str] | None,
    trials: list[str] | None,
    replicates: int | None,
    seed: int,
    jobs: int | None,
    out: Path,
    json: bool,
    quiet: bool,
) -> int:
    from shutil import rmtree

    from racemate.cli.talk.every import followed
    from racemate.evidence.finding import EvidenceError
    from racemate.infer.holdout.frozen import write
    from racemate.report.holdout.predict import CARDS, REPLICATES
    from racemate.report.holdout.predict import predict as run
    from racemate.report.run.folder import json_text

    if out.exists():
        raise EvidenceError(
            str(out), "--out", "a file that stands there", "a new one: what is sealed is never replaced"
        )
    with followed(quiet, True) as follow:
        made = REPLICATES if replicates is None else replicates
        parts = out.with_name(f"{out.name}.parts")
        done = run(posterior, cards or CARDS, trials, made, seed, progress=follow, jobs=jobs, parts=parts)
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
