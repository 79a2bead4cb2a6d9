"""Beside: every published number beside its predictive intervals, trial by trial, on one scale: distance from what was expected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from racemate.report import words
from racemate.report.figure import ink

if TYPE_CHECKING:
    from racemate.report.check.learned import LearnedRun

_WIDTH, _STEP = 190, 13
_NORMAL = 1.645


def draw(run: LearnedRun) -> alt.TopLevelMixin:
    """Z of every target by trial: predicted from the prior, from the fit, and from the fit as a new study; the band holds 90 %."""
    rows = [
        {
            "trial": row["trial"],
            "z": max(-5.0, min(5.0, row["z"])),
            "series": row["predicted_from"],
            "low": -_NORMAL,
            "high": _NORMAL,
        }
        for row in run.rows("targets")
    ]
    base: Any = alt.Chart(alt.Data(values=rows)).properties(width=_WIDTH, height=alt.Step(_STEP))
    y = alt.Y("trial:N", title=None)
    band = base.mark_rect(color=ink.GRID).encode(
        alt.X("low:Q", title="standard deviations from expected"), alt.X2("high:Q")
    )
    ticks = base.mark_tick(thickness=2, opacity=0.6, color=ink.COLOURS[0]).encode(alt.X("z:Q"), y)
    facet = alt.Column("series:N", title=None, sort=["prior", "posterior", "new study"])
    chart = alt.layer(band, ticks).facet(column=facet)
    fit = run.manifest["fitted"]
    lines = [
        f"{fit['targets']} numbers of {len(fit['fitted'])} trials, each a tick. Band: 90 %. Beyond 5: drawn at 5.",
        "Prior: before any trial was seen. Posterior: with the drug and setting effects fitted to the same trial.",
        "New study: with drug and setting effects that nobody has seen.",
        words.DISCLAIMER,
    ]
    return ink.dressed(chart, f"Published numbers beside predictions, {run.card}", lines)
