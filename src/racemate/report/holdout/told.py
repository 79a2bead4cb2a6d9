"""Told: the score of sealed predictions as a person reads it, on a screen or on a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from racemate.report import words
from racemate.report.holdout.score import LATER, Scored
from racemate.report.replication.agreement import SHARES
from racemate.report.run.folder import records

Table = tuple[Sequence[str], list[tuple[str, ...]]]
MEANING = (
    "CRPS: distance between the predictive distribution and the published number, in its unit; small is good.\n"
    "Bias: predicted median less published number. z: published less predicted, over the scatter of the virtual trials."
)


def head(found: Scored) -> str:
    """How the predictions were made, and their seal."""
    told = found.manifest
    arguments = told["arguments"]
    counted = sum(row["hypothesis"] == found.frozen.cards[0] for row in _counted(found))
    later = sum(row["reason"] == LATER for row in found.rows) // max(1, len(found.frozen.cards))
    missing = f" {later} more can be answered now, and could not when this was sealed." if later else ""
    return (
        f"{len(found.frozen.trials)} trials predicted from posterior {told['posterior']['name']}, "
        f"{arguments['replicates']} virtual trials each, seed {arguments['seed']}; {counted} published numbers scored.{missing}\n"
        f"Sealed: SHA-256 {told['sealed']}"
    )


def _counted(found: Scored) -> Iterable[Mapping[str, Any]]:
    return (row for row in found.rows if row["counted"])


def coverage_rows(found: Scored) -> Table:
    """Per card: the share of numbers inside each interval, in brackets the mean over trials and its error."""
    heads = ("card", "trials", "numbers", *(f"in {share} %" for share in SHARES), "mean z", "rms z")
    rows = [
        (
            row["hypothesis"],
            str(row["trials"]),
            str(row["rows"]),
            *(_share(row, share) for share in SHARES),
            _signed(row["mean_residual"]),
            _signed(row["rms_residual"]),
        )
        for row in records(found.coverage)
    ]
    return heads, rows


def _share(row: Mapping[str, Any], share: int) -> str:
    if row[f"inside{share}"] is None:
        return "–"
    error = row[f"error{share}"]
    wide = "" if error is None else f" ± {100 * error:.0f}"
    return f"{100 * row[f'inside{share}']:.0f} % ({100 * row[f'by_trial{share}']:.0f}{wide})"


def trial_rows(found: Scored) -> Table:
    """Per trial, card and unit: coverage, CRPS, bias and z."""
    heads = ("trial", "card", "unit", "numbers", *(f"in {s} %" for s in SHARES), "CRPS", "bias", "mean z", "rms z")
    rows = [
        (
            row["trial"],
            row["hypothesis"],
            row["unit"],
            str(row["rows"]),
            *(f"{100 * row[f'inside{share}']:.0f}" for share in SHARES),
            words.number(row["crps"], row["unit"]),
            *(_signed(row[name]) for name in ("bias", "mean_z", "rms_z")),
        )
        for row in records(found.trials)
    ]
    return heads, rows


def worst_rows(found: Scored, most: int = 10) -> Table:
    """The numbers furthest from their predictions."""
    far = sorted((row for row in _counted(found) if row["residual"] is not None), key=lambda row: -abs(row["residual"]))
    heads = ("trial", "card", "arm", "what", "time", "published", "predicted, 95 %", "z")
    rows = [
        (
            row["trial"],
            row["hypothesis"],
            row["arm"],
            f"{row['outcome']} {row['statistic']}",
            "" if row["hours"] is None else f"{row['hours'] / 24:.3g} d",
            f"{row['observed']:.3g} {row['unit']}",
            f"{row['median']:.3g} [{row['low95']:.3g}, {row['high95']:.3g}]",
            _signed(row["residual"]),
        )
        for row in far[:most]
    ]
    return heads, rows


def _signed(value: float | None) -> str:
    return "–" if words.missing(value) else f"{value:.2f}".replace("-", "−")
