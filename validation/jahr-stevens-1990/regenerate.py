"""Compares the open fraction of NMDA channels with jahr-stevens-1990, writes comparison.csv: ``PYTHONPATH=. python <this file>``."""

from pathlib import Path

import numpy as np
from evidence.derive.reference_peaks import typical

from racemate.chain import occupancy
from tests.published.folder import read, write

HERE = Path(__file__).parent


def compare() -> list[dict[str, str | float]]:
    """One row per voltage: open fraction in print and here."""
    p, rows = typical(occupancy), []
    for row in read(HERE / "reference.csv"):
        cell = p._replace(magnesium=float(row["magnesium_mM"]))
        here = float(occupancy.open_fraction(cell, float(row["voltage_mV"]), np))
        rows.append({**row, "here": here})
    return rows


if __name__ == "__main__":
    write(HERE / "comparison.csv", compare())
