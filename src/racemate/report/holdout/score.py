"""Score: sealed predictions beside what was published: coverage, CRPS, bias and z, good or bad.

Coverage, the rows that are counted and z (`residual`) are those of `racemate.report.replication.agreement`.  The continuous ranked
probability score of a sample is that of its empirical distribution (Hersbach 2000, doi 10.1175/1520-0434(2000)015<0559:DOTCRP>2.0.CO;2):
the mean distance to the published number, less half the mean distance between two draws; in the unit of the row, small is good.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from racemate.evidence.library import Library, library
from racemate.evidence.record import Observation
from racemate.infer.holdout.blind import USE
from racemate.infer.holdout.frozen import Frozen, Prediction, read
from racemate.report.replication.agreement import COVERAGE, RESULTS, SHARES, compared, coverage, results, table
from racemate.trial.analysis.look import Question
from racemate.trial.beside import Size, gather
from racemate.trial.design.protocol import Protocol
from racemate.trial.published import Asked, mirror, protocol_of

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Row = Mapping[str, Any]
SCORES = (*RESULTS, "crps", "bias")
"""Columns of the scores: those of a comparison, CRPS, and the predicted median less the published number."""
LATER = "the question was not asked when the predictions were sealed"
_INSIDE = tuple(f"inside{share}" for share in SHARES)
TRIALS = ("trial", "hypothesis", "unit", "rows", *_INSIDE, "crps", "bias", "mean_z", "rms_z")
"""Columns of the trials; points and percent of one trial are told apart, numbers without unit (ratios, effect sizes) too."""


@dataclass(frozen=True)
class Scored:
    """Frames ``scores`` (row by row), ``trials`` (per trial, card and unit) and ``coverage`` (per card), and the ``manifest``."""

    frozen: Frozen
    rows: tuple[Row, ...] = field(repr=False)

    @property
    def scores(self) -> pd.DataFrame:
        """One row per held-out number and card."""
        return table(self.rows, SCORES)

    @cached_property
    def trials(self) -> pd.DataFrame:
        """One row per trial, card and unit; counted rows only."""
        return table(_by_trial(self.rows), TRIALS)

    @cached_property
    def coverage(self) -> pd.DataFrame:
        """One row per card: the share of numbers inside the 50, 80 and 95 % intervals, and by trial with its error."""
        found = (row for row in coverage(self.rows, self.frozen.cards) if row["use"] == USE)
        return table(found, COVERAGE)

    @property
    def manifest(self) -> dict[str, Any]:
        """How the predictions were made, their seal, and the evidence they were scored with."""
        return {**self.frozen.manifest, "sealed": self.frozen.hash, "scored_with": library().hash}


def score(predictions: Frozen | Path, known: Library | None = None) -> Scored:
    """Score sealed predictions; no outcome is read before the seal of a file has been checked.

    Raises EvidenceError for a file whose content is not what was sealed, and for a trial that the evidence no longer holds.
    """
    frozen = predictions if isinstance(predictions, Frozen) else read(predictions)
    evidence = known or library()
    return Scored(frozen, tuple(row for trial in frozen.trials for row in _scored(trial, frozen, evidence)))


def _scored(trial: str, frozen: Frozen, evidence: Library) -> Iterator[Row]:
    """The held-out rows of one trial that a virtual trial answers, each under every card."""
    record, mine = evidence.trial(trial), [one for one in frozen.predictions if one.trial == trial]
    asked = tuple(dict.fromkeys(one.question for one in mine))
    protocol = protocol_of(record)
    held = [row for row in record.observations if record.use_of(row) == USE]
    yield from _unpredicted(frozen, protocol, held, asked)
    here = tuple(row for row in held if mirror(protocol, row)[0] in asked)
    record = record.model_copy(update={"observations": here})
    told = frozen.manifest["arguments"]
    size = Size(None, told["replicates"], told["seed"])
    bare = gather(protocol, record, tuple(Asked(one, None, "") for one in asked), {}, size)
    samples = {card: _samples(mine, card, asked) for card in frozen.cards}
    answers: Any = {card: [one.answers for one in each] for card, each in samples.items()}
    found = replace(bare, answers=answers)
    rows = list(compared(protocol, record, found))
    places = [(card, one.place) for card in frozen.cards for one in rows]
    for (card, place), row in zip(places, results(trial, protocol, record, found), strict=True):
        yield {**row, **_missed(row, np.array(samples[card][place].sample))}


def _unpredicted(
    frozen: Frozen, protocol: Protocol, held: Sequence[Observation], asked: Sequence[Question]
) -> Iterator[Row]:
    """Rows that can be answered now and could not when the predictions were sealed: shown, not counted."""
    for row in held:
        question, why = mirror(protocol, row)
        if why or question in asked or question.hour == protocol.baseline_h:
            continue
        told = {name: getattr(row, name) for name in ("arm", "outcome", "population", "statistic", "time", "time_unit")}
        known = {"observed": row.value, "unit": row.unit, "how": row.how, "source": row.source, "hours": question.hour}
        for card in frozen.cards:
            yield {
                "trial": protocol.id,
                "use": USE,
                "hypothesis": card,
                **told,
                **known,
                "counted": False,
                "reason": LATER,
            }


def _samples(mine: Sequence[Prediction], card: str, asked: Sequence[Question]) -> list[Prediction]:
    """Predictions of a card in the order of the questions."""
    by = {one.question: one for one in mine if one.card == card}
    return [by[question] for question in asked]


def _missed(row: Row, sample: Floats) -> dict[str, float]:
    """How far a predictive distribution is from what was published."""
    if not sample.size:
        return {}
    return {"crps": crps(sample, row["observed"]), "bias": float(np.median(sample)) - row["observed"]}


def crps(sample: Floats, observed: float) -> float:
    """Continuous ranked probability score of the empirical distribution of a sample, in its unit."""
    x = np.sort(sample)
    rank = (2 * np.arange(len(x)) + 1 - len(x)) / len(x) ** 2
    return float(np.mean(np.abs(x - observed)) - np.sum(rank * x))


def _by_trial(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    """Counted rows of each trial, card and unit taken together."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        if row["counted"]:
            groups.setdefault((row["trial"], row["hypothesis"], row["unit"]), []).append(row)
    for (trial, card, unit), group in groups.items():
        z = np.array([row["residual"] for row in group if row["residual"] is not None])
        mean = {name: float(np.mean([row[name] for row in group])) for name in (*_INSIDE, "crps", "bias")}
        known = {"mean_z": float(z.mean()), "rms_z": float(np.sqrt(np.mean(z**2)))} if z.size else {}
        yield {"trial": trial, "hypothesis": card, "unit": unit, "rows": len(group), **mean, **known}
