"""Published: the rows of a trial's report, the question that mirrors each, and what the protocol leaves the report to say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from racemate.evidence.record import Observation, Trial
from racemate.trial.analysis import unasked
from racemate.trial.analysis.look import DROPOUT, SHARES, Question, part_of, refusal
from racemate.trial.analysis.statistics import exact_interval
from racemate.trial.design import schedule
from racemate.trial.design.parts import parts
from racemate.trial.design.protocol import Arm, Figure, Protocol, build
from racemate.trial.design.scheme import (
    COMPLETERS,
    EVERYONE,
    GENOTYPED,
    IMPUTED,
    OVER_TIMES,
    PLAIN,
    SHARE_TESTS,
    Analysis,
    Test,
    Way,
)
from racemate.trial.design.stage import Stage

if TYPE_CHECKING:
    import pandas as pd

_WHOLE_TRIAL = {"", "all-randomised", "itt", "mitt", "fas", "safety", "per-protocol"}
"""Populations that are everyone in a virtual trial, where nobody is randomised and then not treated."""
_OF_REMISSION = {
    "risk-difference": "remission-difference",
    "odds-ratio": "remission-odds-ratio",
    "p-value": "remission-p-value",
}
_OF_SLOPE = {"p-value": "slope-p-value"}
"""What a statistic of one arm means where people are told apart by their number of alleles."""
_MONTH_DAYS = (28, 31)
"""What reports call a month: four weeks, or up to the longest of the calendar."""
_PER_CENT = {"percent": 1.0, "%": 1.0, "1": 100.0}


@dataclass(frozen=True)
class Asked:
    """A question with the time as the trial writes it, and the unit of that time."""

    question: Question
    time: float | None
    time_unit: str


def protocol_of(trial: Trial) -> Protocol:
    """Protocol of a published trial, its people as its own report describes them (baseline, age, sex, weight).

    What `protocol.toml` states stands; what it leaves out comes from the rows of `outcomes.csv`.  Raises EvidenceError.
    """
    protocol = build({**trial.protocol, "id": trial.id}, f"evidence/trials/{trial.id}/protocol.toml")
    arms = tuple(_with_baseline(arm, protocol, trial) for arm in protocol.arms)
    people = {
        name: figure for name in ("age", "female", "weight", "asian", "japanese") if (figure := _described(trial, name))
    }
    return protocol.model_copy(update={"arms": arms, "population": {**people, **protocol.population}})


def _with_baseline(arm: Arm, protocol: Protocol, trial: Trial) -> Arm:
    """An arm with its published baseline: of everyone, else of completers; what some of its people had is not the arm's."""
    if arm.baseline is not None or not arm.simulate:
        return arm
    periods = ("", *(period.name for period in protocol.live_periods))
    rows = [
        row
        for populations in (_WHOLE_TRIAL, {COMPLETERS})
        for row in trial.observations
        if row.population in populations and row.period in periods and row.arm in (arm.name, "all")
        and row.outcome == protocol.baseline_scale and row.statistic == "observed-mean" and row.spread_kind == "sd"
        and _hour(protocol, row) == protocol.baseline_h
    ]  # fmt: skip
    if not rows:
        return arm
    row = rows[0]
    figure = Figure(mean=row.value, sd=row.spread or 0.0, how=row.how, source=row.source, place=row.place)
    return arm.model_copy(update={"baseline": figure})


def _described(trial: Trial, name: str) -> Figure | None:
    """Mean and standard deviation of a covariate over the arms, weighted by their size."""
    rows = [row for row in trial.observations if row.outcome == name and row.statistic in ("observed-mean", "share")]
    if not rows:
        return None
    scale = 0.01 if rows[0].unit in ("percent", "%") else 1.0
    weight = [float(row.n or 1) for row in rows]
    mean = sum(w * row.value for w, row in zip(weight, rows, strict=True)) / sum(weight)
    variance = sum(
        w * ((row.spread or 0.0) ** 2 + (row.value - mean) ** 2) for w, row in zip(weight, rows, strict=True)
    )
    sd = (variance / sum(weight)) ** 0.5 if rows[0].spread_kind == "sd" else 0.0
    return Figure(mean=mean * scale, sd=sd * scale, how=rows[0].how, source=rows[0].source, place=rows[0].place)


def _hour(protocol: Protocol, row: Observation) -> float | None:
    if row.time is None:
        return None
    hour = schedule.elapsed(row.time, row.time_unit, protocol.first_day)
    return protocol.baseline_h if hour == 0 else hour


def mirror(protocol: Protocol, row: Observation) -> tuple[Question, str]:
    """The question that a published row answers, and why it cannot be put to the virtual trial (empty when it can)."""
    group = EVERYONE if row.population in _WHOLE_TRIAL else row.population
    stage = next((stage for stage in protocol.stages if stage.name == row.period), None)
    timed, why = _to_event(protocol, row, group), ""
    if timed:
        asked = timed
    elif stage:
        asked, why = _in_stage(protocol, stage, row, group)
    else:
        asked = _over_times(protocol, row, group) or _plain(protocol, row, group, _rated(protocol, row))
    if not timed and not stage and row.period and row.period not in {period.name for period in protocol.live_periods}:
        why = f"the period {row.period!r} is not simulated"
    elif group not in part_of(protocol, asked)[1]:
        why = f"the group {row.population!r} is not told apart"
    elif row.outcome == DROPOUT and ("adverse" in row.note or row.time is not None):
        why = "leaving for one cause is not simulated"
    return asked, unasked.outside(row.outcome) or unasked.of_a_test(row.statistic, row.note) or why or refusal(
        protocol, asked
    )


def _in_stage(protocol: Protocol, stage: Stage, row: Observation, group: str) -> tuple[Question, str]:
    """The question of a row on a stage, on the stage's own clock, and why it cannot be put.

    A report counts the days of a later stage from its start or from the first dose of the trial: a time is read on the one clock of the
    two on which the stage is rated then.  From which baseline a change or a response counts is for an analysis of the stage to say.
    """
    part = protocol.of_stage(stage)
    own = _rated(part, row)
    hours = {hour for hour in (own, _since(protocol, stage, row)) if hour is not None}
    if row.outcome in part.scales:
        hours &= set(part.rated_h(row.outcome))
    asked = replace(_plain(part, row, group, hours.pop() if len(hours) == 1 else own), stage=stage.name)
    if hours:
        return asked, "a time that the clock of the trial and that of its stage both know"
    kind = unasked.kind(asked.statistic)
    told = {(analysis.outcome, unasked.kind(name)) for analysis in part.analyses for name in analysis.statistics}
    if kind and asked.outcome in part.scales and (asked.outcome, kind) not in told:
        return asked, f"from which baseline a {kind} counts in the stage {stage.name!r} is not told"
    return asked, ""


def _since(protocol: Protocol, stage: Stage, row: Observation) -> float | None:
    """Hour of a row on the clock of a stage, where its time counts from the first dose of the trial and the stage starts at one time."""
    starts = [start for part in parts(protocol) if part.stage is stage for start in part.starts]
    since = None if row.time is None else schedule.elapsed(row.time, row.time_unit, protocol.first_day)
    return None if since is None or len(starts) != 1 else since - starts[0]


def _meant(protocol: Protocol, row: Observation) -> tuple[str, str]:
    """Outcome and statistic of a row.

    A contrast of shares whose note opens with "Of remission" is not one of responses; one whose outcome is remission is of the only
    scale that has a cut-off for it.
    """
    scales = list(protocol.remission)
    if row.outcome == "remission" and row.statistic in _OF_REMISSION and len(scales) == 1:
        return scales[0], _OF_REMISSION[row.statistic]
    of_remission = row.note.lower().startswith("of remission")
    return row.outcome, _OF_REMISSION.get(row.statistic, row.statistic) if of_remission else row.statistic


def _rated(protocol: Protocol, row: Observation) -> float | None:
    """Hour of a row; months mean the one rating between four weeks and a long calendar month each, if there is one."""
    hour = _hour(protocol, row)
    if row.time is None or not row.time_unit.startswith("month") or row.outcome not in protocol.scales:
        return hour
    low, high = (row.time * days * schedule.DAY_H for days in _MONTH_DAYS)
    near = [rated for rated in protocol.rated_h(row.outcome) if low <= rated <= high]
    return near[0] if len(near) == 1 else hour


def _over_times(protocol: Protocol, row: Observation, group: str) -> Question | None:
    """The question of a row over several times, as an analysis of the protocol defines it; None where none does.

    A report gives the first of the times or the last, or none.  A relapse is a row of its own outcome.
    """
    if row.statistic not in OVER_TIMES:
        return None
    for analysis in (one for one in protocol.analyses if not one.event):
        hours = [protocol.at(text) for text in analysis.at]
        fits = row.statistic in analysis.statistics and (row.outcome in (analysis.outcome, row.statistic))
        here = (analysis.group or EVERYONE) == group and (not analysis.arms or row.arm in analysis.arms)
        if fits and here and _hour(protocol, row) in (None, min(hours), max(hours)):
            return _defined(protocol, analysis, row.statistic, row.arm)
    return None


def _defined(protocol: Protocol, analysis: Analysis, statistic: str, arm: str) -> Question:
    hours = tuple(sorted(protocol.at(text) for text in analysis.at))
    least = 1 if statistic == "relapse" else analysis.least or len(hours)
    group = analysis.group or EVERYONE
    return Question(analysis.outcome, statistic, arm, hours[-1], group, over=analysis.over, hours=hours, least=least)


def _plain(protocol: Protocol, row: Observation, group: str, hour: float | None) -> Question:
    """The question of a row at one hour, made as the protocol's first analysis of that outcome, arm or contrast is.

    The mixed model is asked at its own visits; what a report says of another time is adjusted by covariance at that time.
    """
    (outcome, statistic), test, way = _meant(protocol, row), None, PLAIN
    if group == GENOTYPED:
        return Question(
            outcome, _OF_SLOPE.get(statistic, statistic) if " vs " not in row.arm else statistic, row.arm, hour, group
        )
    for analysis in protocol.analyses:
        here = row.arm in analysis.contrasts if " vs " in row.arm else row.arm in analysis.named_arms
        if analysis.outcome == outcome and here and not analysis.event:
            test, way = _made(protocol, analysis, statistic, row.arm)
            if test != "mmrm" or hour in way.hours:
                break
            test, way = ("ancova" if " vs " in row.arm else None), PLAIN
    if statistic == "remission-p-value" or (statistic == "p-value" and row.note.lower().startswith("of response")):
        test = test if test in SHARE_TESTS else "chi-squared"
    return Question(outcome, statistic, row.arm, hour, group, test, way=way)


def _made(protocol: Protocol, analysis: Analysis, statistic: str, arm: str) -> tuple[Test | None, Way]:
    """By which test, and in which way, an analysis makes a statistic of an arm or contrast: whatever of both it depends on."""
    way = analysis.way(protocol.at)
    if " vs " in arm:
        return analysis.test, way
    carried = way.missing if way.missing not in IMPUTED else ""
    if statistic.startswith("ls-"):
        return ("mmrm", way) if analysis.test == "mmrm" else (None, PLAIN._replace(strata=way.strata, missing=carried))
    if statistic in ("response", "remission", "share"):
        return None, PLAIN._replace(missing=carried)
    return None, PLAIN


def _to_event(protocol: Protocol, row: Observation, group: str) -> Question | None:
    """The question of a row on the time to an event, as an analysis of the trial or of one of its stages defines it.

    A row names the event as its outcome, and the stage as its period; its time counts from where the analysis says.
    """
    parts = {"": protocol, **{stage.name: protocol.of_stage(stage) for stage in protocol.stages}}
    stage = row.period if row.period in parts else ""
    part = parts[stage]
    for analysis in part.analyses:
        arms = analysis.contrasts if " vs " in row.arm else analysis.arms
        asked = row.statistic in analysis.statistics and row.outcome == analysis.event and row.arm in arms
        if asked and analysis.group in ("", group):
            since = None if row.time is None else schedule.elapsed(row.time, row.time_unit, 0)
            hour = None if since is None else part.at(analysis.since or "0 h") + since
            return replace(_timed(part, analysis, row.statistic, row.arm, hour, group), stage=stage)
    return None


def questions(protocol: Protocol, rows: tuple[Observation, ...] = ()) -> tuple[Asked, ...]:
    """Everything to be asked of a virtual trial: the protocol's analyses, then published rows they do not cover; each once."""
    found: dict[Question, Asked] = {}
    for analysis in protocol.analyses:
        for asked in _of_analysis(protocol, analysis):
            found.setdefault(asked.question, asked)
    for row in rows:
        question, why = mirror(protocol, row)
        if not why:
            found.setdefault(question, Asked(question, row.time, row.time_unit))
    return tuple(found.values())


def _of_analysis(protocol: Protocol, analysis: Analysis) -> Iterator[Asked]:
    if analysis.event:
        yield from _of_event(protocol, analysis)
        return
    for statistic in (name for name in analysis.statistics if name in OVER_TIMES):
        for arm in analysis.arms:
            question = _defined(protocol, analysis, statistic, arm)
            if not refusal(protocol, question):
                yield Asked(question, *written(max(analysis.at, key=protocol.at)))
    for text in analysis.at:
        hour, (time, unit) = protocol.at(text), written(text)
        for statistic in (name for name in analysis.statistics if name not in OVER_TIMES):
            for arm in (*analysis.arms, *analysis.contrasts):
                test, way = _made(protocol, analysis, statistic, arm)
                group = analysis.group or EVERYONE
                question = Question(analysis.outcome, statistic, arm, hour, group, test, analysis.over, way=way)
                if not refusal(protocol, question):
                    yield Asked(question, time, unit)


def _of_event(protocol: Protocol, analysis: Analysis) -> Iterator[Asked]:
    found: dict[Question, Asked] = {}
    for text in analysis.at:
        for statistic in analysis.statistics:
            for arm in (*analysis.arms, *analysis.contrasts):
                group = analysis.group or EVERYONE
                question = _timed(protocol, analysis, statistic, arm, protocol.at(text), group)
                when = (None, "") if question.hour is None else written(text)
                if not refusal(protocol, question):
                    found.setdefault(question, Asked(question, *when))
    yield from found.values()


def _timed(part: Protocol, analysis: Analysis, statistic: str, arm: str, hour: float | None, group: str) -> Question:
    """The question of an analysis of the time to an event; only a share has an hour, the others are of all that was followed."""
    at = hour if statistic in ("relapse", "event-free") else None
    test = analysis.test if " vs " in arm else None
    return Question(analysis.outcome, statistic, arm, at, group, test, way=analysis.way(part.at))


def written(text: str) -> tuple[float, str]:
    """A time as a number and a unit: ``"day 8"`` is 8 day, ``"24 h"`` 24 h, ``"baseline"`` 0 h."""
    words = text.strip().lower().split()
    if words[0] == "day":
        return float(words[1]), "day"
    if words[0] == "baseline":
        return 0.0, "h"
    hours = schedule.moment(text, 1)
    return (float(words[0]), words[1]) if len(words) > 1 else (hours or 0.0, "h")


def observed(protocol: Protocol, rows: tuple[Observation, ...]) -> pd.DataFrame:
    """Published rows as a frame: the columns of `outcomes.csv`, and what mirrors each: ``hours``, ``group``, ``stage``, or the ``reason``.

    ``hours`` are since the first session of the trial, or of the ``stage`` (empty: the first part).

    Shares are in percent.  A share that comes with a count and no interval gets its exact 95 % interval.
    """
    import pandas as pd

    seen: set[Question] = set()
    table: list[dict[str, Any]] = []
    for row in rows:
        question, why = mirror(protocol, row)
        if not why and question in seen:
            why = "another row states the same quantity"
        seen |= {question} if not why else set()
        asked = {"hours": question.hour, "group": question.group, "stage": question.stage}
        table.append({**_cells(row), **asked, "mirrored": not why, "reason": why})
    columns = [name for name in Observation.model_fields if name != "line"]
    return pd.DataFrame(table, columns=[*columns, "hours", "group", "stage", "mirrored", "reason"])


def _cells(row: Observation) -> dict[str, Any]:
    cells = row.model_dump(exclude={"line"})
    if row.statistic in SHARES and row.unit in _PER_CENT:
        factor = _PER_CENT[row.unit]
        for name in ("value", "spread", "low", "high"):
            cells[name] = None if cells[name] is None else cells[name] * factor
        cells["unit"] = "percent"
    if row.count is not None and row.n and row.spread_kind == "none":
        low, high = exact_interval(row.count, row.n)
        cells |= {"spread_kind": "exact95", "low": 100 * low, "high": 100 * high}
    return cells
