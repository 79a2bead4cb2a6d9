"""Sensitivity: the command that asks on which parameters a prediction hangs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from racemate.cli.talk.carry import carry_out
from racemate.cli.talk.options import STEPPED, Card, Seed, Stepped
from racemate.cli.talk.screen import bold, columns, paragraph

if TYPE_CHECKING:
    from racemate.report.check.sensitivity import SensitivityRun

_SHOWN = 8


def sensitivity(
    *,
    hypothesis: Card = None,
    base: Annotated[int, Parameter(help="Rows of the base samples; a power of two.")] = 512,
    seed: Seed = 1,
    how: Stepped = STEPPED,
) -> int:
    """Sobol indices: how much of what is unknown about the day-1 and day-28 change comes from each population parameter."""

    def work(follow: Any) -> SensitivityRun:
        from racemate.report.check.sensitivity import sensitivity as run

        return run(hypothesis, base, seed, follow, how.jobs)

    return carry_out("sensitivity", work, how)


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
