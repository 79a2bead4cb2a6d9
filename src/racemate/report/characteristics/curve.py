"""Curve: how often a design succeeds by the number of people, with the band of its Monte-Carlo error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from racemate.report import words
from racemate.report.figure import ink

if TYPE_CHECKING:
    from racemate.report.characteristics.run import PowerRun

_WIDTH, _HEIGHT = 460, 280
_NORMAL = 1.96
"""Standard errors on either side of a 95 % band."""
_PERCENT = 100.0


def draw(run: PowerRun) -> alt.TopLevelMixin:
    """Success in the world of each hypothesis (line) and rejections in its null world (dashed), a colour per card and analysis."""
    success = run.manifest["success"]
    names = list(dict.fromkeys(_series(row) for row in run.rows("characteristics") if row["measure"] == success))
    colour = ink.palette(names)
    x = alt.X(
        "people:Q",
        title="people" if run.manifest["crossover"] else "people per arm",
        axis=alt.Axis(grid=False),
        scale=alt.Scale(nice=False),
    )
    layers: list[Any] = [
        _band(_values(run, success), x, f"{success}, %", colour),
        _line(_values(run, "type I error"), x, f"{success}, %", colour, [4, 3]),
        _level(_PERCENT * run.endpoint.alpha),
    ]
    if run.manifest["arguments"]["target"] is not None:
        layers.append(_level(_PERCENT * run.manifest["arguments"]["target"]))
    chart = alt.layer(*layers).properties(width=_WIDTH, height=_HEIGHT)
    return ink.dressed(chart, f"{success.capitalize()} of {run.manifest['trial']}", _subtitle(run))


def _series(row: dict[str, Any]) -> str:
    return f"{row['hypothesis']}, {row['analysis']}"


def _values(run: PowerRun, measure: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for row in run.rows("characteristics"):
        if row["measure"] == measure and row["value"] is not None:
            reach = _NORMAL * row["monte_carlo_error"]
            low, high = max(row["value"] - reach, 0.0), min(row["value"] + reach, 1.0)
            values = {"value": row["value"], "low": low, "high": high}
            scaled = {name: _PERCENT * value for name, value in values.items()}
            found.append({"series": _series(row), "people": row["people"], **scaled})
    return found


def _band(values: list[dict[str, Any]], x: Any, title: str, colour: Any) -> Any:
    chart = alt.Chart(alt.Data(values=values))
    y = {"title": title, "scale": alt.Scale(domain=[0, _PERCENT])}
    band = chart.mark_area(opacity=ink.NARROW_BAND).encode(x, alt.Y("low:Q", **y), alt.Y2("high:Q"), color=colour)
    return alt.layer(
        band,
        _line(values, x, title, colour),
        chart.mark_point(filled=True).encode(x, alt.Y("value:Q", title=title), color=colour),
    )


def _line(values: list[dict[str, Any]], x: Any, title: str, colour: Any, dash: Any = alt.Undefined) -> Any:
    chart = alt.Chart(alt.Data(values=values)).mark_line(strokeWidth=2, strokeDash=dash)
    return chart.encode(x, alt.Y("value:Q", title=title), color=colour)


def _level(value: float) -> Any:
    return alt.Chart(alt.Data(values=[{"y": value}])).mark_rule(color=ink.QUIET, strokeDash=[2, 3]).encode(y="y:Q")


def _subtitle(run: PowerRun) -> list[str]:
    told = run.endpoint
    return [
        f"{told.outcome} at {told.at}: {told.contrast}, {told.group}; two-sided {told.alpha:g}",
        f"{run.manifest['success'].capitalize()}: {run.manifest['meaning']}.",
        f"{run.manifest['arguments']['replicates']} virtual trials. Band: 95 % by their number. "
        "Dashed: rejections where drugs do nothing.",
        words.DISCLAIMER,
    ]
