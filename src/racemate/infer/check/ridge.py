"""Ridge: what naltrexone would take from the drug and from hope, draw by draw of a posterior, day by day.

A gate on the drug and hope that needs mu both make the answer under naltrexone weaker.  A trial that sees only the answer learns about both
together, along a ridge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from racemate.infer.check.typical import follow, protocol
from racemate.model import bind
from racemate.people import random
from racemate.posterior import BETWEEN, Posterior

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
DAYS = (1, 3, 5, 7, 14)
DRAWS = 400
_KETAMINE = {"drug": "ketamine", "route": "iv", "amount": "0.5 mg/kg", "over": "40 min"}
_NALTREXONE = {"drug": "naltrexone", "route": "oral", "amount": "50 mg", "lead": "45 min"}
_ARMS = {"placebo": [_KETAMINE], "naltrexone": [_NALTREXONE, _KETAMINE]}
"""As in the crossover of ketamine after naltrexone or placebo (williams-2018); only its doses are read here, no outcome."""
SHARES = ("drug_lost", "hope_lost", "change_lost")
_DRUG, _HOPE, _MADRS = "severity.drug", "severity.expectancy", "score.madrs"


def ridge(found: Posterior, seed: int = 1, draws: int = DRAWS, threads: int | None = None) -> pd.DataFrame:
    """One row per day and draw: share of the drug's part, of hope and of the MADRS change that naltrexone takes from a typical person.

    Parameters that the posterior does not name are drawn from their priors.  A share is missing where there is nothing to take from.
    """
    import pandas as pd

    model = bind(found.card)
    index = np.arange(draws)
    rows = np.linspace(0, len(found.draws) - 1, draws).astype(int)
    values = {
        name: bound.quantile(random.uniform(seed, f"population:{name}", index))
        for name, bound in model.bound.items()
        if bound.prior is not None
    }
    values |= {name: found.draws[rows, k] for k, name in enumerate(found.names) if not name.startswith(BETWEEN)}
    trial = protocol(_ARMS, DAYS, context="everyone_active", session="2 h")
    seen = follow(trial, model, values, (_DRUG, _HOPE, _MADRS), threads)
    change = seen[_MADRS] - seen[_MADRS][:, :1]
    parts = dict(zip(SHARES, map(_lost, (seen[_DRUG], seen[_HOPE], change)), strict=True))
    frames = [
        pd.DataFrame({"day": day, "draw": rows, **{name: part[k] for name, part in parts.items()}})
        for k, day in enumerate(DAYS)
    ]
    return pd.concat(frames, ignore_index=True)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """One row per day: median and 90 % interval of each share, and how drug and hope go together among draws with like answers.

    ``along`` is the correlation of both shares once the share of the change that is lost is held fixed: near -1 on a ridge.
    """
    import pandas as pd

    rows = []
    for day in DAYS:
        part = table.loc[table["day"] == day]
        row: dict[str, object] = {"day": day}
        for name in SHARES:
            value = np.asarray(part[name], dtype=np.float64)
            known = value[np.isfinite(value)]
            ends = np.quantile(known, (0.05, 0.5, 0.95)) if len(known) else (np.nan,) * 3
            row |= dict(zip((f"{name}_low", name, f"{name}_high"), map(float, ends), strict=True))
        rows.append(row | {"along": _along(part)})
    return pd.DataFrame(rows)


def _lost(value: Floats) -> Floats:
    """Share that the second arm lacks of the first, shape (days, people); nan where the first has next to nothing."""
    first, second = value[0, 1:], value[1, 1:]
    some = np.abs(first) > 1e-9
    return np.where(some, 1 - second / np.where(some, first, 1.0), np.nan)


def _along(part: pd.DataFrame) -> float:
    """Partial correlation of drug and hope given the change; nan where one of them does not vary."""
    shares = np.stack([np.asarray(part[name], dtype=np.float64) for name in SHARES])
    shares = shares[:, np.isfinite(shares).all(axis=0)]
    if shares.shape[1] < 3 or (np.ptp(shares, axis=1) == 0).any():
        return float("nan")
    r = np.asarray(np.corrcoef(shares))
    return float((r[0, 1] - r[0, 2] * r[1, 2]) / np.sqrt((1 - r[0, 2] ** 2) * (1 - r[1, 2] ** 2)))
