"""Told: a finished run as a person reads it: observed beside simulated for each card, the verdict, and where the files are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from racemate.cli.screen import bold, columns, paragraph
from racemate.report import words
from racemate.report.run.course import CourseRun
from racemate.report.run.trial import TrialRun
from racemate.trial.look import DROPOUT
from racemate.trial.scheme import CONTRASTS

if TYPE_CHECKING:
    import pandas as pd

    from racemate.report.run.folder import Run

_DAY_H = 24.0
_COLUMNS = 5
_SHOWN_H = (0.0, 2 / 3, 2.0, 24.0, 168.0)


def told(run: Run, files: Sequence[Path]) -> str:
    """The whole text of a run."""
    if isinstance(run, TrialRun):
        parts = [*_trial(run)]
    else:
        assert isinstance(run, CourseRun)
        parts = [*_course(run)]
    figures = [path for path in files if path.name in ("figure.svg", "figure.png", "figure.html")]
    if figures:
        parts += ["Figure: " + "\n        ".join(str(path) for path in figures)]
        parts[-1] += f"\nAll of it: {files[0].parent} ({len(files)} files; `racemate cite {files[0].parent}` lists the sources)"
    return "\n\n".join((*parts, words.DISCLAIMER))


def _trial(run: TrialRun) -> Iterator[str]:
    told = run.manifest
    size = f"{told['people_simulated']} people, {told['replicates']} virtual trials per card, seed {told['seed']}"
    yield f"{bold(run.protocol.id)}  {told['title']}".rstrip() + f"\n{size}\n{words.FROM_PRIORS}"
    if told["warnings"]:
        yield "Before you believe it:\n" + "\n".join(paragraph(f"- {line}", "  ") for line in told["warnings"])
    yield "Simulated: median of the virtual trials (95 % of them). Beneath, after =, what was published."
    for card in told["cards"]:
        yield _card(run, card["name"])
    yield _verdict(run)
    left_out = run.observed[~run.observed["mirrored"].astype(bool)]
    if len(left_out):
        yield f"{len(left_out)} published rows are not asked of the virtual trial: {'; '.join(sorted(set(left_out['reason'])))}."


def _card(run: TrialRun, card: str) -> str:
    rows = run.simulated[run.simulated["hypothesis"] == card]
    blocks = [bold(f"== {card} ==")]
    for outcome in dict.fromkeys(rows["outcome"]):
        here = rows[rows["outcome"] == outcome]
        blocks += _blocks(run, here)
    return "\n".join(blocks)


def _blocks(run: TrialRun, rows: pd.DataFrame) -> Iterator[str]:
    """One table per outcome, its times split over several when there are many."""
    times = rows.drop_duplicates("hours")[["time", "time_unit", "hours"]].sort_values("hours").to_dict("records")
    for start in range(0, len(times), _COLUMNS):
        part = times[start : start + _COLUMNS]
        lines = list(_lines(run, rows, [time["hours"] for time in part]))
        if lines:
            head = [words.outcome(rows["outcome"].iloc[0]), *(words.moment(t["time"], t["time_unit"]) for t in part)]
            yield columns(head, lines, "  ")


def _lines(run: TrialRun, rows: pd.DataFrame, hours: list[Any]) -> Iterator[list[str]]:
    outcome = rows["outcome"].iloc[0]
    for (group, statistic), what in rows.groupby(["population", "statistic"], sort=False):
        for arm, line in what.groupby("arm", sort=False):
            cells = [_at(line, hour, words.interval) for hour in hours]
            if not any(cells):
                continue
            place = "" if outcome == DROPOUT else f", {arm}" if statistic not in CONTRASTS else ""
            yield [words.statistic(statistic) + ("" if group == "everyone" else f", {group}") + place, *cells]
            seen = _published(run, outcome, statistic, group, arm)
            beneath = [_at(seen, hour, words.stated) for hour in hours]
            if any(beneath):
                yield ["", *(f"= {cell}" if cell else "" for cell in beneath)]


def _published(run: TrialRun, outcome: str, statistic: str, group: str, arm: str) -> pd.DataFrame:
    seen = run.observed[run.observed["mirrored"].astype(bool)]
    named = {"completers", *(one.name for one in run.protocol.groups)}
    groups = seen["population"].where(seen["population"].isin(named), "everyone")
    return seen[(seen["outcome"] == outcome) & (seen["statistic"] == statistic) & (groups == group) & (seen["arm"] == arm)]


def _at(rows: pd.DataFrame, hour: Any, write: Any) -> str:
    here = rows[rows["hours"].isna()] if words.missing(hour) else rows[rows["hours"] == hour]
    return write(here.iloc[0]) if len(here) else ""


def _verdict(run: TrialRun) -> str:
    blocks = []
    for pattern in dict.fromkeys(run.verdict["pattern"]):
        rows = run.verdict[run.verdict["pattern"] == pattern].sort_values("probability", ascending=False)
        cells = [[row.hypothesis, f"{row.probability:.3f} ± {row.monte_carlo_error:.3f}"] for row in rows.itertuples()]
        blocks.append(f"{bold('Chance of the published pattern')}: {pattern}\n" + columns(("card", "chance ± Monte-Carlo error"), cells, "  "))
    return "\n\n".join(blocks) or "The protocol names no published pattern, so there is no verdict."


def _course(run: CourseRun) -> Iterator[str]:
    asked = run.manifest["arguments"]
    given = run.manifest["given"]
    over = f" over {given['over']}" if not given["over"].startswith("0 ") else ""
    size = f"{asked['people']} virtual people, seed {asked['seed']}; open label; parameters from priors, nothing is fitted yet"
    yield f"{bold(asked['drug'])} {asked['dose']} {asked['route']}{over}, {asked['schedule']}\n{size}"
    yield "Median over people (90 % of them)."
    rows = run.simulated
    last = rows["hours"].max()
    for card in dict.fromkeys(rows["hypothesis"]):
        lines = [*_course_lines(rows[rows["hypothesis"] == card], last)]
        head = ("", "unit", "largest", *(_elapsed(hour) for hour in (*_SHOWN_H[1:], last)))
        yield bold(f"== {card} ==") + "\n" + columns(head, lines, "  ")


def _course_lines(rows: pd.DataFrame, last: float) -> Iterator[list[str]]:
    for (outcome, statistic), line in rows.groupby(["outcome", "statistic"], sort=False):
        if statistic == "value" and outcome == "madrs":
            continue
        peak = line.loc[line["median"].abs().idxmax()]
        shown = [line.loc[(line["hours"] - hour).abs().idxmin()] for hour in (*_SHOWN_H[1:], last)]
        name = words.outcome(outcome) + (" change" if statistic == "change" else "")
        cells = [f"{words.interval(peak)} at {_elapsed(peak['hours'])}", *(words.number(row["median"], row["unit"]) for row in shown)]
        yield [name, peak["unit"], *cells]


def _elapsed(hours: float) -> str:
    if hours < 1:
        return f"{60 * hours:.0f} min"
    return f"{hours:g} h" if hours < 2 * _DAY_H else f"day {hours / _DAY_H:g}"
