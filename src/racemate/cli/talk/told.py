"""Told: a finished run as a person reads it: observed beside simulated for each card, the verdict, and where the files are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from racemate.cli.talk.screen import bold, columns, paragraph, width
from racemate.infer.compare.verdict import NO_PREFERENCE
from racemate.report import words
from racemate.report.run.course import CourseRun
from racemate.report.run.trial import TrialRun
from racemate.trial.analysis.look import DROPOUT
from racemate.trial.design.scheme import EVERYONE

if TYPE_CHECKING:
    from racemate.report.run.folder import Run

Row = dict[str, Any]

_DAY_H = 24.0
_LABEL, _CELL = 27, 18
"""Room for the label of a line, and for one of its cells."""
_UNTOLD = ("p-value", "test-statistic", "sd")
"""Statistics whose median says little: the verdict says what became of them."""
_SHOWN_H = (2 / 3, 2.0, 24.0, 168.0)


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
        parts[-1] += (
            f"\nAll of it: {files[0].parent} ({len(files)} files; `racemate cite {files[0].parent}` lists the sources)"
        )
    return "\n\n".join((*parts, words.DISCLAIMER))


def _trial(run: TrialRun) -> Iterator[str]:
    told = run.manifest
    size = f"{told['people_simulated']} people, {told['replicates']} virtual trials per card, seed {told['seed']}"
    yield f"{bold(run.protocol.id)}  {told['title']}".rstrip() + f"\n{size}\nParameters: {told['parameters']}."
    if told["warnings"]:
        yield "Before you believe it:\n" + "\n".join(paragraph(f"- {line}", "  ") for line in told["warnings"])
    if len(run.observed):
        yield _observed(run)
    yield "Simulated: median of the virtual trials [95 % of them]; under it, after =, what was published."
    for card in told["cards"]:
        yield _card(run, card["name"])
    if lost := words.unfitted(told["mixed_models"]):
        yield bold("Mixed models") + "\n" + "\n".join(paragraph(line, "  ") for line in lost)
    yield _verdict(run)
    if len(run.factors):
        yield _factors(run)
    if told["estimands"]:
        yield estimands([line["estimand"] for line in told["estimands"]], told["estimand_of_the_trial"])


def estimands(lines: Iterable[str], of_the_trial: str) -> str:
    """What each comparison estimates, and what the trial itself set out to."""
    parts = [paragraph(f"- {line}", "  ") for line in (*lines, *filter(None, [of_the_trial]))]
    return bold("What each comparison estimates") + "\n" + "\n".join(parts)


def _observed(run: TrialRun) -> str:
    """What was published and is asked of the virtual trials, and what cannot be asked."""
    rows = [
        (
            words.moment(row["time"], row["time_unit"]),
            words.quantity(row["outcome"], row["statistic"], row["population"] or "")
            + (f", {row['stage']}" if row["stage"] else ""),
            words.stated(row),
            row["arm"],
        )
        for row in run.published()
    ]
    reasons = Counter(row["reason"] for row in run.rows("observed") if not row["mirrored"])
    left_out = "; ".join(f"{reason} ({count})" for reason, count in reasons.most_common())
    why = f"Not asked of the virtual trials, {reasons.total()} of {len(run.observed)} rows: {left_out}."
    unasked = paragraph(why, "  ") if reasons else ""
    table = columns(("time", "what", "value", "arm"), rows, "  ")
    return "\n".join(part for part in (bold("Published"), table, unasked) if part)


def _card(run: TrialRun, card: str) -> str:
    rows = [row for row in run.rows("simulated") if row["hypothesis"] == card and row["statistic"] not in _UNTOLD]
    blocks = [bold(f"== {card} ==") + _chance(run, card)]
    for (_, outcome), part in _grouped(rows, "stage", "outcome").items():
        if outcome != DROPOUT:
            blocks += _blocks(run, part)
    return "\n".join(blocks)


def _chance(run: TrialRun, card: str) -> str:
    found = (row for row in run.rows("verdict") if row["hypothesis"] == card)
    row = next(found, None)
    if row is None:
        return ""
    return f"  {row['pattern']}: chance {row['probability']:.3f} ± {row['monte_carlo_error']:.3f}"


def _grouped(rows: Iterable[Row], *fields: str) -> dict[tuple[Any, ...], list[Row]]:
    """Rows that agree in some fields, in order of appearance."""
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row[field] for field in fields), []).append(row)
    return found


def _blocks(run: TrialRun, rows: list[Row]) -> Iterator[str]:
    """One table per outcome, its times split over several when the screen is too narrow for them."""
    known = {row["hours"]: row for row in rows}
    times = sorted(known.items(), key=lambda item: (item[0] is None, item[0] or 0.0))
    most = max(1, (width() - _LABEL) // _CELL)
    for start in range(0, len(times), most):
        part = times[start : start + most]
        lines = list(_lines(run, rows, [hour for hour, _ in part]))
        if lines:
            moments = (words.moment(row["time"], row["time_unit"]) for _, row in part)
            stage = f", {rows[0]['stage']}" if rows[0]["stage"] else ""
            yield columns((words.outcome(rows[0]["outcome"]) + stage, *moments), lines, "  ")


def _lines(run: TrialRun, rows: list[Row], hours: list[float]) -> Iterator[list[str]]:
    """A heading per statistic and group, a line per arm, and what was published under it."""
    for (group, statistic), what in _grouped(rows, "population", "statistic").items():
        about = words.statistic(statistic) + ("" if group == EVERYONE else f", {group}")
        here = {arm: _cells(part, hours, words.interval) for (arm,), part in _grouped(what, "arm").items()}
        if not any(map(any, here.values())):
            continue
        alone = len(here) == 1
        if not alone:
            yield [about, *[""] * len(hours)]
        for arm, cells in here.items():
            yield [about if alone else f"  {arm}", *cells]
            where = {"outcome": rows[0]["outcome"], "stage": rows[0]["stage"], "group": group, "arm": arm}
            seen = run.published(statistic=statistic, **where)
            beneath = _cells(seen, hours, words.stated)
            if any(beneath):
                yield ["", *(f"= {cell}" if cell else "" for cell in beneath)]


def _cells(rows: list[Row], hours: list[float], write: Callable[[Any], str]) -> list[str]:
    found = {row["hours"]: write(row) for row in reversed(rows)}
    return [found.get(hour, "") for hour in hours]


def _verdict(run: TrialRun) -> str:
    blocks = []
    for (pattern,), rows in _grouped(run.rows("verdict"), "pattern").items():
        rows.sort(key=lambda row: -row["probability"])
        cells = [(row["hypothesis"], f"{row['probability']:.3f} ± {row['monte_carlo_error']:.3f}") for row in rows]
        table = columns(("card", "chance ± Monte-Carlo error"), cells, "  ")
        blocks.append(f"{bold('Chance of the published pattern')}: {pattern}\n{table}")
    return "\n\n".join(blocks) or "The protocol names no published pattern, so there is no verdict."


def _factors(run: TrialRun) -> str:
    """Bayes factors from this trial alone and from all, the best card first."""
    rows = run.rows("factors")
    every = rows[0]["log_evidence_all"] is not None
    field = "log_evidence_all" if every else "log_evidence"
    rows.sort(key=lambda row: -row[field])
    lines = [
        (
            row["hypothesis"],
            f"{row['log_evidence']:.1f} ± {row['error']:.1f}",
            _factor(row["bayes_factor"]),
            *(
                (f"{row['log_evidence_all']:.1f} ± {row['error_all']:.1f}", _factor(row["bayes_factor_all"]))
                if every
                else ()
            ),
            "no preference" if row["preferred"] is None else f"{row['preferred']} preferred",
        )
        for row in rows
    ]
    head = ("card", "this trial", "factor", *(("with calibration", "factor") if every else ()), "verdict")
    what = "its published pattern" if rows[0]["by"] == "pattern" else f"{rows[0]['numbers']} printed numbers at once"
    note = (
        f"Log evidence of {what}, and Bayes factor against the best card. A gap under {NO_PREFERENCE:g} log units, or within twice its "
        "error, is no preference."
    )
    return f"{bold('Bayes factors')}\n{columns(head, lines, '  ')}\n{paragraph(note, '  ')}"


def _factor(value: float) -> str:
    return f"{value:.2g}" if value >= 1e-3 else "<0.001"


def _course(run: CourseRun) -> Iterator[str]:
    asked = run.manifest["arguments"]
    given = run.manifest["given"]
    over = f" over {given['over']}" if not given["over"].startswith("0 ") else ""
    size = (
        f"{asked['people']} virtual people, seed {asked['seed']}; open label\nParameters: {run.manifest['parameters']}."
    )
    yield f"{bold(asked['drug'])} {asked['dose']} {asked['route']}{over}, {asked['schedule']}\n{size}"
    yield "Median over people [90 % of them]."
    rows = run.rows("simulated")
    hours = sorted({*_SHOWN_H, max(row["hours"] for row in rows)})
    for (card,), part in _grouped(rows, "hypothesis").items():
        head = ("", "unit", "largest", *map(_elapsed, hours))
        yield bold(f"== {card} ==") + "\n" + columns(head, list(_course_lines(part, hours)), "  ")


def _course_lines(rows: list[Row], hours: list[float]) -> Iterator[list[str]]:
    for (outcome, statistic), line in _grouped(rows, "outcome", "statistic").items():
        if statistic == "value" and outcome == "madrs":
            continue
        peak = max(line, key=lambda row: abs(row["median"]))
        shown = [min(line, key=lambda row, hour=hour: abs(row["hours"] - hour)) for hour in hours]
        name = words.outcome(outcome) + (" change" if statistic == "change" else "")
        largest = f"{words.interval(peak)} at {_elapsed(peak['hours'])}"
        yield [name, peak["unit"], largest, *(words.number(row["median"], row["unit"]) for row in shown)]


def _elapsed(hours: float) -> str:
    if hours < 1:
        return f"{60 * hours:.0f} min"
    return f"{hours:g} h" if hours < 2 * _DAY_H else f"day {hours / _DAY_H:g}"
