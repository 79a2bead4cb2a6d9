"""Compares the course of a slow antidepressant with shigetome-2025, writes comparison.csv: ``PYTHONPATH=. python <this file>``."""

from pathlib import Path
from typing import Any

import numpy as np
from evidence.derive.reference_peaks import typical
from scipy.special import ndtri

from racemate.chain import severity
from racemate.chain.laws import course
from racemate.evidence.library import library
from tests.published.folder import read, write

HERE = Path(__file__).parent
BASELINE = 39.6
"""Mean MADRS of the study before the first tablet; Table 2."""
WEEK_H = 168.0
LAST_WEEK = 6.0
PEOPLE = 2000
SIGMAS = 2.0


def everybody() -> Any:
    """How strongly people gain from antidepressant and time: midpoints of equal shares of the population, shape (people,)."""
    between = library().parameter("severity.antidepressant_person").between
    assert between is not None
    return np.exp(between.scale * ndtri((np.arange(PEOPLE) + 0.5) / PEOPLE))


def reduction(p: severity.Par, week: float, person: Any) -> Any:
    """Fall of the latent score in percent of the baseline, with an antidepressant and time alone: no session, no drug."""
    nowhere = severity.Setting(*[0.0] * len(severity.Setting._fields))
    still = severity.State(*[0.0] * len(severity.State._fields))
    one = p._replace(baseline=BASELINE, antidepressant_person=person)
    seen = severity.signal(still, severity.Reference(1.0, 1.0), 0.0, week * WEEK_H, nowhere, one, np)
    return 100 * (1 - seen.points / BASELINE)


def shape(p: severity.Par, week: float) -> float:
    """Course at a week as a share of the last week."""
    now, last = (course(w * WEEK_H, p.tau_antidepressant, p.shape_antidepressant, np) for w in (week, LAST_WEEK))
    return float(now / last)


def compare() -> list[dict[str, str | float]]:
    """Per week: the shape, and the level of the median person and of the mean over people; bands are two standard errors."""
    p, people, reference = typical(severity), everybody(), read(HERE / "reference.csv")
    last, last_here = float(reference[-1]["reduction_percent"]), float(np.mean(reduction(p, LAST_WEEK, people)))
    rows: list[dict[str, str | float]] = []
    for row in reference:
        week, mean = float(row["week"]), float(row["reduction_percent"])
        error = SIGMAS * float(row["sd_percent"]) / float(row["n"]) ** 0.5
        everyone = float(np.mean(reduction(p, week, people)))
        if week < LAST_WEEK:
            rows.append(judged("share of week 6, course", week, mean / last, error / last, shape(p, week)))
            rows.append(
                judged("share of week 6, mean of people", week, mean / last, error / last, everyone / last_here)
            )
        rows.append(judged("percent, median person", week, mean, error, float(reduction(p, week, 1.0))))
        rows.append(judged("percent, mean of people", week, mean, error, everyone))
    return rows


def judged(quantity: str, week: float, printed: float, error: float, here: float) -> dict[str, str | float]:
    """One row of the table."""
    low, high = printed - error, printed + error
    agrees = "yes" if low <= here <= high else "no"
    return {
        "quantity": quantity,
        "week": week,
        "low": low,
        "print": printed,
        "high": high,
        "here": here,
        "agrees": agrees,
    }


if __name__ == "__main__":
    write(HERE / "comparison.csv", compare())
