"""Bars: the largest Sobol indices of each outcome: a bar for the total, a point for the first, whiskers for two standard errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from racemate.report import words
from racemate.report.figure import ink

if TYPE_CHECKING:
    from racemate.report.check.sensitivity import SensitivityRun

_SHOWN, _WIDTH, _STEP, _COLUMNS = 12, 260, 17, 2
_ERRORS = 2.0


def draw(run: SensitivityRun) -> alt.TopLevelMixin:
    """A panel per outcome."""
    panels = [_panel(run, row) for row in run.rows("outcomes")]
    lines = [
        "Bar: total index, what would be left of the variance if only this were unknown. Point: what knowing it alone would take away.",
        f"Typical person, parameters from their priors; {run.manifest['acting']} parameters act. Whiskers: two standard errors.",
        words.DISCLAIMER,
    ]
    chart = alt.concat(*panels, columns=_COLUMNS)
    return ink.dressed(chart, f"What the MADRS change hangs on, {run.manifest['cards'][0]['name']}", lines)


def _panel(run: SensitivityRun, outcome: dict[str, Any]) -> Any:
    mine = [row for row in run.rows("indices") if (row["regimen"], row["day"]) == (outcome["regimen"], outcome["day"])]
    rows = [
        {**row, "low": row["total"] - _ERRORS * row["total_error"], "high": row["total"] + _ERRORS * row["total_error"]}
        for row in mine[:_SHOWN]
    ]
    base = alt.Chart(alt.Data(values=rows)).properties(width=_WIDTH, height=alt.Step(_STEP))
    y = alt.Y("parameter:N", title=None, sort=[row["parameter"] for row in rows], axis=alt.Axis(labelLimit=260))
    bar = base.mark_bar(color=ink.COLOURS[0], opacity=0.5).encode(alt.X("total:Q", title="share of the variance"), y)
    rule = base.mark_rule(color=ink.TEXT).encode(alt.X("low:Q"), alt.X2("high:Q"), y)
    point = base.mark_point(color=ink.COLOURS[1], filled=True, size=40).encode(alt.X("first:Q"), y)
    title = f"{outcome['regimen']}, day {outcome['day']}: {outcome['mean']:.1f} points, sd {outcome['sd']:.1f}"
    return alt.layer(bar, rule, point).properties(title=alt.TitleParams(text=title, anchor="start", fontSize=12))
