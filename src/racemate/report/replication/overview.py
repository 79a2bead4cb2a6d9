"""Overview: the standardised residual of every published number, a line per trial, a panel per card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import altair as alt

from racemate.report.figure import ink
from racemate.report.replication.agreement import USES

if TYPE_CHECKING:
    from racemate.report.replication.every import EveryTrial

_WIDTH, _ROW = 118, 13
_FAR = 5.0
"""Residuals further off are drawn at this edge."""
_USUAL = 2.0
_LONGEST = 260


def draw(run: EveryTrial) -> alt.TopLevelMixin:
    """The figure: trials sorted by use, points beyond the edge drawn as triangles on it."""
    rows = [row for row in run.compared if row["counted"] and row["residual"] is not None]
    trials = sorted({(USES.index(row["use"]), row["trial"]) for row in rows})
    order = list(dict.fromkeys(trial for _, trial in trials))
    panels = [
        _panel([row for row in rows if row["hypothesis"] == card], card, order, first=k == 0)
        for k, card in enumerate(run.cards)
    ]
    grid = alt.hconcat(*panels, spacing=8).resolve_scale(y="shared", color="shared", shape="shared")
    return ink.dressed(grid, "Observed against simulated: standardised residuals", _subtitle())


def _subtitle() -> list[str]:
    return [
        "A point is a published number: observed less the median of the virtual trials, over their standard deviation.",
        f"Grey: within {_USUAL:g}. Triangles lie beyond {_FAR:g}. Colours: what a trial may be used for.",
    ]


def _panel(rows: list[Mapping[str, Any]], card: str, order: list[str], first: bool) -> Any:
    values = [
        {
            "trial": row["trial"],
            "place": max(-_FAR, min(_FAR, row["residual"])),
            "far": "beyond" if abs(row["residual"]) > _FAR else "within",
            "series": row["use"],
        }
        for row in rows
    ]
    x = alt.X("place:Q", title=None, scale=alt.Scale(domain=[-_FAR, _FAR], nice=False), axis=alt.Axis(tickCount=5))
    labels = alt.Axis(labels=first, ticks=first, domain=False, grid=True, labelLimit=_LONGEST, labelFontSize=10)
    y = alt.Y("trial:N", sort=order, title=None, scale=alt.Scale(domain=order), axis=labels)
    shape = alt.Shape("far:N", scale=alt.Scale(domain=["within", "beyond"], range=["circle", "triangle"]), legend=None)
    band = ink.chart([{"low": -_USUAL, "high": _USUAL}]).mark_rect(color=ink.GRID, opacity=0.7)
    middle = ink.chart([{"place": 0.0}]).mark_rule(color=ink.QUIET)
    points = ink.chart(values).mark_point(filled=True, size=18, opacity=0.55)
    layers = alt.layer(
        band.encode(alt.X("low:Q"), alt.X2("high:Q")),
        middle.encode(x),
        points.encode(x, y, _colour(), shape),
    )
    title = alt.TitleParams(text=card, anchor="middle", frame="group", fontSize=11)
    return layers.properties(width=_WIDTH, height=_ROW * max(1, len(order)), title=title)


def _colour() -> alt.Color:
    scale = alt.Scale(domain=list(USES), range=list(ink.COLOURS[: len(USES)]))
    legend = alt.Legend(title=None, orient="top", symbolType="circle", symbolSize=70, symbolOpacity=1)
    return alt.Color("series:N", scale=scale, legend=legend)
