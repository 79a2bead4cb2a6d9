"""Course figure: the day of the first dose in plasma, at receptors and in what a patient notices; then mood over the whole course."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np

from racemate.report import words
from racemate.report.figure import ink

if TYPE_CHECKING:
    from racemate.report.run.course import CourseRun

LEVELS = (5.0, 25.0, 50.0, 75.0, 95.0)
_FIRST_H = 12.0
_DAY_H = 24.0
_WIDTH, _HEIGHT, _GAP = 250, 170, 74
_PARENTS = {"esketamine": "plasma_ketamine_s", "arketamine": "plasma_ketamine_r", "ketamine": "plasma_ketamine"}


def draw(run: CourseRun) -> alt.TopLevelMixin:
    """The figure: four panels of the first hours and one of the course, a colour per hypothesis."""
    told = run.manifest["arguments"]
    parent = _PARENTS.get(told["drug"], f"plasma_{told['drug']}")
    colour = ink.palette([str(card) for card in run.trajectory["hypothesis"].to_numpy()])
    first = (
        (parent, f"{told['drug']} in plasma, ng/mL"),
        ("occupancy_nmda", "NMDA receptors blocked, %"),
        ("occupancy_mor", "mu opioid receptors held, %"),
        ("cadss", "dissociation, CADSS points"),
    )
    small = [_panel(run, name, title, colour, hours=_FIRST_H) for name, title in first]
    course = _panel(run, "madrs", "MADRS change, points", colour, hours=None)
    rows = alt.vconcat(
        alt.hconcat(*small[:3]), alt.hconcat(small[3], course.properties(width=2 * _WIDTH + _GAP))
    ).resolve_scale(color="shared")
    return ink.dressed(rows, _title(told), _subtitle(run))


def _title(told: Any) -> str:
    over = f" over {told['duration']}" if told["duration"] else ""
    drug = f"{told['drug'][0].upper()}{told['drug'][1:]}"
    return f"{drug} {told['dose']} {told['route']}{over}, {told['schedule']}"


def _subtitle(run: CourseRun) -> list[str]:
    return [
        f"{run.trajectory.sizes['person']} virtual people, open label; line and bands: median, 50 % and 90 % of people. "
        f"Parameters: {run.manifest['parameters']}.",
        words.DISCLAIMER,
    ]


def _panel(run: CourseRun, name: str, title: str, colour: alt.Color, hours: float | None) -> Any:
    time = run.trajectory["time"].to_numpy()
    kept = np.ones(time.shape, dtype=bool) if hours is None else time <= hours
    x = alt.X(
        "time:Q",
        title="days after the first dose" if hours is None else "hours after the first dose",
        axis=alt.Axis(grid=False, tickCount=12 if hours is None else 6),
        scale=alt.Scale(nice=False),
    )
    values: list[dict[str, Any]] = []
    for card in run.trajectory["hypothesis"].to_numpy():
        people = run.trajectory[name].sel(hypothesis=card).to_numpy()
        people = people - people[0] if hours is None else people
        quantiles = np.percentile(people[kept], LEVELS, axis=1)
        at = time[kept] / (_DAY_H if hours is None else 1.0)
        values += ink.band_values([float(t) for t in at], quantiles, series=str(card))
    layers: list[Any] = [ink.bands(values, x, title, colour)]
    if hours is None:
        layers.insert(0, ink.chart([{"y": 0}]).mark_rule(color=ink.QUIET, strokeDash=[2, 3]).encode(y="y:Q"))
    return alt.layer(*layers).properties(width=_WIDTH, height=_HEIGHT)
