"""How long the mixed model for repeated measures takes on a thousand replicates of a trial, to compile and again."""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.timing import Timed, timed
from racemate.trial.analysis.mmrm.trials import repeated

REPLICATES, PEOPLE, VISITS = 1000, 200, 5
AGAIN = 3
SEED = 1


def trial(*, come_back: bool) -> dict[str, Any]:
    """Two arms without a difference; one person in five leaves, or one rating in ten is missing wherever it falls."""
    rng = np.random.default_rng(SEED)
    base = rng.normal(30, 5, (REPLICATES, PEOPLE))
    own = rng.normal(0, 6, (REPLICATES, PEOPLE))
    y = 0.5 * base + own + rng.normal(0, 5, (VISITS, REPLICATES, PEOPLE))
    if come_back:
        seen = rng.random(y.shape) > 0.1
    else:
        stay = np.where(rng.random((REPLICATES, PEOPLE)) < 0.2, rng.integers(1, VISITS, (REPLICATES, PEOPLE)), VISITS)
        seen = np.arange(VISITS)[:, None, None] < stay
    drug = np.arange(PEOPLE) % 2 == 0
    masks = {"drug": seen & drug, "placebo": seen & ~drug}
    return {"ratings": dict.fromkeys(masks, y), "seen": masks, "baseline": dict.fromkeys(masks, base)}


def measured() -> Iterator[Timed]:
    """Both kinds of missing data under both degrees of freedom; every replicate must be fitted."""
    for come_back in (False, True):
        made = trial(come_back=come_back)
        for df in ("satterthwaite", "kr"):
            times, fitted = list[float](), 0
            for _ in range(1 + AGAIN):
                begun = time.perf_counter()
                fitted = int(repeated(**made, df=df).fitted.sum())
                times.append(time.perf_counter() - begun)
            kind = f"{'any visit missing' if come_back else 'people leave'}, {df}, {fitted} of {REPLICATES} fitted"
            yield timed(f"{kind}, first", times[:1], aim=10)
            yield timed(f"{kind}, again", times[1:], aim=5)
