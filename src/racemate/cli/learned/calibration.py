"""Calibration: the command that puts the inference itself to the test, on evidence simulated where the truth is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from racemate.cli.talk.options import Card, Force, Jobs, Json, Only, Out, Quiet, Scope, Seed
from racemate.cli.talk.screen import bold, columns, paragraph, progress, tell

if TYPE_CHECKING:
    from racemate.report.check.calibration import CalibrationRun

_SHOWN = 10


def calibration(
    *,
    hypothesis: Card = None,
    trials: Scope = "calibration",
    only: Only = None,
    sets: Annotated[int, Parameter(help="Evidence bases to simulate and fit briefly.")] = 200,
    full: Annotated[int, Parameter(help="How many of them to fit in full too, beside the short fit.")] = 4,
    plant: Annotated[
        str | None, Parameter(help="Plant a fault in the fit (halved-errors), to see that it is found.")
    ] = None,
    seed: Seed = 1,
    json: Json = False,
    out: Out = None,
    force: Force = False,
    quiet: Quiet = False,
    jobs: Jobs = None,
) -> int:
    """Fit a card to evidence simulated from its own prior, many times, and see whether the truth ranks anywhere alike among the draws."""
    from racemate.cli.talk.carry import allow_jobs
    from racemate.infer.likelihood.targets import read
    from racemate.report.check.calibration import calibration as run
    from racemate.report.run.folder import check, json_text

    allow_jobs(jobs)
    if out is not None:
        check(out, "calibration", force)
    goal = read(trials, tuple(only) if only else None)  # pyright: ignore[reportArgumentType] read() refuses other words
    with progress(False) as heed:
        said: set[tuple[str, int]] = set()

        def follow(step: str, ready: int, total: int) -> None:
            heed()
            tenth = 10 * ready // max(total, 1)
            if (step, tenth) not in said:
                said.add((step, tenth))
                tell(f"racemate: {step}, {ready} of {total}", quiet)

        done = run(hypothesis, goal, sets, full, seed, plant, follow, jobs)
    files = done.save(out, force) if out is not None else []
    print(json_text(done.as_object()) if json else told(done), end="" if json else "\n")
    if files:
        tell(f"racemate: wrote {out} ({len(files)} files)", quiet)
    return 0 if done.result["passed"] else 1


def told(run: CalibrationRun) -> str:
    """The verdict, the least uniform quantities, and how far short fits are from full ones."""
    found = run.result
    rows = sorted(run.rows("quantities"), key=lambda row: row["p_value"])[:_SHOWN]
    lines = [
        (
            row["quantity"],
            f"{row['mean_rank']:.2f}",
            f"{row['mean_sd']:.2f}",
            f"{row['p_value']:.3g}",
            f"{row['p_corrected']:.3g}",
            "" if row["uniform"] else "NOT UNIFORM",
        )
        for row in rows
    ]
    head = ("least uniform", "mean rank (0.5)", "posterior sd", "p", "corrected p", "")
    verdict = "ranks are uniform" if found["passed"] else f"{len(found['not_uniform'])} quantities are not uniform"
    size = (
        f"{found['sets']} simulated evidence bases, {found['quantities']} quantities, tested at {found['level']:g} after Holm's correction; "
        f"{found['divergent']} of {found['divergent_of']} draws divergent."
    )
    parts = [f"{bold(run.manifest['cards'][0]['name'])}: {verdict}\n{paragraph(size)}", columns(head, lines)]
    return "\n\n".join([*parts, *_twice(found)])


def _twice(found: dict[str, Any]) -> list[str]:
    told = found.get("short_beside_full")
    if not told:
        return []
    low, high = told["sd_ratio"]
    verdict = "agree within their Monte-Carlo error" if told["agree"] else "DIFFER by more than their Monte-Carlo error"
    text = (
        f"Short fits beside full ones, {told['sets']} evidence bases: means differ by at most {told['largest_shift']:.2f} standard "
        f"deviations, standard deviations by factors of {low:.2f} to {high:.2f}; they {verdict} (least corrected p "
        f"{told['least_p_corrected']:.2g})."
    )
    return [paragraph(text)]
