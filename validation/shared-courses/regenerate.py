"""Shared courses: the same virtual trials with everybody carried through the chain, and with a few who lead; run to regenerate.

Both runs share every random number, so that what differs is sharing alone.  Takes about ten minutes on four cores.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from racemate.evidence.library import library
from racemate.model import bind
from racemate.report.run.folder import records
from racemate.report.run.stated import error
from racemate.simulate.grid import TRIAL_TOLERANCE
from racemate.trial.beside import Found, find
from racemate.trial.published import Asked, mirror, observed, protocol_of, questions
from racemate.trial.replicate import conduct
from racemate.trial.world import ChainWorld

TRIALS = {"williams-2018": 400, "transform-2": 300}
"""Trials and how often each is run."""
COURSES = (2, 3, 4, 6)
CARD, SEED, ALPHA, FEWEST = "composite", 1, 0.05, 50
SIZES = ("difference", "ls-difference", "ls-change", "observed-change", "observed-mean", "response", "remission")


def run(trial: str, replicates: int, courses: int | None) -> Found:
    """What the card makes of a trial."""
    record = library().trial(trial)
    protocol = protocol_of(record)
    tolerance = None if courses is None else TRIAL_TOLERANCE
    world = ChainWorld(CARD, bind(CARD), SEED, None, courses, tolerance)
    return find(conduct(protocol, world, SEED, replicates), questions(protocol, record.observations))


def compared(trial: str, courses: int, whole: Found, shared: Found) -> Iterator[dict[str, object]]:
    """A row per size, and one for each p value: mean and spread over replicates of both, and of what differs within a replicate."""
    record = library().trial(trial)
    protocol = protocol_of(record)
    asked = questions(protocol, record.observations)
    table = records(observed(protocol, record.observations))
    known = {
        mirror(protocol, told)[0]: error(row)
        for told, row in zip(record.observations, table, strict=True)
        if row["mirrored"]
    }
    for k, one in enumerate(asked):
        both = np.isfinite(whole.value[k]) & np.isfinite(shared.value[k])
        if both.sum() < FEWEST or one.question.statistic not in (*SIZES, "p-value"):
            continue
        yield {
            "trial": trial,
            "courses": courses,
            **_named(one),
            **_told(whole.value[k][both], shared.value[k][both], one.question.statistic == "p-value"),
            "published_se": known.get(one.question),
        }


def _named(one: Asked) -> dict[str, object]:
    question = one.question
    names = ("outcome", "statistic", "arm", "group", "hour")
    return {name: getattr(question, name) for name in names}


def _told(whole: np.ndarray, shared: np.ndarray, test: bool) -> dict[str, object]:
    """Of a p value it is the share of replicates below the usual level that is compared."""
    a, b = (values < ALPHA if test else values for values in (whole, shared))
    apart = np.subtract(b, a, dtype=float)
    return {
        "mean_all": float(a.mean()),
        "mean_shared": float(b.mean()),
        "sd_all": float(a.std(ddof=1)),
        "sd_shared": float(b.std(ddof=1)),
        "sd_apart": float(apart.std(ddof=1)),
        "shift_error": float(apart.std(ddof=1) / np.sqrt(len(apart))),
    }


def write(rows: list[dict[str, object]], place: Path) -> None:
    """The comparison, numbers to four figures."""
    plain = [{name: f"{x:.4g}" if isinstance(x, float) else x for name, x in row.items()} for row in rows]
    with place.open("w", newline="", encoding="utf-8") as out:
        table = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(plain)


def main() -> None:
    """Run both ways and write `comparison.csv`."""
    rows: list[dict[str, object]] = []
    for trial, replicates in TRIALS.items():
        whole = run(trial, replicates, None)
        for courses in COURSES:
            rows += compared(trial, courses, whole, run(trial, replicates, courses))
    write(rows, Path(__file__).with_name("comparison.csv"))


if __name__ == "__main__":
    main()
