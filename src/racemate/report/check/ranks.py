"""Ranks: histograms of where the truth stood, one small panel per quantity, and the heights of all of them within what passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
from scipy.stats import binom

from racemate.infer.check import uniform
from racemate.report import words
from racemate.report.figure import ink
from racemate.report.run.folder import records

if TYPE_CHECKING:
    from racemate.report.check.calibration import CalibrationRun

_COLUMNS, _PANEL_WIDTH, _PANEL_HEIGHT = 8, 110, 60
_WIDTH, _HEIGHT = 620, 320
_INSIDE = 0.99


def draw(run: CalibrationRun) -> alt.TopLevelMixin:
    """A histogram per quantity; the band holds 99 % of the bars of uniform ranks, quantities that fail stand out."""
    from racemate.report.check.calibration import BINS

    least, most = binom.interval(_INSIDE, len(run.ranks), 1 / BINS)
    fine = {row["quantity"]: row["uniform"] for row in run.rows("quantities")}
    rows = [
        {
            **row,
            "to": row["rank_to"] + 1,
            "low": float(least),
            "high": float(most),
            "passed": bool(fine[row["quantity"]]),
        }
        for row in records(run.histogram)
    ]
    base = alt.Chart(alt.Data(values=rows)).properties(width=_PANEL_WIDTH, height=_PANEL_HEIGHT)
    x = alt.X("rank_from:Q", title=None, axis=alt.Axis(labels=False, ticks=False, grid=False))
    band = base.mark_rect(color=ink.GRID).encode(x, alt.X2("to:Q"), alt.Y("low:Q", title=None), alt.Y2("high:Q"))
    colour = alt.condition("datum.passed", alt.value(ink.COLOURS[0]), alt.value(ink.COLOURS[1]))
    bars = base.mark_rect().encode(
        x, alt.X2("to:Q"), alt.Y("count:Q", axis=alt.Axis(grid=False, tickCount=2)), color=colour
    )
    head = alt.Header(labelFontSize=8, labelLimit=_PANEL_WIDTH + 20, title=None)
    names = list(run.names)
    chart = alt.layer(band, bars).facet(facet=alt.Facet("quantity:N", sort=names, header=head), columns=_COLUMNS)
    return ink.dressed(chart, f"Rank of the truth among draws, {run.manifest['cards'][0]['name']}", _subtitle(run))


def heights(run: CalibrationRun) -> alt.TopLevelMixin:
    """Share of ranks at or below each rank minus what uniform ranks would have, a line per quantity, within the band that passes."""
    from racemate.report.check.calibration import HIGHEST

    found, sets = np.array([one.rank for one in run.ranks]), len(run.ranks)
    share = np.arange(1, HIGHEST + 1) / (HIGHEST + 1)
    low, high = uniform.band(sets, HIGHEST, len(run.names))
    band = [
        {"rank": k, "low": float(low[k] / sets - share[k]), "high": float(high[k] / sets - share[k])}
        for k in range(HIGHEST)
    ]
    fine = {row["quantity"]: row["uniform"] for row in run.rows("quantities")}
    lines = [
        {"series": name, "rank": k, "height": float((found[:, q] <= k).mean() - share[k]), "passed": bool(fine[name])}
        for q, name in enumerate(run.names)
        for k in range(HIGHEST)
    ]
    x = alt.X("rank:Q", title=f"rank among {HIGHEST} draws", axis=alt.Axis(grid=False), scale=alt.Scale(nice=False))
    y = alt.Y("low:Q", title="share at or below, minus uniform")
    area = alt.Chart(alt.Data(values=band)).mark_area(color=ink.GRID).encode(x, y, alt.Y2("high:Q"))
    colour = alt.condition("datum.passed", alt.value(ink.COLOURS[0]), alt.value(ink.COLOURS[1]))
    drawn: Any = alt.Chart(alt.Data(values=lines)).mark_line(strokeWidth=1, opacity=0.5)
    chart = alt.layer(area, drawn.encode(x, alt.Y("height:Q"), detail="series:N", color=colour))
    title = f"Ranks of all quantities, {run.manifest['cards'][0]['name']}"
    return ink.dressed(chart.properties(width=_WIDTH, height=_HEIGHT), title, _subtitle(run))


def _subtitle(run: CalibrationRun) -> list[str]:
    told = run.result
    verdict = "all uniform" if told["passed"] else f"not uniform: {', '.join(told['not_uniform'])}"
    planted = [f"A fault was planted: {run.manifest['fault']}."] if run.manifest["fault"] else []
    return [
        f"{told['sets']} evidence bases simulated from the prior; {told['quantities']} quantities, {verdict}",
        f"at {told['level']:g} after Holm's correction. Grey: where right ranks lie.",
        *planted,
        words.DISCLAIMER,
    ]
