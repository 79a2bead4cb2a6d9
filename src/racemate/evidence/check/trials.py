"""Rules for trials, their outcomes and the rating scales."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from racemate.evidence.arithmetic import rounding
from racemate.evidence.check.claims import recomputed
from racemate.evidence.finding import Finding, nearest
from racemate.evidence.library import Library
from racemate.evidence.record import Observation, Trial
from racemate.units import UnitError, convert, parse, same_dimension

_MEANS = {"observed-mean", "ls-mean", "locf-mean", "median", "minimum", "maximum", "peak"}
_UNIT_INTERVAL = {"p-value", "correlation"}
_SHARES = {
    "response",
    "remission",
    "sustained-response",
    "relapse",
    "share",
    "guess-correct",
    "guess-drug",
    "guess-placebo",
}
_ENDS = ("range95", "range", "iqr")


def _rows(library: Library) -> Iterator[tuple[Trial, str, str, Observation]]:
    for trial in library.trials.values():
        for row in trial.observations:
            yield trial, f"{trial.folder}/outcomes.csv", f"line {row.line}", row


def arm_is_named_once(library: Library) -> Iterator[Finding]:
    """A trial has arms, and no two arms or periods share a name."""
    for trial in library.trials.values():
        file = f"{trial.folder}/protocol.toml"
        if not trial.arms:
            yield Finding(file, "arm", "no arm", "an [[arm]] with a name for each group")
        for table, names in (("arm", trial.arms), ("period", trial.periods)):
            for name, times in Counter(names).items():
                if times > 1:
                    yield Finding(file, table, f"{times} of the name {name!r}", "each name once")


def pooled_trial_is_known(library: Library) -> Iterator[Finding]:
    """A trial that pools the people of others names trials of this evidence."""
    for trial in library.trials.values():
        for name in trial.people_of:
            if name == trial.id or name not in library.trials:
                others = [other for other in library.trials if other != trial.id]
                yield Finding(f"{trial.folder}/protocol.toml", "trial.people_of", repr(name), nearest(name, others))


def arm_is_in_the_protocol(library: Library) -> Iterator[Finding]:
    """Every row speaks of arms and periods that the protocol has."""
    for trial, file, line, row in _rows(library):
        for name in row.arms:
            if name != "all" and name not in trial.arms:
                allowed = f"{nearest(name, trial.arms)} ({trial.folder}/protocol.toml), 'a vs b', or 'all'"
                yield Finding(file, f"{line}.arm", repr(name), allowed)
        if row.period and row.period not in trial.periods:
            allowed = f"blank, or {nearest(row.period, trial.periods)} ({trial.folder}/protocol.toml)"
            yield Finding(file, f"{line}.period", repr(row.period), allowed)


def recalled_is_no_target(library: Library) -> Iterator[Finding]:
    """A number that nobody read in a source is never fitted to, nor scored against."""
    for trial, file, line, row in _rows(library):
        if row.how in ("recalled", "assumed") and trial.use_of(row) != "context":
            yield Finding(file, f"{line}.use", f"{trial.use_of(row)!r} for a number {row.how!r}", "'context'")


def row_place_is_given(library: Library) -> Iterator[Finding]:
    """A number read in a source says where it stands there."""
    for _, file, line, row in _rows(library):
        if not row.place and row.how not in ("recalled", "assumed"):
            yield Finding(file, f"{line}.place", "nothing", "a place such as 'Table 2', 'abstract' or 'results'")


def row_unit_reads(library: Library) -> Iterator[Finding]:
    """A row's unit reads as one, and its time has a unit of time."""
    for _, file, line, row in _rows(library):
        try:
            parse(row.unit)
        except UnitError as error:
            yield Finding(file, f"{line}.unit", str(error), "a unit such as point, percent, mmHg or 1")
        if (row.time is None) != (not row.time_unit):
            found = "a time without a unit" if row.time_unit == "" else "a unit without a time"
            yield Finding(file, f"{line}.time_unit", found, "both or neither")
        elif row.time_unit and not _is_time(row.time_unit):
            yield Finding(file, f"{line}.time_unit", repr(row.time_unit), "a unit of time such as h, day or week")


def _is_time(unit: str) -> bool:
    try:
        return same_dimension(unit, "h")
    except UnitError:
        return False


def count_is_within_n(library: Library) -> Iterator[Finding]:
    """Nobody is counted twice: n is at least 1, and a count lies from 0 to n."""
    for _, file, line, row in _rows(library):
        if row.n is not None and row.n < 1:
            yield Finding(file, f"{line}.n", str(row.n), "a whole number of at least 1")
        if row.count is not None and (row.n is None or not 0 <= row.count <= row.n):
            yield Finding(file, f"{line}.count", f"{row.count} of {row.n}", "0 to n, with n given")


def share_agrees_with_count(library: Library) -> Iterator[Finding]:
    """A share is what its count says, within the rounding it is written with."""
    for _, file, line, row in _rows(library):
        if row.statistic not in _SHARES or row.count is None or not row.n:
            continue
        try:
            expected = convert(row.count / row.n, "1", row.unit)
        except UnitError:
            yield Finding(file, f"{line}.unit", repr(row.unit), "1 or percent for a share")
            continue
        if abs(row.value - expected) > rounding(row.value) * (1 + 1e-6):
            found = f"{row.value:g} {row.unit} beside {row.count}/{row.n}"
            yield Finding(file, f"{line}.value", found, f"{expected:.4g} within its rounding")


def value_is_possible(library: Library) -> Iterator[Finding]:
    """A score lies on its scale, a share from 0 to 1, a p or a correlation inside its interval."""
    for _, file, line, row in _rows(library):
        low, high = _limits(library, row)
        if not low <= row.value <= high:
            yield Finding(
                file, f"{line}.value", f"{row.value:g} {row.unit}", f"{low:g} to {high:g} for {row.statistic!r}"
            )


def _limits(library: Library, row: Observation) -> tuple[float, float]:
    scale = library.scales.get(row.outcome)
    if row.statistic in _SHARES:
        return (0.0, 100.0) if row.unit in ("percent", "%") else (0.0, 1.0)
    if row.statistic in _UNIT_INTERVAL:
        return (0.0 if row.statistic == "p-value" else -1.0, 1.0)
    if scale is not None and row.statistic in _MEANS and row.unit == scale.unit:
        return scale.range
    return float("-inf"), float("inf")


def row_spread_fits_its_kind(library: Library) -> Iterator[Finding]:
    """The cells of a spread are those its kind asks for, positive and rising."""
    for _, file, line, row in _rows(library):
        field = f"{line}.spread_kind"
        ends = row.spread_kind in _ENDS
        if (row.spread is not None) != (row.spread_kind not in (*_ENDS, "none")):
            found = f"{row.spread_kind!r} with spread {row.spread}"
            yield Finding(file, field, found, "a spread for sd, se and cv only; blank with none")
        if (row.low is not None, row.high is not None) != (ends, ends):
            found = f"{row.spread_kind!r} with low {row.low} and high {row.high}"
            yield Finding(file, field, found, "low and high for range95, range and iqr only; both")
        elif row.low is not None and row.high is not None and not row.low <= row.value <= row.high:
            yield Finding(
                file, field, f"{row.low:g} to {row.high:g} around {row.value:g}", "ends on either side of the value"
            )
        if row.spread is not None and row.spread < 0:
            yield Finding(file, field, f"{row.spread:g}", "a spread of at least 0")


def row_arithmetic_recomputes(library: Library) -> Iterator[Finding]:
    """A derived row's note starts with its arithmetic, which gives the value as written."""
    for _, file, line, row in _rows(library):
        if row.note.startswith("="):
            yield from recomputed(file, f"{line}.note", row.note.partition(";")[0], row.value)
        elif row.how == "derived":
            yield Finding(
                file, f"{line}.note", repr(row.note[:40]), "'= ' and the arithmetic; words may follow after ';'"
            )


def rows_differ(library: Library) -> Iterator[Finding]:
    """The same quantity from the same place is entered once."""
    seen: dict[object, int] = {}
    for trial, file, line, row in _rows(library):
        quantity = (trial.id, row.arm, row.period, row.outcome, row.population, row.statistic, row.time, row.time_unit)
        first = seen.setdefault((*quantity, row.source, row.place, row.note), row.line)
        if first != row.line:
            yield Finding(
                file, line, f"the same quantity as line {first}", "each once; say in the note how they differ"
            )


def scale_is_possible(library: Library) -> Iterator[Finding]:
    """A scale's range rises and holds its cut-offs, a linking table rises, and an assumption carries a sentence."""
    for scale in library.scales.values():
        file, (low, high) = f"evidence/scales/{scale.name}.toml", scale.range
        if low >= high:
            yield Finding(file, "range", f"[{low:g}, {high:g}]", "the lower end first")
        for number, cut in enumerate(scale.remission, 1):
            if not low <= cut.value <= high:
                yield Finding(file, f"remission[{number}].value", f"{cut.value:g}", f"{low:g} to {high:g}")
        for number, noise in enumerate(scale.rater_sd, 1):
            if noise.value <= 0:
                yield Finding(file, f"rater_sd[{number}].value", f"{noise.value:g}", "a number above 0")
        for number, link in enumerate(scale.links, 1):
            for name, column in (("here", link.here), ("there", link.there)):
                if list(column) != sorted(column):
                    yield Finding(file, f"link[{number}].{name}", str(column), "numbers that never fall")


def scale_is_sourced(library: Library) -> Iterator[Finding]:
    """A scale's numbers have a source, or are assumptions with a sentence."""
    for scale in library.scales.values():
        file = f"evidence/scales/{scale.name}.toml"
        for field, entry in scale.cited():
            if entry.how == "assumed" and not entry.note:
                yield Finding(file, f"{field}.note", "an assumption without a reason", "a sentence")
            if entry.how != "assumed" and not entry.source:
                yield Finding(
                    file, f"{field}.source", f"no source for a number {entry.how!r}", "a source, or how = 'assumed'"
                )


RULES = (
    arm_is_named_once,
    pooled_trial_is_known,
    arm_is_in_the_protocol,
    recalled_is_no_target,
    row_place_is_given,
    row_unit_reads,
    count_is_within_n,
    share_agrees_with_count,
    value_is_possible,
    row_spread_fits_its_kind,
    row_arithmetic_recomputes,
    rows_differ,
    scale_is_possible,
    scale_is_sourced,
)
