"""Chart: figures of what was measured, in the look of all figures of racemate."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from benchmarks.measure.equal import TARGET
from racemate.report.figure.ink import QUIET, dressed, palette

_SIDE = {"width": 520, "height": 340}


def converged(data: Mapping[str, Any], name: str) -> Any:
    """Error against processor time per person, one line for each solver, and the error at which they are compared."""
    points = [
        {"series": row["solver"], "error": rung["error"], "time": rung["cpu_s"] * 1e3, "tolerance": rung["tolerance"]}
        for row in data["solvers"]
        for rung in row.get("rungs", ())
        if 0 < rung["error"] < 1
    ]
    names = [row["solver"] for row in data["solvers"] if any(one["series"] == row["solver"] for one in points)]
    x = alt.X("error:Q", title="largest error", scale=alt.Scale(type="log", reverse=True), axis=alt.Axis(format=".0e"))
    y = alt.Y("time:Q", title="processor time of a person, ms", scale=alt.Scale(type="log"))
    lines = (
        alt.Chart(alt.Data(values=points))
        .mark_line(point=True)
        .encode(x, y, palette(names), order=alt.Order("tolerance:Q"))
    )
    asked = alt.Chart(alt.Data(values=[{"error": TARGET}])).mark_rule(color=QUIET, strokeDash=[4, 4]).encode(x)
    told = (f"{name}: each point is one tolerance; the dashed line is the error at which solvers are compared",)
    return dressed(alt.layer(asked, lines).properties(**_SIDE), "Error against time", told)


def grown(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Wall time of a cohort against its size."""
    points = [{"people": row["people"], "time": row["wall_s"]["middle"]} for row in rows]
    x = alt.X("people:Q", title="people", scale=alt.Scale(type="log"), axis=alt.Axis(format="~s"))
    y = alt.Y("time:Q", title="wall time, s", scale=alt.Scale(type="log"))
    lines = alt.Chart(alt.Data(values=points)).mark_line(point=True).encode(x, y)
    told = ("composite card, eight infusions in 28 days, all processors",)
    return dressed(alt.layer(lines).properties(**_SIDE), "Time against people", told)


def ranked(rows: Sequence[Mapping[str, Any]], peer: str, aim: float) -> Any:
    """How many times longer a peer takes under each card, from the least to the most, with the range of the rounds."""
    points = [
        {"rank": rank, "card": row["card"], **row["ratio"]}
        for rank, row in enumerate(sorted(rows, key=lambda row: row["ratio"]["middle"]), 1)
    ]
    most = max(aim, *(one["high"] for one in points))
    x = alt.X("rank:Q", title="cards, from the least to the most", axis=alt.Axis(tickMinStep=1))
    y = alt.Y("middle:Q", title=f"{peer}, times racemate's processor time", scale=alt.Scale(domain=[0, most]))
    base = alt.Chart(alt.Data(values=points))
    ranges = base.mark_rule(color=QUIET).encode(x, alt.Y("low:Q"), alt.Y2("high:Q"))
    middles = base.mark_point(filled=True).encode(x, y)
    asked = alt.Chart(alt.Data(values=[{"middle": aim}])).mark_rule(color=QUIET, strokeDash=[4, 4]).encode(y)
    told = (
        f"each point is one random card, a line the range of its rounds; the dashed line is the {aim:g} times asked for",
    )
    return dressed(alt.layer(asked, ranges, middles).properties(**_SIDE), "Random cards", told)
