"""Runs the chain as hasan-2021 dosed: 5 mg racemate by vein, 40 mg by mouth: ``PYTHONPATH=. python <this file>``."""

from pathlib import Path

import numpy as np

from racemate.chain import concentration
from tests.published.folder import read, write
from tests.published.linear import CAUCASIAN, Array, area, session, state, typical

HERE = Path(__file__).parent
INFUSION, MG_IV, MG_ORAL = 0.5, 5.0, 40.0  # the length of the infusion is read from the digitised peak at 0.5 h
TIMES = np.unique(np.round(np.concatenate([np.arange(0, 24, 0.05), np.arange(24, 240.01, 0.5)]), 6))
LATE = (TIMES >= 8) & (TIMES <= 24)  # the part of the curve that a terminal slope is read from


def curves(regimen: str) -> dict[str, tuple[Array, Array]]:
    """Ketamine and hydroxynorketamine (ng/mL) over ``TIMES`` by enantiomer."""
    p = typical()
    given = (
        session("ketamine", "iv", MG_IV, p.dose, hours=INFUSION)
        if regimen == "iv"
        else session("ketamine", "oral", MG_ORAL, p.dose)
    )
    seen = concentration.plasma(state(given, p.concentration, TIMES), p.concentration)
    return {
        "S": (1000 * seen.ketamine_s, 1000 * seen.hnk_s),
        "R": (1000 * seen.ketamine_r, 1000 * seen.hnk_r),
    }


def read_off(enantiomer: str, regimen: str, quantity: str) -> float:
    """One quantity of the published table, computed as a non-compartmental analysis would."""
    parent, hnk = curves(regimen)[enantiomer]
    vein, _ = curves("iv")[enantiomer]
    exposure = area(vein, TIMES)
    clearance = 1000 * MG_IV / 2 / exposure  # L/h
    stay = area(vein * TIMES, TIMES) / exposure - INFUSION / 2
    values = {
        "cmax": vein.max,
        "clearance": lambda: clearance * 1000 / 60,
        "vss": lambda: clearance * stay / CAUCASIAN.weight,
        "half-life": lambda: -np.log(2) / np.polyfit(TIMES[LATE], np.log(vein[LATE]), 1)[0],
        "bioavailability": lambda: 100 * area(parent, TIMES) / MG_ORAL / (exposure / MG_IV),
        "hnk over ketamine": lambda: area(hnk, TIMES) / area(parent, TIMES),
    }
    return float(values[quantity]())


def compare() -> list[dict[str, str | float]]:
    """One row per published number; ``deviations`` counts published standard deviations."""
    rows: list[dict[str, str | float]] = []
    for row in read(HERE / "reference.csv"):
        here = read_off(row["enantiomer"], row["regimen"], row["quantity"])
        published, sd = float(row["value"]), float(row["sd"])
        keys = ("enantiomer", "regimen", "quantity", "unit", "use")
        rows.append(
            {key: row[key] for key in keys}
            | {"published": published, "sd": sd, "here": here, "deviations": (here - published) / sd}
        )
    return rows


if __name__ == "__main__":
    write(HERE / "comparison.csv", compare())
