"""Fits the three constants of mu blockade by naltrexone and compares with occupancy: ``PYTHONPATH=. python <this file>``.

Free: the dissociation constant on total plasma (ng/mL), the rate into the brain and the rate out of it (1/h).  Everything else is
the chain with its typical values.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.optimize import least_squares

from racemate.chain import concentration
from racemate.chain.laws import bound
from tests.published.folder import read, write
from tests.published.linear import Array, session, state, together, typical

HERE = Path(__file__).parent
DAYS = 14  # of daily or alternate-day dosing before the scan: steady state
# A recalled Ki of 1.0 nmol/L, 341.4 g/mol and 21 % bound; a weak prior, so that plasma and held drug can be told apart.
PRIOR_KD, PRIOR_SD = 1.0 * 341.4 / 1000 / (1 - 0.21), 0.5
COURSE = np.round(np.arange(0, 240.01, 0.5), 6)


class Blockade(NamedTuple):
    """The fitted constants: ng/mL of total plasma, 1/h, 1/h."""

    kd: float
    into_brain: float
    from_brain: float


def occupancy(regimen: str, dose_mg: float, times: Array, c: Blockade) -> Array:
    """Share of mu held at ``times`` (h) after the last dose of a regimen."""
    p = typical()
    body = p.concentration._replace(k_naltrexone_into_brain=c.into_brain, k_naltrexone_from_brain=c.from_brain)
    step = {"single": 0, "daily": 24, "alternate days": 48}.get(regimen, 0)
    starts = np.arange(0, DAYS * 24 + 1, step) if step else np.zeros(1)
    route = "xr" if regimen == "depot" else "oral"
    given = together(*(session("naltrexone", route, dose_mg, p.dose, at=float(start)) for start in starts))
    exposure = concentration.signal(state(given, body, np.round(starts[-1] + times, 6)), body)
    return bound(1000 * exposure.naltrexone / c.kd)


def half_time(c: Blockade) -> float:
    """Hours after a single 50 mg until occupancy has fallen to half of its peak."""
    held = occupancy("single", 50, COURSE, c)
    peak = int(held.argmax())
    return float(np.interp(-held[peak] / 2, -held[peak:], COURSE[peak:]))


def predicted(row: dict[str, str], c: Blockade) -> float:
    """What the chain says to one row of the reference, in its unit."""
    if row["quantity"] == "half-time":
        return half_time(c)
    return 100 * float(occupancy(row["regimen"], float(row["dose_mg"]), np.array([float(row["time_h"])]), c)[0])


def fit() -> tuple[Blockade, Array]:
    """Least squares over the rows marked ``fit``; the constants and their standard deviations on the log scale."""
    rows = [row for row in read(HERE / "reference.csv") if row["use"] == "fit"]

    def residuals(logs: Array) -> Array:
        c = Blockade(*map(float, np.exp(logs)))
        parts = [(predicted(row, c) - float(row["value"])) / float(row["weight_sd"]) for row in rows]
        return np.array([*parts, (logs[0] - np.log(PRIOR_KD)) / PRIOR_SD])

    found = least_squares(residuals, np.log([0.45, 0.06, 0.02]))
    return Blockade(*map(float, np.exp(found.x))), np.sqrt(np.diag(np.linalg.inv(found.jac.T @ found.jac)))


def constants() -> list[dict[str, str | float]]:
    """The fitted constants as rows of fit.csv."""
    c, sd = fit()
    names = (
        "occupancy.kd_mor_naltrexone",
        "concentration.k_naltrexone_into_brain",
        "concentration.k_naltrexone_from_brain",
    )
    values = (c.kd / 1000, c.into_brain, c.from_brain)
    units = ("mg/L", "1/h", "1/h")
    return [
        {"name": n, "value": v, "unit": u, "sd_log": float(s)}
        for n, v, u, s in zip(names, values, units, sd, strict=True)
    ]


def kept() -> Blockade:
    """The constants of fit.csv."""
    kd, into, out = (float(row["value"]) for row in read(HERE / "fit.csv"))
    return Blockade(1000 * kd, into, out)


def compare() -> list[dict[str, str | float]]:
    """One row per published number, and the course after a depot, which nobody has scanned."""
    c = kept()
    rows: list[dict[str, str | float]] = []
    keys = ("regimen", "dose_mg", "time_h", "quantity", "unit", "use", "how")
    for row in read(HERE / "reference.csv"):
        here, published = predicted(row, c), float(row["value"])
        rows.append(
            {key: row[key] for key in keys} | {"published": published, "here": here, "difference": here - published}
        )
    for day in (1, 7, 14, 21, 28, 35):
        here = 100 * float(occupancy("depot", 380, np.array([24.0 * day]), c)[0])
        rows.append(
            dict(zip(keys, ("depot", "380", f"{24 * day}", "occupancy", "percent", "shown", "none"), strict=True))
            | {"published": "", "here": here, "difference": ""}
        )
    return rows


if __name__ == "__main__":
    write(HERE / "fit.csv", constants())
    write(HERE / "comparison.csv", compare())
