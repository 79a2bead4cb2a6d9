"""Factors: what one trial says for and against each card, alone and after all calibration trials: Bayes factors with their errors.

The evidence of a trial is the density of its printed numbers at once, from virtual trials as large as the published one: their joint law is taken as normal with
unknown mean and covariance (a synthetic likelihood: price-2018, doi 10.1080/10618600.2017.1302882), so that the predictive law is a
multivariate t whose width owns up to the number of virtual trials.  A normal law for counts of few people is an approximation, the same for every card.
A report that prints tests more than sizes is read by the pattern of its tests instead, where the protocol states one: its probability.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr
from scipy.stats import multivariate_t

from racemate.evidence.finding import EvidenceError
from racemate.evidence.record import Trial
from racemate.infer.compare import verdict
from racemate.infer.compare.store import load
from racemate.posterior import PROSPECTIVE
from racemate.report.replication.agreement import compared
from racemate.report.run.folder import records
from racemate.trial.beside import Replication
from racemate.trial.design.protocol import Protocol

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
COLUMNS = (
    "hypothesis", "by", "numbers", "log_evidence", "error", "bayes_factor",
    "log_evidence_all", "error_all", "bayes_factor_all", "preferred",
)  # fmt: skip
"""Factors are against the card with most evidence; ``preferred`` names it where the gap is more than no preference, all evidence counted."""
_PER_NUMBER = 5
"""Virtual trials for each printed number that enters: fewer leave the covariance to chance."""
_KIN = 1e-3
"""Part of a number's scatter that other numbers leave; below it the number repeats them."""
_RESAMPLES = 50


@dataclass(frozen=True)
class Alone:
    """Evidence of one trial by card: log probability or density, its Monte-Carlo error, what it is of, and of how many numbers or tests."""

    log_evidence: Floats
    error: Floats
    by: str
    numbers: int


def factors(
    protocol: Protocol, record: Trial | None, found: Replication, posteriors: Mapping[str, Any]
) -> pd.DataFrame:
    """One row per card; empty where nothing published can be asked or one card runs alone.

    ``posteriors`` are the manifest's entries of the posteriors in use by card.  All evidence is told only for a hold-out trial under the shipped
    prospective posterior of every card: then the trial's own evidence adds to that of the calibration trials.
    """
    import pandas as pd

    names = tuple(found.answers)
    told = alone(protocol, record, found) if len(names) > 1 else None
    if told is None:
        return pd.DataFrame(columns=list(COLUMNS))
    before = _calibrated(names) if _adds(record, names, posteriors) else None
    total = told.log_evidence + before[0] if before else np.full(len(names), np.nan)
    wrong = np.hypot(told.error, before[1]) if before else np.full(len(names), np.nan)
    judged = (total, wrong) if before else (told.log_evidence, told.error)
    preferred = verdict.beaten_by(*judged, names)
    rows = [
        {
            "hypothesis": name,
            "by": told.by,
            "numbers": told.numbers,
            "log_evidence": told.log_evidence[k],
            "error": told.error[k],
            "bayes_factor": np.exp(told.log_evidence[k] - told.log_evidence.max()),
            "log_evidence_all": total[k],
            "error_all": wrong[k],
            "bayes_factor_all": np.exp(total[k] - total.max()),
            "preferred": preferred[k],
        }
        for k, name in enumerate(names)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).convert_dtypes()


def alone(protocol: Protocol, record: Trial | None, found: Replication) -> Alone | None:
    """Evidence of the trial by itself; None where it publishes nothing that its virtual trials can be asked."""
    asked = [one for one in compared(protocol, record, found) if not one.reason]
    places = [one.place for one in asked]
    observed = np.array([float(one.row["value"]) for one in asked])
    told = by_numbers(observed, [answers[places].T for answers in found.answers.values()])
    tests = len(protocol.patterns[0].expect) if protocol.patterns else 0
    return _by_pattern(found, tests) if tests > (told.numbers if told else 0) else told


def _by_pattern(found: Replication, tests: int) -> Alone:
    """The first pattern of the protocol; hits among replicates under a flat prior, so that none in a hundred is not never."""
    rows = records(found.verdict)
    first = [row for row in rows if row["pattern"] == rows[0]["pattern"]]
    replicates = np.array([row["replicates"] for row in first], dtype=np.float64)
    p = (np.array([row["probability"] for row in first]) * replicates + 1) / (replicates + 2)
    return Alone(np.log(p), np.sqrt((1 - p) / p / (replicates + 3)), "pattern", tests)


def by_numbers(observed: Floats, simulated: Sequence[Floats]) -> Alone | None:
    """Log density of numbers (numbers,) under each card's virtual trials (replicates, numbers); None where none can be told apart."""
    chosen = _independent([one - np.nanmean(one, axis=0) for one in simulated])
    if not chosen.size:
        return None
    clean = [one[:, chosen] for one in simulated]
    draw = np.random.default_rng(0)
    value = np.array([_density(observed[chosen], one) for one in clean])
    again = [[_density(observed[chosen], draw.choice(one, len(one))) for _ in range(_RESAMPLES)] for one in clean]
    return Alone(value, np.std(again, axis=1), "numbers", int(chosen.size))


def _independent(simulated: Sequence[Floats]) -> NDArray[np.intp]:
    """Numbers that every virtual trial of every card answers, that scatter under each card, and that do not repeat one another."""
    known = np.all([np.isfinite(one).all(axis=0) & (one.std(axis=0) > 0) for one in simulated], axis=0)
    usable = np.flatnonzero(known)
    if not usable.size:
        return usable
    stacked = np.concatenate([one[:, usable] for one in simulated])
    found: Any = qr(stacked / stacked.std(axis=0) / np.sqrt(len(stacked)), mode="r", pivoting=True)
    rank, order = int((np.abs(np.diag(found[0])) > _KIN).sum()), found[1]
    most = min(len(one) for one in simulated) // _PER_NUMBER
    return np.sort(usable[order[: min(rank, most)]])


def _density(observed: Floats, simulated: Floats) -> float:
    """Log density of a new draw after ``simulated`` draws of a normal law with unknown mean and covariance (Jeffreys prior)."""
    draws, numbers = simulated.shape
    freedom = draws - numbers
    scatter = np.atleast_2d(np.cov(simulated, rowvar=False)) * (draws - 1)
    shape = scatter * (1 + 1 / draws) / freedom
    return float(multivariate_t(simulated.mean(axis=0), shape, freedom, allow_singular=True).logpdf(observed))


def _adds(record: Trial | None, names: Sequence[str], posteriors: Mapping[str, Any]) -> bool:
    return (
        record is not None
        and record.use == "hold-out"
        and all(posteriors.get(n, {}).get("name") == PROSPECTIVE for n in names)
    )


def _calibrated(names: Sequence[str]) -> tuple[Floats, Floats] | None:
    """Log evidence of the calibration trials and its error by card, from the shipped contest; None where it does not hold them all."""
    try:
        rows = {row["card"]: row for row in load()["cards"]}
    except EvidenceError:
        return None
    if not set(names) <= set(rows):
        return None
    return np.array([rows[n]["log_evidence"] for n in names]), np.array([rows[n]["error"] for n in names])
