"""Compares receptor occupancy with the table of free concentrations, writes comparison.csv: ``PYTHONPATH=. python <this file>``."""

from pathlib import Path
from typing import Any

import numpy as np
from evidence.derive.reference_peaks import typical

from racemate.chain import concentration, occupancy
from tests.published.folder import read, write

HERE = Path(__file__).parent
FREE_UM = {
    "iv racemate 0.5 mg/kg": {"low": 0.223, "central": 0.428, "high": 0.810},
    "intranasal esketamine 84 mg": {"low": 0.134, "central": 0.231, "high": 0.486},
}
# An enantiomer's constant follows from the racemate's by 1/Krac = (1/Ks + 1/Kr)/2 with the ratio of the row's own pair.
RATIO = {"kd_nmda_s": "r_on_kd_nmda", "kd_mor_s": "r_on_kd_mor", "kd_kor_s": "r_on_kd_kor"}
SUBUNIT_GLUN2CD = {"glun2a": 0.0, "glun2b": 0.0, "glun2c": 1.0, "glun2d": 1.0}
VOLTAGE_MV = -66.0
SIGNAL = {"kd_nmda_s": "nmda", "kd_mor_s": "mor", "kd_kor_s": "kor", "kd_sigma1_r": "sigma1"}


def exposure(dose: str, level: str) -> concentration.Exposure:
    """Free concentrations: halves of each enantiomer for the racemate, S alone for esketamine; no metabolites."""
    free, nothing = FREE_UM[dose][level], concentration.Exposure(*[0.0] * len(concentration.Exposure._fields))
    racemate = dose.startswith("iv")
    return nothing._replace(ketamine_s=free / 2 if racemate else free, ketamine_r=free / 2 if racemate else 0.0)


def parameters(p: occupancy.Par, row: dict[str, str]) -> occupancy.Par:
    """Typical values with the constant of the row in place of the pooled one."""
    field, constant = row["field"], float(row["constant_uM"])
    if field in SUBUNIT_GLUN2CD:
        field = "kd_nmda_s"
    if field == "kd_sigma1_r":
        return p._replace(kd_sigma1_s=constant, kd_sigma1_r=constant)
    if field in RATIO and row["dose"].startswith("iv"):
        constant *= (1 + 1 / getattr(p, RATIO[field])) / 2
    return p._replace(**{field: constant})


def percent(p: occupancy.Par, row: dict[str, str], level: str) -> float:
    """Occupancy in percent at one of the three free concentrations of the row's dose."""
    x = exposure(row["dose"], level)
    if row["field"] in SUBUNIT_GLUN2CD:
        glun2cd = SUBUNIT_GLUN2CD[row["field"]]
        return 100 * float(occupancy.nmda_block(x, p, VOLTAGE_MV, 1.0, glun2cd, np))
    held: Any = occupancy.signal(x, p, np)
    return 100 * float(getattr(held, SIGNAL.get(row["field"], row["field"].removeprefix("kd_"))))


def compare() -> list[dict[str, str | float]]:
    """One row per printed cell: print, the chain with the row's constant, and the chain with its pooled constant."""
    p, rows = typical(occupancy), []
    for row in read(HERE / "reference.csv"):
        for level in ("low", "central", "high"):
            if row[level]:
                cell = {key: row[key] for key in ("dose", "field", "constant_uM", "source")}
                here, pooled = percent(parameters(p, row), row, level), percent(p, row, level)
                rows.append({**cell, "level": level, "print": row[level], "here": here, "pooled": pooled})
    return rows


if __name__ == "__main__":
    write(HERE / "comparison.csv", compare())
