"""Calibration: the command that puts the inference itself to the test, on evidence simulated where the truth is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from racemate.cli.talk.carry import carry_out
from racemate.cli.talk.options import STEPPED, Card, Only, Scope, Seed, Stepped
from racemate.cli.talk.screen import bold, columns, paragraph

if TYPE_CHECKING:
    from racemate.report.check.calibration import CalibrationRun
    from racemate.report.run.folder import Run

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
    how: Stepped = STEPPED,
) -> int:
    """Fit a card to evidence simulated from its own prior, many times, and see whether the truth ranks anywhere alike among the draws."""
    from racemate.infer.targets.read import read

    goal = read(trials, tuple(only) if only else None)  # pyright: ignore[reportArgumentType] read() refuses other words
    passed: list[bool] = []

    def work(follow: Any) -> Run:
        from racemate.report.check.calibration import calibration as run

        done = run(hypothesis, goal, sets, full, seed, plant, follow, how.jobs)
        passed.append(done.result["passed"])
        return done

    return carry_out("calibration", work, how) or int(not all(passed))


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
