"""Power: a finished power run as a person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from racemate.cli.talk.screen import bold, columns, paragraph
from racemate.cli.talk.told import estimands

if TYPE_CHECKING:
    from racemate.report.characteristics.run import PowerRun


def told(run: PowerRun) -> str:
    """What a person reads first: what was asked, the sizes needed, then every measure by card, analysis and size."""
    from racemate.report.words import DISCLAIMER

    endpoint, manifest = run.endpoint, run.manifest
    differ = manifest["arms_differ_in"]
    parts = [
        f"{bold(manifest['trial'])}  {endpoint.outcome} at {endpoint.at}, {endpoint.contrast}, {endpoint.group}; "
        f"two-sided {endpoint.alpha:g}",
        paragraph(f"{manifest['success'].capitalize()}: {manifest['meaning']}."),
        paragraph(f"Parameters: {manifest['parameters']}."),
        paragraph(f"Null world: {manifest['null_world']['statement']}."),
    ]
    if differ:
        parts.append(
            paragraph(
                f"The arms also differ in {', '.join(differ)}: in the null world a difference may come from there."
            )
        )
    if len(run.sizes):
        rows = [
            (row["hypothesis"], row["analysis"], f"{row['target']:g}", row["people"], _interval(row))
            for row in run.rows("sizes")
        ]
        parts.append(columns(("card", "analysis", f"{manifest['success']} wanted", "people", "95 % interval"), rows))
    rows = [
        (
            row["hypothesis"],
            row["analysis"],
            row["people"],
            row["measure"],
            _number(row["value"]),
            _number(row["monte_carlo_error"]),
        )
        for row in run.rows("characteristics")
    ]
    parts.append(columns(("card", "analysis", "people", "measure", "value", "Monte-Carlo error"), rows))
    asked = [f"{line['analysis']}. {line['estimand']}" for line in manifest["estimands"]]
    parts.append(estimands(asked, manifest["estimand_of_the_trial"]))
    return "\n\n".join((*parts, DISCLAIMER)) + "\n"


def _interval(row: dict[str, Any]) -> str:
    return f"{row['low']} to {row['high']}" if row["high"] is not None else f"{row['low']} to more than was looked at"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
