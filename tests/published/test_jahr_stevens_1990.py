"""Magnesium block of the NMDA channel, jahr-stevens-1990."""

import pytest

from tests.published.folder import script, unchanged

ROWS = script("jahr-stevens-1990").compare()
HALF_DIGIT = 0.00051  # the reference prints three decimals


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['voltage_mV']}mV")
def test_open_fraction_is_that_of_the_curve(row: dict[str, str | float]) -> None:
    assert float(row["here"]) == pytest.approx(float(row["open_fraction"]), abs=HALF_DIGIT)


def test_six_percent_is_open_at_rest_and_half_near_threshold() -> None:
    by_voltage = {row["voltage_mV"]: float(row["here"]) for row in ROWS}
    assert round(100 * by_voltage["-65"]) == 6
    assert round(100 * by_voltage["-20"]) == 51


def test_the_committed_table_is_todays() -> None:
    unchanged("jahr-stevens-1990", ROWS)
