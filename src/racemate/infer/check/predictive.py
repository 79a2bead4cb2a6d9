"""Predictive: every target beside what a card expects of it: before the trials, after them, and for a new study like each of them.

Simulated evidence bases carry the chance of so few people and the correlation between times of one arm, as the likelihood has them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from racemate.infer.compare.fitted import Fitted
from racemate.infer.compare.quick import published
from racemate.infer.compare.synthetic import Synthetic, new_studies
from racemate.people import random

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
DRAWS = 400
"""Simulated evidence bases of each kind; a 90 % end is off by a tenth of a standard deviation."""
ENDS = (0.05, 0.5, 0.95)
KINDS = ("prior", "posterior", "new study")
"""Unknowns from their priors; from the fit; from the fit but with drug and setting effects of studies that nobody has seen."""


def simulated(fitted: Fitted, kind: str, seed: int = 1, draws: int = DRAWS) -> Floats:
    """Evidence bases simulated under one of `KINDS`, shape (draws, targets)."""
    simulate = Synthetic(fitted.likelihood)
    rows = np.linspace(0, len(fitted.place) - 1, draws).astype(int)
    size = fitted.likelihood.size
    out = []
    for k in range(draws):
        place = fitted.place[rows[k]]
        if kind == "prior":
            place = random.normal(seed, f"check:prior:{k}", np.arange(size))
        elif kind == "new study":
            place = new_studies(fitted.likelihood, place, seed, k)
        out.append(simulate.draw(place, seed, k))
    return np.array(out)


def targets(fitted: Fitted, drawn: dict[str, Floats]) -> pd.DataFrame:
    """One row per target and kind: observed, median and 90 % interval of simulated ones, z, and whether the interval covers."""
    import pandas as pd

    seen, parts = published(fitted.likelihood), []
    fields = ("trial", "arm", "outcome", "statistic", "hour", "kind", "n")
    told = {name: [getattr(one, name) for one in fitted.likelihood.targets] for name in fields}
    for kind, values in drawn.items():
        low, middle, high = np.quantile(values, ENDS, axis=0)
        numbers = {"observed": seen, "median": middle, "low": low, "high": high}
        z = (seen - values.mean(axis=0)) / values.std(axis=0)
        parts.append(
            pd.DataFrame({"predicted_from": kind, **told, **numbers, "z": z, "covered": (low <= seen) & (seen <= high)})
        )
    return pd.concat(parts, ignore_index=True)


def coverage(table: pd.DataFrame) -> pd.DataFrame:
    """One row per place that predictions come from and kind of number, of a table of `targets`: how many intervals cover, and their share."""
    import pandas as pd

    both = pd.concat([table, table.assign(kind="all")])
    found = both.groupby(["predicted_from", "kind"], sort=False)["covered"].agg(["size", "sum", "mean"]).reset_index()
    return found.rename(columns={"size": "numbers", "sum": "inside", "mean": "covered"})


def trials(fitted: Fitted, drawn: dict[str, Floats]) -> pd.DataFrame:
    """One row per trial and kind: share of its numbers inside their 90 % interval, root mean square of z, and a p-value.

    The p-value is the share of simulated evidence bases in which the trial lies at least as far from what is expected as it was found
    (sum of squared z); near 0 the card cannot make such a trial, near 1 the trial is closer than its own chance allows.
    """
    import pandas as pd

    seen, rows = published(fitted.likelihood), []
    member = np.array([one.trial for one in fitted.likelihood.targets])
    for kind, values in drawn.items():
        low, _, high = np.quantile(values, ENDS, axis=0)
        middle, spread = values.mean(axis=0), values.std(axis=0)
        away, others = ((seen - middle) / spread) ** 2, ((values - middle) / spread) ** 2
        for trial in fitted.likelihood.predictor.unknowns.trials:
            mine = member == trial
            found = away[mine].sum()
            rows.append(
                {
                    "trial": trial,
                    "predicted_from": kind,
                    "targets": int(mine.sum()),
                    "covered": float(((low <= seen) & (seen <= high))[mine].mean()),
                    "rms_z": float(np.sqrt(found / mine.sum())),
                    "p_value": float((1 + (others[:, mine].sum(axis=1) >= found).sum()) / (1 + len(values))),
                }
            )
    return pd.DataFrame(rows)
