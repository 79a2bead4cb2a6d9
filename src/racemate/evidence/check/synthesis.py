"""Rules for what stands across trials: pooled estimates and their studies, anchors, and signals of spontaneous reports."""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt

from racemate.evidence.arithmetic import agrees, rounding
from racemate.evidence.check.claims import recomputed, scripted
from racemate.evidence.finding import Finding, nearest
from racemate.evidence.library import Library
from racemate.evidence.record import DOUBTFUL, Observation, Spread, Trial
from racemate.evidence.synthesis import Measure, Reported, Signal, Study, StudyArm, Synthesis, component_interval
from racemate.units import UnitError, convert, parse

_PRINTED_TWICE = 2.0
"""Where two rounded numbers are compared each brings its own rounding."""


def _reported(library: Library) -> Iterator[tuple[str, str, Reported]]:
    for synthesis in library.syntheses.values():
        for number, entry in enumerate(synthesis.pooled, 1):
            yield synthesis.file, f"pooled[{number}]", entry
    for anchor in library.anchors.values():
        yield anchor.file, f"anchor.{anchor.id}", anchor


def _studies(library: Library) -> Iterator[tuple[Synthesis, str, Study]]:
    for synthesis in library.syntheses.values():
        for number, study in enumerate(synthesis.studies, 1):
            yield synthesis, f"study[{number}]", study


def reported_is_sourced(library: Library) -> Iterator[Finding]:
    """A number has source and place where it was read; an assumption has a sentence; nobody fits to a number that nobody read."""
    for file, field, entry in _reported(library):
        if not entry.source and entry.how != "assumed":
            yield Finding(file, f"{field}.source", f"no source for a number {entry.how!r}", "a source")
        if not entry.place and not entry.doubtful:
            yield Finding(file, f"{field}.place", "nothing", "a place such as 'Table 3', 'abstract' or 'results'")
        if entry.how == "assumed" and not entry.note:
            yield Finding(file, f"{field}.note", "an assumption without a reason", "a sentence")
    for anchor in library.anchors.values():
        if anchor.doubtful and anchor.use != "context":
            found = f"{anchor.use!r} for a number {anchor.how!r}"
            yield Finding(anchor.file, f"anchor.{anchor.id}.use", found, "'context'")


def reported_unit_reads(library: Library) -> Iterator[Finding]:
    """A unit reads as one, and a time has a unit."""
    for file, field, entry in _reported(library):
        try:
            parse(entry.unit)
        except UnitError as error:
            yield Finding(file, f"{field}.unit", str(error), "a unit such as point, percent, mmHg or 1")
    timed = [(anchor.file, f"anchor.{anchor.id}", anchor) for anchor in library.anchors.values()]
    for file, field, anchor in timed:
        if (anchor.time is None) != (not anchor.time_unit):
            yield Finding(file, f"{field}.time_unit", repr(anchor.time_unit), "time and time_unit together")


def reported_spread_holds_value(library: Library) -> Iterator[Finding]:
    """A spread is positive and its ends lie on either side of the value, of pooled numbers, anchors and adjusted differences."""
    for file, field, entry in _reported(library):
        yield from _misplaced(file, f"{field}.spread", entry.spread, entry.value)
    for synthesis, field, study in _studies(library):
        for number, difference in enumerate(study.differences, 1):
            if difference.adjusted is not None:
                where = f"{field}.difference[{number}].spread"
                yield from _misplaced(synthesis.file, where, difference.spread, difference.adjusted)


def _misplaced(file: str, field: str, spread: Spread, value: float) -> Iterator[Finding]:
    if spread.value is not None and spread.value <= 0:
        yield Finding(file, field, f"{spread.value:g}", "a number above 0")
    if spread.low is not None and spread.high is not None and not spread.low <= value <= spread.high:
        yield Finding(file, field, f"{spread.low:g} to {spread.high:g} around {value:g}", "ends on either side")


def reported_count_agrees(library: Library) -> Iterator[Finding]:
    """A count lies from 0 to n, and a share is what its count says, within the rounding it is written with."""
    for file, field, entry in _reported(library):
        if entry.count is None:
            continue
        if entry.n is None or not 0 <= entry.count <= entry.n or entry.n < 1:
            yield Finding(file, f"{field}.count", f"{entry.count} of {entry.n}", "0 to n, with n given")
            continue
        try:
            expected = convert(entry.count / entry.n, "1", entry.unit)
        except UnitError:
            yield Finding(file, f"{field}.unit", repr(entry.unit), "1 or percent beside a count")
            continue
        if abs(entry.value - expected) > rounding(entry.value) * (1 + 1e-6):
            found = f"{entry.value:g} {entry.unit} beside {entry.count}/{entry.n}"
            yield Finding(file, f"{field}.value", found, f"{expected:.4g} within its rounding")


def reported_arithmetic_recomputes(library: Library) -> Iterator[Finding]:
    """A derived number carries its arithmetic, and the arithmetic gives the value as written."""
    for file, field, entry in _reported(library):
        if entry.arithmetic.startswith("by "):
            yield from scripted(library, file, f"{field}.arithmetic", entry.arithmetic)
        elif entry.arithmetic:
            yield from recomputed(file, f"{field}.arithmetic", entry.arithmetic, entry.value)
        elif entry.how == "derived":
            yield Finding(file, f"{field}.arithmetic", "nothing, for a number 'derived'", "arithmetic in numbers")


def anchor_agrees_with_trial(library: Library) -> Iterator[Finding]:
    """An anchor that names a trial says what a row of that trial says."""
    for anchor in library.anchors.values():
        if not anchor.trial:
            continue
        field, trial = f"anchor.{anchor.id}", library.trials.get(anchor.trial)
        if trial is None:
            yield Finding(anchor.file, f"{field}.trial", repr(anchor.trial), nearest(anchor.trial, library.trials))
            continue
        asked = (anchor.arm, anchor.outcome, anchor.statistic, anchor.time, anchor.time_unit)
        values = [
            row.value
            for row in trial.observations
            if (row.arm, row.outcome, row.statistic, row.time, row.time_unit) == asked
        ]
        if anchor.value not in values:
            found = f"{anchor.value:g} for {asked}"
            yield Finding(anchor.file, f"{field}.value", found, f"one of {values} ({trial.folder}/outcomes.csv)")


def study_is_possible(library: Library) -> Iterator[Finding]:
    """A study's arms are named once, a count lies from 0 to n, and a difference is of two of its arms."""
    for synthesis, field, study in _studies(library):
        names = [arm.name for arm in study.arms]
        for number, arm in enumerate(study.arms, 1):
            if names.count(arm.name) > 1:
                yield Finding(synthesis.file, f"{field}.arm[{number}].name", repr(arm.name), "each name once")
            if arm.count is not None and (arm.n is None or arm.count > arm.n):
                yield Finding(synthesis.file, f"{field}.arm[{number}].count", f"{arm.count} of {arm.n}", "0 to n")
        for number, difference in enumerate(study.differences, 1):
            for name in (difference.first, difference.second):
                if name not in names:
                    where = f"{field}.difference[{number}]"
                    yield Finding(synthesis.file, where, repr(name), nearest(name, names))


def study_difference_recomputes(library: Library) -> Iterator[Finding]:
    """A raw difference is that of the two arms' means."""
    for synthesis, field, study in _studies(library):
        for number, difference in enumerate(study.differences, 1):
            first, second = study.arm(difference.first), study.arm(difference.second)
            if difference.raw is None or first is None or second is None:
                continue
            where = f"{field}.difference[{number}].raw"
            if first.mean is None or second.mean is None:
                yield Finding(synthesis.file, where, f"{difference.raw:g} of arms without means", "the means of both")
            elif not agrees(difference.raw, first.mean - second.mean):
                allowed = f"{first.mean - second.mean:g}, the difference of the means"
                yield Finding(synthesis.file, where, f"{difference.raw:g}", allowed)


def combined_arm_recomputes(library: Library) -> Iterator[Finding]:
    """An arm made of others has their number, mean and standard deviation, by the formula of the Cochrane Handbook (6.5.2.10)."""
    for synthesis, field, study in _studies(library):
        for number, arm in enumerate(study.arms, 1):
            if not arm.combines:
                continue
            where = f"{field}.arm[{number}].combines"
            parts = [part for name in arm.combines if (part := study.arm(name)) is not None]
            whole = _together(parts) if len(parts) == len(arm.combines) else None
            if whole is None:
                allowed = "names of arms of this study that have n, mean and sd"
                yield Finding(synthesis.file, where, repr(arm.combines), allowed)
                continue
            n, mean, sd = whole
            if arm.n != n or not agrees(arm.mean or 0.0, mean) or not agrees(arm.sd or 0.0, sd):
                found = f"n {arm.n}, mean {arm.mean}, sd {arm.sd}"
                yield Finding(synthesis.file, where, found, f"n {n}, mean {mean:.4g}, sd {sd:.4g}")


def _together(parts: list[StudyArm]) -> tuple[int, float, float] | None:
    known = [(p.n, p.mean, p.sd) for p in parts if p.n is not None and p.mean is not None and p.sd is not None]
    if len(known) != len(parts):
        return None
    n, mean, squares = known[0][0], known[0][1], (known[0][0] - 1) * known[0][2] ** 2
    for more, other, sd in known[1:]:
        squares += (more - 1) * sd**2 + n * more / (n + more) * (mean - other) ** 2
        mean = (n * mean + more * other) / (n + more)
        n += more
    return n, mean, sqrt(squares / (n - 1))


def study_agrees_with_trial(library: Library) -> Iterator[Finding]:
    """A study that is in the library says of each arm what a row of that trial says; arms made of others are left out."""
    for synthesis, field, study in _studies(library):
        if not study.trial:
            continue
        trial = library.trials.get(study.trial)
        if trial is None:
            yield Finding(synthesis.file, f"{field}.trial", repr(study.trial), nearest(study.trial, library.trials))
            continue
        for number, arm in enumerate(study.arms, 1):
            if not arm.combines and not any(_same(arm, row) for row in _rows(trial, study, arm.name)):
                found = f"{arm.name!r}: n {arm.n}, mean {arm.mean}, sd {arm.sd}, se {arm.se}, count {arm.count}"
                allowed = f"what a row of {trial.folder}/outcomes.csv says for {study.statistic!r}"
                yield Finding(synthesis.file, f"{field}.arm[{number}]", found, allowed)


def _rows(trial: Trial, study: Study, arm: str) -> list[Observation]:
    asked = (arm, study.outcome, study.statistic, study.time, study.time_unit)
    return [r for r in trial.observations if (r.arm, r.outcome, r.statistic, r.time, r.time_unit) == asked]


def _same(arm: StudyArm, row: Observation) -> bool:
    spread = arm.sd if row.spread_kind == "sd" else arm.se if row.spread_kind == "se" else None
    if arm.count is not None:
        return (arm.count, arm.n) == (row.count, row.n)
    return (arm.mean, arm.n, spread) == (row.value, row.n, row.spread)


def signal_table_gives_measures(library: Library) -> Iterator[Finding]:
    """A table gives every printed measure within its rounding; a declared misprint is one that the table does not give."""
    for signal in library.signals.values():
        if signal.table is None:
            continue
        for measure, value in signal.meant.items():
            result = signal.table.measures[measure]
            if not agrees(value, result):
                found = f"{value:g} beside a table that gives {result:.6g}"
                yield Finding(signal.file, f"signal.{signal.id}.{measure}", found, "a number that the table gives")
        for misprint in signal.misprints:
            if agrees(misprint.printed, signal.table.measures[misprint.measure]):
                field = f"signal.{signal.id}.misprint"
                yield Finding(signal.file, field, f"{misprint.printed:g}, which the table gives", "a misprint, or none")


def misprint_is_of_this_row(library: Library) -> Iterator[Finding]:
    """A misprint says of a printed measure what was printed."""
    for signal in library.signals.values():
        for misprint in signal.misprints:
            if signal.printed.get(misprint.measure) != misprint.printed:
                found = f"{misprint.measure} {misprint.printed:g}"
                allowed = f"what stands under printed: {signal.printed.get(misprint.measure)}"
                yield Finding(signal.file, f"signal.{signal.id}.misprint", found, allowed)


def signal_interval_fits_reports(library: Library) -> Iterator[Finding]:
    """Some number of reports in the stated range gives the printed interval of the information component."""
    for signal in library.signals.values():
        printed = signal.printed
        ends: tuple[Measure, Measure, Measure] = ("ic", "ic_low", "ic_high")
        if signal.reports is None or any(end not in printed for end in ends):
            continue
        low, high = signal.reports
        if not any(_interval_fits(signal, reports) for reports in range(low, high + 1)):
            found = f"{printed['ic_low']:g} to {printed['ic_high']:g} around {printed['ic']:g}"
            yield Finding(signal.file, f"signal.{signal.id}.reports", f"{low} to {high}", f"a range that gives {found}")


def _interval_fits(signal: Signal, reports: int) -> bool:
    printed = signal.printed
    low, high = component_interval(printed["ic"], reports)
    return all(
        abs(given - value) <= _PRINTED_TWICE * rounding(given)
        for given, value in ((printed["ic_low"], low), (printed["ic_high"], high))
    )


def study_is_sourced(library: Library) -> Iterator[Finding]:
    """A study and a signal that were read say where."""
    for synthesis, field, study in _studies(library):
        if not study.place and study.how not in DOUBTFUL:
            yield Finding(synthesis.file, f"{field}.place", "nothing", "a place such as 'Table 3' or 'abstract'")
    for signal in library.signals.values():
        if not signal.place and signal.how not in DOUBTFUL:
            yield Finding(
                signal.file, f"signal.{signal.id}.place", "nothing", "a place such as 'Table 3' or 'abstract'"
            )


RULES = (
    reported_is_sourced,
    reported_unit_reads,
    reported_spread_holds_value,
    reported_count_agrees,
    reported_arithmetic_recomputes,
    anchor_agrees_with_trial,
    study_is_possible,
    study_difference_recomputes,
    combined_arm_recomputes,
    study_agrees_with_trial,
    signal_table_gives_measures,
    misprint_is_of_this_row,
    signal_interval_fits_reports,
    study_is_sourced,
)
