"""Number figure: every claim about one number as a point with its 95 % interval, and below them the prior they were pooled into."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import altair as alt

from racemate.evidence.library import library
from racemate.evidence.prior import Prior
from racemate.report import numbers
from racemate.report.figure import ink
from racemate.report.run.folder import records

if TYPE_CHECKING:
    from racemate.evidence.record import Parameter

_WIDTH, _ROW, _PRIOR = 620, 26, 130
_READ, _DOUBTFUL = "read in a source", "recalled or assumed"
_SHARES = (0.0005, 0.9995)
"""The part of a prior that is drawn."""
_STEPS = 320
_LINE = 110
_ROOM = 0.04
"""Free space at each end of the axis, as a share of what it spans."""


def draw(name: str) -> alt.TopLevelMixin:
    """The figure of a number; on a logarithmic axis where its prior is log-normal.  Raises EvidenceError for an unknown name."""
    known = library()
    parameter, prior = known.parameter(name), known.prior(name)
    rows = _rows(name)
    density = _density(prior)
    log = prior.law == "lognormal" and all(row["low"] is None or row["low"] > 0 for row in rows)
    x = _axis(parameter, log, rows, density)
    figure = alt.vconcat(_claims(rows, x), _prior(prior, density, x), spacing=14).resolve_scale(
        x="shared", color="shared"
    )
    return ink.dressed(figure, f"{parameter.label} ({name})", _subtitle(parameter, prior))


def _rows(name: str) -> list[dict[str, Any]]:
    rows = records(numbers.claims(name))
    for row in rows:
        told = ", ".join(word for word in (row["source"] or "no source", row["how"]) if word)
        row["label"] = f"{row['claim']}  {told}"
        row["series"] = _DOUBTFUL if row["doubtful"] else _READ
    return rows


def _density(prior: Prior) -> list[dict[str, float]]:
    """Height of the prior per unit of the axis it is drawn on, from its own quantiles, so that a law cut to its range is drawn cut."""
    import numpy as np

    if prior.law == "fixed" or prior.array:
        return []
    shares = np.linspace(*_SHARES, _STEPS)
    value = prior.quantile(shares)
    place = np.log(value) if prior.law == "lognormal" else value
    steps = np.diff(place)
    inside = steps > 0
    middle = (value[1:] + value[:-1])[inside] / 2
    height = np.diff(shares)[inside] / steps[inside]
    top = height.max()
    return [{"value": float(v), "height": float(h / top)} for v, h in zip(middle, height, strict=True)]


@dataclass(frozen=True)
class _Axis:
    """The horizontal axis that claims and prior share."""

    title: str
    scale: alt.Scale

    def at(self, field: str, shown: bool = True) -> alt.X:
        """A field on the axis; its title and numbers stand only where they are shown."""
        axis = alt.Axis(tickCount=6, format="~r", labels=shown, ticks=shown, grid=True)
        return alt.X(f"{field}:Q", title=self.title if shown else None, scale=self.scale, axis=axis)


def _axis(parameter: Parameter, log: bool, rows: list[dict[str, Any]], density: list[dict[str, float]]) -> _Axis:
    ends = [row[key] for row in rows for key in ("value", "low", "high") if row[key] is not None]
    ends += [row["value"] for row in density]
    low, high = min(ends), max(ends)
    if log:
        room = (high / low) ** _ROOM if high > low else 1 + _ROOM
        domain = [low / room, high * room]
    else:
        room = (high - low or abs(high) or 1.0) * _ROOM
        domain = [low - room, high + room]
    scale = alt.Scale(type="log" if log else "linear", domain=domain, nice=False)
    unit = "" if parameter.unit == "1" else f", {parameter.unit}"
    return _Axis(f"{parameter.label}{unit}{' (logarithmic)' if log else ''}", scale)


def _claims(rows: list[dict[str, Any]], x: _Axis) -> Any:
    order = list(dict.fromkeys(row["label"] for row in rows))
    y = alt.Y("label:N", sort=order, title=None, axis=alt.Axis(labelLimit=320, grid=False, domain=False, ticks=False))
    scale = alt.Scale(domain=[_READ, _DOUBTFUL], range=list(ink.COLOURS[:2]))
    legend = alt.Legend(title=None, orient="top", symbolType="circle", symbolSize=80)
    colour = alt.Color("series:N", scale=scale, legend=legend)
    chart = alt.Chart(alt.Data(values=rows))
    whisker = chart.mark_rule(strokeWidth=1.8).encode(x.at("low", shown=False), alt.X2("high:Q"), y, colour)
    point = chart.mark_point(size=75, strokeWidth=1.8, shape="circle", opacity=1)
    kinds = [
        whisker.transform_filter("isValid(datum.low)"),
        point.encode(x.at("value", shown=False), y, colour, fill=alt.value("white")).transform_filter("!datum.pooled"),
        point.encode(
            x.at("value", shown=False), y, colour, alt.Fill("series:N", scale=scale, legend=None)
        ).transform_filter("datum.pooled"),
    ]
    return alt.layer(*kinds).properties(width=_WIDTH, height=_ROW * len(order))


def _prior(prior: Prior, density: list[dict[str, float]], x: _Axis) -> Any:
    hidden = alt.Y("height:Q", title=None, axis=None, scale=alt.Scale(domain=[0, 1.15], nice=False))
    low, high = numbers.interval(prior)
    medians = prior.median if isinstance(prior.median, tuple) else (prior.median,)
    lows = low if isinstance(low, list) else [low] * len(medians)
    highs = high if isinstance(high, list) else [high] * len(medians)
    marks = [
        {"value": median, "low": start, "high": end, "height": 0.0}
        for median, start, end in zip(medians, lows, highs, strict=True)
    ]
    told = alt.Chart(alt.Data(values=marks))
    area = alt.Chart(alt.Data(values=density)).mark_area(
        color=ink.COLOURS[2], opacity=ink.NARROW_BAND, line={"color": ink.COLOURS[2], "strokeWidth": 2}
    )
    bar = told.mark_rule(strokeWidth=5, color=ink.COLOURS[2]).encode(x.at("low"), alt.X2("high:Q"), y=hidden)
    middle = told.mark_rule(strokeWidth=2, strokeDash=[4, 3], color=ink.TEXT).encode(x.at("value"))
    layers = [area.encode(x.at("value"), hidden)] if density else []
    layers += [bar.transform_filter("isValid(datum.low)"), middle]
    return alt.layer(*layers).properties(width=_WIDTH, height=_PRIOR)


def _subtitle(parameter: Parameter, prior: Prior) -> list[str]:
    hollow = any(not claim.pooled for claim in parameter.claims)
    line = (
        f"Points: claims with their 95 % interval where one is stated{'; hollow ones stand beside the prior' if hollow else ''}. "
        f"Below: the prior pooled by {parameter.pool} ({prior.law}), its median (dashed) and 95 % range (bar)."
    )
    return wrap(line, _LINE)
