"""Agreement: how far each published number lies from what the virtual trials say, and how often it lies inside their intervals.

A virtual trial has as many people as the published one, so its scatter over replicates already holds the chance among so few people.
Residual and coverage ask that scatter alone: adding the published standard error would count it twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from racemate.evidence.record import DOUBTFUL, Trial
from racemate.report.run.folder import records
from racemate.report.run.stated import bound, ends, error
from racemate.trial.analysis.look import DROPOUT
from racemate.trial.beside import Replication
from racemate.trial.design.protocol import Protocol
from racemate.trial.published import mirror

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
SHARES = (50, 80, 95)
"""Intervals whose coverage is told, in percent."""
USES = ("calibration", "hold-out", "context")
_LOGARITHMIC = "odds-ratio"
_TESTS = ("p-value", "test-statistic")
RESULTS = (
    "trial", "use", "hypothesis", "arm", "outcome", "population", "period", "statistic", "time", "time_unit", "hours", "unit",
    "observed", "observed_low", "observed_high", "observed_se", "observed_n", "how", "source",
    "median", "low50", "high50", "low80", "high80", "low95", "high95", "sd", "replicates",
    "residual", "inside50", "inside80", "inside95", "counted", "reason",
)  # fmt: skip
"""Columns of the results; ``sd`` is over replicates, ``counted`` says whether coverage counts the row, ``reason`` why it does not."""
COVERAGE = (
    "hypothesis", "use", "trials", "rows",
    *(f"{kind}{share}" for share in SHARES for kind in ("inside", "by_trial", "error")),
    "mean_residual", "rms_residual",
)  # fmt: skip
"""Columns of the coverage: shares of rows inside an interval, the mean over trials of that share, and its error over trials."""


@dataclass(frozen=True)
class Compared:
    """One published row with the answers that mirror it."""

    row: Mapping[str, Any]
    use: str
    place: int
    """Which question mirrors it."""
    reason: str
    """Why it is not counted; empty when it is."""


def compared(protocol: Protocol, record: Trial | None, found: Replication) -> Iterator[Compared]:
    """The published rows of a trial that its virtual trials were asked for."""
    if record is None:
        return
    places = {one.question: k for k, one in enumerate(found.asked)}
    for told, row in zip(record.observations, records(found.observed), strict=True):
        if row["mirrored"]:
            yield Compared(row, record.use_of(told), places[mirror(protocol, told)[0]], _put_in(protocol, row))


def _put_in(protocol: Protocol, row: Mapping[str, Any]) -> str:
    """Why agreement with a row would say nothing; empty where it would say something."""
    if row["how"] in DOUBTFUL:
        return "nobody read this number in its source"
    if row["outcome"] == DROPOUT:
        return "put into the trial, not predicted"
    if row["hours"] == protocol.baseline_h:
        return "the baseline is put into the trial"
    if row["statistic"] in _TESTS:
        return "the outcome of a test, not a size"
    return "only an end is published" if bound(row) else ""


def results(trial: str, protocol: Protocol, record: Trial | None, found: Replication) -> Iterator[dict[str, Any]]:
    """Rows of the results of one trial, those of a hypothesis together, published order within."""
    every = list(compared(protocol, record, found))
    for card, answers in found.answers.items():
        for one in every:
            yield {"trial": trial, "use": one.use, "hypothesis": card, **_told(one), **_beside(one, answers[one.place])}


def _told(one: Compared) -> dict[str, Any]:
    row = one.row
    low, high = ends(row)
    same = (
        "arm", "outcome", "population", "period", "statistic", "time", "time_unit", "hours", "unit", "how", "source",
    )  # fmt: skip
    return {
        **{name: row[name] for name in same},
        "observed": row["value"],
        "observed_low": low,
        "observed_high": high,
        "observed_se": error(row),
        "observed_n": row["n"],
    }


def _beside(one: Compared, answers: Floats) -> dict[str, Any]:
    known = answers[np.isfinite(answers)]
    row: dict[str, Any] = {"replicates": len(known), "reason": one.reason}
    if not one.reason and 2 * len(known) < len(answers):
        row["reason"] = "undefined in more than half of the virtual trials"
    row["counted"] = not row["reason"]
    if not known.size:
        return row
    value, wide = float(one.row["value"]), {}
    for share in SHARES:
        low, high = interval(known, share)
        wide |= {f"low{share}": low, f"high{share}": high, f"inside{share}": bool(low <= value <= high)}
    spread = float(np.std(known, ddof=1)) if known.size > 1 else None
    stated = {"median": float(np.median(known)), "sd": spread, **wide}
    return {**row, **stated, "residual": residual(value, known, one.row["statistic"] == _LOGARITHMIC)}


def interval(values: Floats, share: float) -> tuple[float, float]:
    """Ends of the central interval that holds ``share`` percent of the values."""
    low, high = np.percentile(values, (50 - share / 2, 50 + share / 2))
    return float(low), float(high)


def residual(observed: float, values: Floats, logarithmic: bool = False) -> float | None:
    """Observed less the median of the replicates, over their standard deviation.

    A replicate is as large as the published trial, so its scatter holds the published standard error; adding that would count it twice.
    ``logarithmic``: on the log scale, for a ratio.  None where there is nothing to divide by.
    """
    if logarithmic:
        if observed <= 0:
            return None
        observed, values = float(np.log(observed)), np.log(values[values > 0])
    if values.size < 2:
        return None
    scatter = float(np.std(values, ddof=1))
    return (observed - float(np.median(values))) / scatter if scatter > 0 else None


def table(rows: Iterable[Mapping[str, Any]], columns: Iterable[str]) -> pd.DataFrame:
    """Rows as a frame with the promised columns, missing numbers as NA."""
    import pandas as pd

    return pd.DataFrame(list(rows), columns=list(columns)).convert_dtypes()


def coverage(rows: Iterable[Mapping[str, Any]], cards: Iterable[str]) -> Iterator[dict[str, Any]]:
    """How often counted rows lie inside the intervals, per card and use; rows of one trial are kin, so trials count once as well."""
    every = [row for row in rows if row["counted"]]
    for card in cards:
        for use in USES:
            here = [row for row in every if (row["hypothesis"], row["use"]) == (card, use)]
            yield {"hypothesis": card, "use": use, **_agreed(here)}


def _agreed(rows: list[Mapping[str, Any]]) -> dict[str, Any]:
    trials = {row["trial"]: [one for one in rows if one["trial"] == row["trial"]] for row in rows}
    found: dict[str, Any] = {"trials": len(trials), "rows": len(rows)}
    if not rows:
        return found
    for share in SHARES:
        name = f"inside{share}"
        means = np.array([np.mean([row[name] for row in group]) for group in trials.values()])
        found |= {name: float(np.mean([row[name] for row in rows])), f"by_trial{share}": float(means.mean())}
        if len(means) > 1:
            found[f"error{share}"] = float(means.std(ddof=1) / np.sqrt(len(means)))
    known = np.array([row["residual"] for row in rows if row["residual"] is not None])
    if known.size:
        found |= {"mean_residual": float(known.mean()), "rms_residual": float(np.sqrt(np.mean(known**2)))}
    return found
