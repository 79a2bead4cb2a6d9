"""Sensitivity: the command that asks on which parameters a prediction hangs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from racemate.cli.talk.options import Card, Force, Jobs, Json, Out, Quiet, Seed
from racemate.cli.talk.screen import bold, columns, paragraph, progress, tell

if TYPE_CHECKING:
    from racemate.report.check.sensitivity import SensitivityRun

_SHOWN = 8


def sensitivity(
    *,
    hypothesis: Card = None,
    base: Annotated[int, Parameter(help="Rows of the base samples; a power of two.")] = 512,
    seed: Seed = 1,
    json: Json = False,
    out: Out = None,
    force: Force = False,
    quiet: Quiet = False,
    jobs: Jobs = None,
) -> int:
    """Sobol indices: how much of what is unknown about the day-1 and day-28 change comes from each population parameter."""
    from racemate.cli.talk.carry import allow_jobs
    from racemate.report.check.sensitivity import sensitivity as run
    from racemate.report.run.folder import check, json_text

    allow_jobs(jobs)
    if out is not None:
        check(out, "sensitivity", force)
    with progress(False) as heed:
        said: set[int] = set()

        def follow(step: str, ready: int, total: int) -> None:
            heed()
            tenth = 10 * ready // max(total, 1)
            if tenth not in said:
                said.add(tenth)
                tell(f"racemate: {step}, {10 * tenth} %", quiet)

        done = run(hypothesis, base, seed, follow, jobs)
    files = done.save(out, force) if out is not None else []
    print(json_text(done.as_object()) if json else told(done), end="" if json else "\n")
    if files:
        tell(f"racemate: wrote {out} ({len(files)} files)", quiet)
    return 0


def told(run: SensitivityRun) -> str:
    """The largest total indices of each outcome."""
    parts = [
        f"{bold(run.manifest['cards'][0]['name'])}: {run.manifest['acting']} of {run.manifest['with_prior']} parameters with a prior act; "
        f"largest standard error of a total index {run.manifest['largest_error']:.3f}"
    ]
    for outcome in run.rows("outcomes"):
        mine = [r for r in run.rows("indices") if (r["regimen"], r["day"]) == (outcome["regimen"], outcome["day"])]
        lines = [
            (r["parameter"], f"{r['total']:.3f} ± {r['total_error']:.3f}", f"{r['first']:.3f} ± {r['first_error']:.3f}")
            for r in mine[:_SHOWN]
        ]
        head = f"{outcome['regimen']}, day {outcome['day']}: {outcome['mean']:.1f} points, standard deviation {outcome['sd']:.1f}"
        parts.append(f"{bold(head)}\n{columns(('parameter', 'total', 'first'), lines, '  ')}")
    note = (
        "Total: what would be left of the variance if only this parameter stayed unknown. First: what knowing it alone would take away. "
        "Typical person, parameters from their priors, one standard error."
    )
    return "\n\n".join([*parts, paragraph(note)])
