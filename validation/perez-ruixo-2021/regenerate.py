"""Runs the 18 strata of perez-ruixo-2021, Table 4, and writes comparison.csv: ``PYTHONPATH=. python <this file>``."""

from pathlib import Path

import numpy as np

from racemate.chain import concentration
from tests.published.folder import read, write
from tests.published.linear import CAUCASIAN, area, session, state, typical

HERE = Path(__file__).parent
TIMES = np.unique(np.round(np.concatenate([np.arange(0, 4, 0.02), np.arange(4, 24.01, 0.1)]), 6))
QUANTITIES = ("esketamine_cmax", "esketamine_auc24", "noresketamine_cmax", "noresketamine_auc24")


def exposure(row: dict[str, str]) -> dict[str, float]:
    """Cmax (ng/mL) and AUC0-24 (ng h/mL) of one stratum from the chain's typical values."""
    who = CAUCASIAN._replace(age=float(row["age"]), asian=float(row["asian"]), japanese=float(row["japanese"]))
    p = typical(who)
    given = session("esketamine", "intranasal", float(row["dose_mg"]), p.dose)
    seen = concentration.plasma(state(given, p.concentration, TIMES), p.concentration)
    parent, metabolite = 1000 * seen.ketamine_s, 1000 * seen.norketamine_s
    values = (parent.max(), area(parent, TIMES), metabolite.max(), area(metabolite, TIMES))
    return dict(zip(QUANTITIES, map(float, values), strict=True))


def compare() -> list[dict[str, str | float]]:
    """One row per stratum and quantity: published, here, here over published."""
    rows: list[dict[str, str | float]] = []
    for row in read(HERE / "reference.csv"):
        here = exposure(row)
        for name in QUANTITIES:
            published = float(row[name])
            stratum = {key: row[key] for key in ("age_group", "group", "dose_mg")}
            rows.append(
                {
                    **stratum,
                    "quantity": name,
                    "published": published,
                    "here": here[name],
                    "ratio": here[name] / published,
                }
            )
    return rows


if __name__ == "__main__":
    write(HERE / "comparison.csv", compare())
