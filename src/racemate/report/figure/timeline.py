"""Timeline figure: a trial's design over time: arms and stages as rows, doses as ticks by drug, periods, decisions and ratings as marks."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any

import altair as alt

from racemate.report.design import NOTHING, Design, bias, design
from racemate.report.figure import ink
from racemate.trial.published import protocol_of

if TYPE_CHECKING:
    from racemate.evidence.record import Trial

_WIDTH, _LANE, _LEAST, _STRIP = 660, 15, 30, 18
"""Width of the axis; heights of a drug's lane, of a row at least, and of the row of ratings or of a period."""
_LINE = 120
_SHADE, _BAR = "#eef3f8", "#b8c9da"
_UNSEEN = "#dddddd"
_TURN = ink.COLOURS[4]
_ROOM = 0.02


def draw(trial: Trial) -> alt.TopLevelMixin:
    """The figure of a trial's design.  Raises EvidenceError for a protocol that does not read."""
    protocol = protocol_of(trial)
    plan = design(protocol)
    low, high = (plan.shown(hour) for hour in plan.ends)
    room = (high - low or 1.0) * _ROOM
    scale = alt.Scale(domain=[low - room, high + room], nice=False)
    parts = [_doses(plan, scale), *_periods(plan, scale), *_turns(plan, scale), _ratings(plan, scale)]
    figure = alt.vconcat(*parts, spacing=4).resolve_scale(x="shared", color="independent")
    told = "; ".join(f"{question}: {answer}" for question, answer in bias(trial.bias))
    about = f"{trial.use}; {protocol.people} people; {told}."
    return ink.dressed(figure, trial.title, wrap(about, _LINE))


def _doses(plan: Design, scale: alt.Scale) -> Any:
    drugs = list(dict.fromkeys(course.drug for course in plan.courses))
    given = [drug for drug in drugs if drug != NOTHING]
    lanes = {row: list(dict.fromkeys(c.drug for c in plan.courses if c.row == row)) for row in plan.rows}
    values = [
        {
            "time": plan.shown(hour),
            "row": course.row,
            "lane": lanes[course.row].index(course.drug),
            "series": course.drug,
            "told": course.told,
        }
        for course in plan.courses
        for hour in course.hours
    ]
    most = max(map(len, lanes.values()), default=1)
    y = alt.Y(
        "row:N",
        title=None,
        scale=alt.Scale(domain=list(plan.rows), paddingInner=0.25, paddingOuter=0.15),
        axis=alt.Axis(labelLimit=330, domain=False, ticks=False),
    )
    colour = alt.Color(
        "series:N",
        scale=alt.Scale(domain=drugs, range=[_colour(drug, given) for drug in drugs]),
        legend=alt.Legend(title=None, orient="top", symbolType="square", symbolOpacity=1),
    )
    lane = alt.YOffset("lane:O", scale=alt.Scale(domain=list(range(most))))
    x = alt.X("time:Q", scale=scale, title=None, axis=alt.Axis(labels=False, ticks=False, tickCount=8, grid=True))
    tips = [alt.Tooltip(field, type="nominal") for field in ("row", "series", "told")]
    ticks = (
        alt.Chart(alt.Data(values=values))
        .mark_tick(thickness=2.5, size=_LANE - 3, orient="vertical", opacity=1)
        .encode(x, y, lane, colour, tooltip=[*tips, alt.Tooltip("time", type="quantitative")])
    )
    height = max(_LEAST, (_LANE + 3) * most) * max(1, len(plan.rows))
    return alt.layer(*_shades(plan, scale), ticks).properties(width=_WIDTH, height=height)


def _colour(drug: str, given: list[str]) -> str:
    return ink.QUIET if drug == NOTHING else ink.COLOURS[given.index(drug) % len(ink.COLOURS)]


def _shades(plan: Design, scale: alt.Scale) -> list[Any]:
    """The simulated periods, behind every row."""
    values = [{"time": plan.shown(span.start), "until": plan.shown(span.end)} for span in plan.spans if span.simulated]
    chart = alt.Chart(alt.Data(values=values)).mark_rect(color=_SHADE)
    return [chart.encode(alt.X("time:Q", scale=scale, title=None), alt.X2("until:Q"))] if values else []


def _periods(plan: Design, scale: alt.Scale) -> list[Any]:
    """A row for each period: periods may overlap, and those that are only published are told apart."""
    values = [
        {
            "time": plan.shown(span.start),
            "until": plan.shown(span.end),
            "row": f"{span.kind} {span.name}" + ("" if span.simulated else ", not simulated"),
            "colour": _BAR if span.simulated else _UNSEEN,
        }
        for span in plan.spans
    ]
    x = alt.X("time:Q", scale=scale, title=None, axis=alt.Axis(labels=False, ticks=False, tickCount=8, grid=True))
    chart = alt.Chart(alt.Data(values=values)).mark_bar(height=_STRIP - 8, minBandSize=2)
    bars = chart.encode(x, alt.X2("until:Q"), _strip([row["row"] for row in values]), alt.Color("colour:N", scale=None))
    return [bars.properties(width=_WIDTH, height=_STRIP * len(values))] if values else []


def _turns(plan: Design, scale: alt.Scale) -> list[Any]:
    """A row for each decision, with a mark at each time at which it is looked at."""
    values = [
        {"time": plan.shown(hour), "row": f"decision {turn.name}", "told": turn.told}
        for turn in plan.turns
        for hour in turn.hours
    ]
    rows = [f"decision {turn.name}" for turn in plan.turns]
    x = alt.X("time:Q", scale=scale, title=None, axis=alt.Axis(labels=False, ticks=False, tickCount=8, grid=True))
    tips = [alt.Tooltip("told", type="nominal"), alt.Tooltip("time", type="quantitative")]
    chart = alt.Chart(alt.Data(values=values)).mark_point(shape="diamond", filled=True, size=40, opacity=1, color=_TURN)
    marks = chart.encode(x, _strip(rows), tooltip=tips)
    return [marks.properties(width=_WIDTH, height=_STRIP * len(rows))] if values else []


def _strip(rows: list[str]) -> alt.Y:
    axis = alt.Axis(labelLimit=330, domain=False, ticks=False, labelColor=ink.QUIET)
    return alt.Y("row:N", title=None, scale=alt.Scale(domain=rows), axis=axis)


def _ratings(plan: Design, scale: alt.Scale) -> Any:
    values = [{"time": plan.shown(hour), "row": "ratings"} for hour in plan.visits]
    x = alt.X("time:Q", scale=scale, title=plan.unit, axis=alt.Axis(tickCount=8, format="~r", grid=True))
    chart = alt.Chart(alt.Data(values=values)).mark_point(
        shape="triangle-up", filled=True, size=40, opacity=1, color=ink.QUIET
    )
    return chart.encode(x, _strip(["ratings"])).properties(width=_WIDTH, height=_STRIP)
