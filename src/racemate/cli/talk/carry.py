"""Carry: a run carried out from the command line: look whether it can be written, follow it, write it, print it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from racemate.cli.talk.screen import progress, steps, tell

if TYPE_CHECKING:
    from racemate.cli.talk.options import Stepped
    from racemate.exchange.learned.asked import Result


def carry_out(command: str, work: Callable[[Any], Result], how: Stepped) -> int:
    """Refuse a folder that cannot be written before anything runs; then run, write, print.  Nothing is written of what was stopped."""
    from racemate.cli.talk.options import Written
    from racemate.report.run.folder import check, json_text

    allow_jobs(how.jobs)
    if how.out is not None:
        check(how.out, command, how.force)
    with progress(how.bar and not how.quiet) if isinstance(how, Written) else steps(how.quiet) as follow:
        done = work(follow)
    files = done.save(how.out, how.force) if how.out is not None else []
    if how.json:
        print(json_text(done.as_object()), end="")
    else:
        print(told(done, files).removesuffix("\n"))
    if files:
        tell(f"racemate: wrote {how.out} ({len(files)} files)", how.quiet)
    return 0


def allow_jobs(jobs: int | None) -> None:
    """Refuse a number of threads that there cannot be; raises EvidenceError."""
    if jobs is not None and jobs < 1:
        from racemate.evidence.finding import EvidenceError

        raise EvidenceError("racemate", "--jobs", str(jobs), "a whole number from 1")


def told(run: Any, files: list[Path]) -> str:
    """A finished run as a person reads it; ``files`` are those that were written."""
    from racemate.cli.learned import calibration, compare, fit, learned, sensitivity
    from racemate.cli.talk import crowd, every, power, tables
    from racemate.cli.talk import told as course_or_trial

    tellers: dict[str, Callable[[Any], str]] = {
        "power": power.told,
        "replicate --summary": crowd.told,
        "dose": tables.doses,
        "export": tables.data_sets,
        "safety": tables.side_effects,
        "calibration": calibration.told,
        "sensitivity": sensitivity.told,
        "learned": learned.told,
        "fit": lambda run: fit.told(run.fit),
        "compare": lambda run: compare.told(run.found),
        "predict --hold-out": lambda run: tables.sealed(run.frozen),
        "replicate --all": lambda run: every.told(run, files[0].parent if files else None),
    }
    teller = tellers.get(run.manifest["command"])
    return course_or_trial.told(run, files) if teller is None else teller(run)
