"""Trial figure: an outcome over time under each hypothesis, a panel each, with what was published drawn into every panel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np

from racemate.report import words
from racemate.report.figure import ink
from racemate.report.run.folder import records
from racemate.report.run.stated import ends
from racemate.trial.analysis.look import Question

if TYPE_CHECKING:
    from racemate.report.run.trial import TrialRun

LEVELS = (5.0, 25.0, 50.0, 75.0, 95.0)
FOLLOWED = (
    "ls-change",
    "observed-change",
    "locf-change",
    "median-change",
    "ls-mean",
    "observed-mean",
    "locf-mean",
    "median",
)
_CHANGES = FOLLOWED[:4]
_DAY_H = 24.0
_SIZES = {1: (640, 320), 2: (380, 230), 3: (250, 185)}
"""Width and height of a panel by the number of columns."""
_APART = 0.006
"""Shift between the published points of two arms, as a share of the time axis."""
_ALPHA = 0.05
_LINE, _FACTS = 150, 4


@dataclass(frozen=True)
class Panels:
    """What one figure shows: a statistic of an outcome in a group of people, wherever the first part of the trial looks at it."""

    outcome: str
    statistic: str
    group: str

    @classmethod
    def all_of(cls, run: TrialRun) -> list[Panels]:
        """A figure for each outcome and group that is followed; first the one with most published points, then protocol order."""
        order: dict[tuple[str, str], None] = {}
        for asked in run.replication.asked:
            if asked.question.statistic in FOLLOWED and not asked.question.stage:
                order.setdefault((asked.question.outcome, asked.question.group))
        found = [cls._best(run, outcome, group) for outcome, group in order]
        return sorted(found, key=lambda panels: -len(panels.published(run)))

    @classmethod
    def choose(cls, run: TrialRun, outcome: str | None, group: str | None) -> Panels:
        """The figure of a named outcome and group, else the main one; KeyError names those there are."""
        every = cls.all_of(run)
        for panels in every:
            if outcome in (None, panels.outcome) and group in (None, panels.group):
                return panels
        raise KeyError(f"{outcome}, {group}: found nothing followed, allowed: {[(p.outcome, p.group) for p in every]}")

    @classmethod
    def _best(cls, run: TrialRun, outcome: str, group: str) -> Panels:
        asked = {
            a.question.statistic
            for a in run.replication.asked
            if (a.question.outcome, a.question.group, a.question.stage) == (outcome, group, "")
        }
        here = [cls(outcome, statistic, group) for statistic in FOLLOWED if statistic in asked]
        return max(here, key=lambda panels: len(panels.published(run)))

    def published(self, run: TrialRun) -> list[dict[str, Any]]:
        """Published rows that are drawn as points."""
        return run.published(outcome=self.outcome, statistic=self.statistic, group=self.group, stage="")

    def questions(self, run: TrialRun, statistic: str | None = None) -> Iterator[tuple[int, Question]]:
        """Place and question of what is drawn."""
        wanted = (self.outcome, statistic or self.statistic, self.group)
        for place, asked in enumerate(run.replication.asked):
            question = asked.question
            if (question.outcome, question.statistic, question.group) == wanted and not question.stage:
                yield place, question

    def hours(self, run: TrialRun) -> list[float]:
        """When the trial looks at it."""
        return sorted({question.hour for _, question in self.questions(run) if question.hour is not None})

    def significance(self, run: TrialRun) -> list[dict[str, Any]]:
        """Published p values of the first contrast, exact or as bounds, one per hour."""
        rows = run.published(outcome=self.outcome, statistic="p-value", group=self.group, stage="")
        return list({row["hours"]: row for row in reversed(rows) if row["arm"] == rows[0]["arm"]}.values())


def draw(run: TrialRun, panels: Panels) -> alt.TopLevelMixin:
    """The figure: per hypothesis the median over simulated trials with 50 % and 90 % band, and published points with 95 % interval."""
    arms = list(dict.fromkeys(question.arm for _, question in panels.questions(run)))
    colour = ink.palette(arms)
    every = [_panel(run, panels, card, colour, arms) for card in run.replication.answers]
    # All is told as charts are made: each fluent method would copy every chart in the figure once more.
    shared = alt.Resolve(scale=alt.ScaleResolveMap(x="shared", y="shared", color="shared"))
    grid = alt.concat(*every, columns=_columns(run), resolve=shared)
    return ink.dressed(grid, str(run.manifest.get("title") or run.protocol.id or "Trial"), _subtitle(run, panels))


def _columns(run: TrialRun) -> int:
    return min(len(run.replication.answers), max(_SIZES))


def _subtitle(run: TrialRun, panels: Panels) -> list[str]:
    lines = [
        f"{words.quantity(panels.outcome, panels.statistic, panels.group)}. Line and bands: median, 50 % and 90 % of "
        f"{run.manifest['replicates']} simulated trials per hypothesis. Parameters: {run.manifest['parameters']}."
    ]
    points = len(panels.published(run))
    told = list(_facts(run, panels))
    lines.append(
        f"Published: {'points with 95 % interval; ' if points else 'no means by arm and day; '}{'; '.join(told)}".rstrip(
            "; "
        )
        + "."
    )
    if len(panels.significance(run)):
        lines.append(
            f"Above the curves: p < {_ALPHA:g} (*) or not (ns) between arms as published, and the share of simulated trials with p < {_ALPHA:g}."
        )
    return [part for line in lines for part in wrap(line, _LINE)]


def _facts(run: TrialRun, panels: Panels) -> Iterator[str]:
    """What was published of the same outcome in words: responders and remitters."""
    rows = [
        row for row in run.published(outcome=panels.outcome, stage="") if row["statistic"] in ("response", "remission")
    ]
    for row in rows[:_FACTS]:
        when = words.moment(row["time"], row["time_unit"])
        yield f"{words.statistic(row['statistic'])} after {row['arm']}, {when}: {words.stated(row)}"


def _panel(run: TrialRun, panels: Panels, card: str, colour: alt.Color, arms: list[str]) -> Any:
    unit, per = ("hours", 1.0) if max(panels.hours(run), default=0.0) <= 2 * _DAY_H else ("days", _DAY_H)
    x = alt.X(
        "time:Q",
        title=f"{unit} after the first dose",
        axis=alt.Axis(tickCount=6, grid=False),
        scale=alt.Scale(nice=False),
    )
    values = [row for arm in arms for row in _simulated(run, panels, card, arm, per)]
    title = words.quantity(panels.outcome, panels.statistic)
    layers: list[Any] = [ink.bands(values, x, title, colour)]
    if panels.statistic in _CHANGES:
        layers.insert(0, ink.chart([{"y": 0}]).mark_rule(color=ink.QUIET, strokeDash=[2, 3]).encode(y="y:Q"))
    layers += _points(run, panels, per, colour, x, arms)
    layers += _marks(run, panels, card, per, x)
    width, height = _SIZES[_columns(run)]
    return alt.layer(*layers, width=width, height=height, title=_title(run, card))


def _title(run: TrialRun, card: str) -> alt.TitleParams:
    told = []
    for row in [row for row in records(run.verdict) if row["hypothesis"] == card][:1]:
        told = [
            f"published pattern in {100 * row['probability']:.1f} ± {100 * row['monte_carlo_error']:.1f} % of trials"
        ]
    return alt.TitleParams(
        text=card, subtitle=told, anchor="start", fontSize=13, subtitleFontSize=11, subtitleColor=ink.QUIET, offset=8
    )


def _simulated(run: TrialRun, panels: Panels, card: str, arm: str, per: float) -> list[dict[str, Any]]:
    answers = run.replication.answers[card]
    here = sorted((q.hour or 0.0, place) for place, q in panels.questions(run) if q.arm == arm)
    told = [(hour / per, answers[place][np.isfinite(answers[place])]) for hour, place in here]
    told = [(time, values) for time, values in told if values.size]
    start = [(0.0, np.zeros(len(LEVELS)))] if panels.statistic in _CHANGES else []
    columns = start + [(time, np.percentile(values, LEVELS)) for time, values in told]
    if not columns:
        return []
    return ink.band_values(
        [time for time, _ in columns], np.stack([column for _, column in columns], axis=1), series=arm
    )


def _points(run: TrialRun, panels: Panels, per: float, colour: alt.Color, x: alt.X, arms: list[str]) -> list[Any]:
    values = []
    apart = _APART * max(panels.hours(run), default=0.0) / per
    for row in panels.published(run):
        low, high = ends(row)
        if not words.missing(row["hours"]) and row["arm"] in arms:
            time = row["hours"] / per + apart * (2 * arms.index(row["arm"]) - len(arms) + 1)
            values.append({"time": time, "value": row["value"], "low": low, "high": high, "series": row["arm"]})
    if not values:
        return []
    chart = ink.chart(values)
    whisker = chart.mark_rule(strokeWidth=1.5).encode(x, alt.Y("low:Q"), alt.Y2("high:Q"), color=colour)
    point = chart.mark_point(filled=True, size=55, opacity=1, stroke="white", strokeWidth=1).encode(
        x, y="value:Q", color=colour
    )
    return [whisker.transform_filter("isValid(datum.low)"), point]


def _below(row: Any) -> bool:
    """Whether a published p value, exact or told as a bound, lies below the usual level."""
    return row["high"] <= _ALPHA if row["spread_kind"] == "range" else row["value"] < _ALPHA


def _marks(run: TrialRun, panels: Panels, card: str, per: float, x: alt.X) -> list[Any]:
    """Above the curves: the published significance of each time, and how often a simulated trial finds it."""
    rows = panels.significance(run)
    if not rows:
        return []
    answers = run.replication.answers[card]
    shares = {}
    for place, question in panels.questions(run, "p-value"):
        known = answers[place][np.isfinite(answers[place])]
        if question.arm == rows[0]["arm"] and known.size:
            shares[question.hour] = f"{100 * float((known < _ALPHA).mean()):.0f}%"
    values = [
        {
            "time": row["hours"] / per,
            "published": "*" if _below(row) else "ns",
            "share": shares.get(row["hours"], ""),
        }
        for row in rows
    ]
    chart = ink.chart(values)
    published = chart.mark_text(color=ink.TEXT, fontSize=11, fontWeight="bold").encode(
        x, y=alt.value(-14), text="published:N"
    )
    share = chart.mark_text(color=ink.QUIET, fontSize=9).encode(x, y=alt.value(-3), text="share:N")
    return [published, share]
