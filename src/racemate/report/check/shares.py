"""Shares: what naltrexone would take from the drug and from hope, a point per draw of the posterior, a panel per day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from racemate.report import words
from racemate.report.figure import ink

if TYPE_CHECKING:
    from racemate.report.check.learned import LearnedRun

_SIDE = 170
_PERCENT = 100.0


def draw(run: LearnedRun) -> alt.TopLevelMixin:
    """Share of the drug's part against share of hope that is lost, coloured by the share of the MADRS change that is lost."""
    rows = [
        {
            "day": f"day {row['day']}",
            **{name: _PERCENT * row[name] for name in ("drug_lost", "hope_lost", "change_lost")},
        }
        for row in run.rows("naltrexone")
        if None not in (row["drug_lost"], row["hope_lost"], row["change_lost"])
    ]
    days = list(dict.fromkeys(row["day"] for row in rows))
    colour = alt.Color(
        "change_lost:Q",
        title="MADRS change lost, %",
        scale=alt.Scale(scheme="viridis", domainMin=0),
        legend=alt.Legend(orient="right"),
    )
    points: Any = alt.Chart(alt.Data(values=rows)).mark_circle(size=14, opacity=0.7, clip=True)
    chart = (
        points.encode(
            alt.X("drug_lost:Q", title="drug part lost, %", scale=alt.Scale(domain=[-10, _PERCENT])),
            alt.Y("hope_lost:Q", title="hope lost, %", scale=alt.Scale(domain=[-10, _PERCENT])),
            colour,
        )
        .properties(width=_SIDE, height=_SIDE)
        .facet(column=alt.Column("day:N", title=None, sort=days))
    )
    lines = [
        "Ketamine 0.5 mg/kg after naltrexone 50 mg beside ketamine alone, typical person, one point per draw of the posterior.",
        "Points of one colour give a trial the same answer: along such a line neither share can be told from the other.",
        words.DISCLAIMER,
    ]
    return ink.dressed(chart, f"What naltrexone takes, {run.card}", lines)
