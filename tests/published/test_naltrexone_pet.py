"""Blockade of mu by naltrexone: three constants fitted to positron emission, and what they leave over."""

import numpy as np
import pytest

from racemate.evidence.library import evidence_root, read_library
from tests.published.folder import script, unchanged

SCRIPT = script("naltrexone-pet")
ROWS = SCRIPT.compare()
FITTED = [r for r in ROWS if r["use"] == "fit" and r["quantity"] == "occupancy"]
TOLERANCE = 11.0  # percentage points: three scans of 5 mg differ by 15 among themselves
DECLARED = {"15"}  # 61 % against 73: one scan; no curve of this form meets it and the 50 mg scans


def _id(row: dict[str, str | float]) -> str:
    return f"{row['regimen']}-{row['dose_mg']}-{row['published']}"


@pytest.mark.parametrize("row", [r for r in FITTED if r["dose_mg"] not in DECLARED], ids=_id)
def test_occupancy_is_near_the_scan(row: dict[str, str | float]) -> None:
    assert abs(float(row["difference"])) <= TOLERANCE


def test_the_declared_discrepancy_is_where_it_was() -> None:
    (row,) = [r for r in FITTED if r["dose_mg"] in DECLARED]
    assert TOLERANCE < float(row["difference"]) < 15


def test_the_half_time_of_blockade_is_the_published_one() -> None:
    (row,) = [r for r in ROWS if r["quantity"] == "half-time"]
    assert 72 <= float(row["here"]) <= 108


def test_a_depot_blocks_for_four_weeks() -> None:
    held = {int(r["time_h"]) // 24: float(r["here"]) for r in ROWS if r["regimen"] == "depot"}
    assert min(held[day] for day in (1, 7, 14, 21)) > 90
    assert held[28] > 85
    assert held[35] < held[28]


def test_a_small_dose_is_over_after_three_days_and_a_large_one_is_not() -> None:
    """Scans of 12.5 mg differ from none at 3 and 24 h only, those of 50 mg still at 72 and 144 h."""
    held = {mg: SCRIPT.occupancy("single", mg, SCRIPT.COURSE, SCRIPT.kept()) for mg in (12.5, 50.0)}
    at = {hours: int(2 * hours) for hours in (3, 24, 72, 144)}
    assert held[12.5][at[3]] > 0.5
    assert held[12.5][at[72]] < held[50.0][at[144]] + 0.05


def test_kappa_comes_out_though_it_was_not_fitted() -> None:
    """100 mg a day for a week held 92 (SD 1) % of kappa (de Laat 2020); only mu was fitted."""
    kd = read_library(evidence_root().resolve()).prior("occupancy.kd_kor_naltrexone").median
    assert isinstance(kd, float)
    held = SCRIPT.occupancy("daily", 100.0, np.array([4.0]), SCRIPT.kept()._replace(kd=1000 * kd))
    assert float(held[0]) == pytest.approx(0.92, abs=0.04)


def test_the_fit_is_todays_and_the_evidence_carries_it() -> None:
    known = read_library(evidence_root().resolve())
    fitted = {str(row["name"]): float(row["value"]) for row in SCRIPT.constants()}
    assert len(fitted) == 3
    for name, value in fitted.items():
        assert value == pytest.approx(known.prior(name).median, rel=0.01), name


def test_the_committed_table_is_todays() -> None:
    unchanged("naltrexone-pet", ROWS)
