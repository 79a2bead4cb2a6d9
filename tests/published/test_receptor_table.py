"""Occupancy at free concentrations: the table of targets against which the receptor dispute is settled."""

import pytest

from tests.published.folder import script, unchanged

ROWS = script("receptor-table").compare()
WITH_MAGNESIUM = [row for row in ROWS if str(row["field"]).startswith("glun2")]
WITHOUT = [row for row in ROWS if row not in WITH_MAGNESIUM]
A_FIFTH = (
    0.22  # predicted from the constant without magnesium and the voltage; one sensitivity stands for GluN2C and GluN2D
)


def last_digit(printed: str) -> float:
    """Half a unit of the last printed digit, and what rounding of the inputs adds to it."""
    decimals = len(printed.partition(".")[2])
    return 0.5 * 10.0**-decimals + 0.011 * float(printed)


def _id(row: dict[str, str | float]) -> str:
    return f"{row['dose']}-{row['field']}-{row['constant_uM']}-{row['level']}"


@pytest.mark.parametrize("row", WITHOUT, ids=_id)
def test_occupancy_is_that_of_the_table(row: dict[str, str | float]) -> None:
    assert float(row["here"]) == pytest.approx(float(row["print"]), abs=last_digit(str(row["print"])))


@pytest.mark.parametrize("row", WITH_MAGNESIUM, ids=_id)
def test_magnesium_leaves_the_occupancy_that_voltage_predicts(row: dict[str, str | float]) -> None:
    assert float(row["here"]) == pytest.approx(float(row["print"]), rel=A_FIFTH)


def test_every_cell_is_compared() -> None:
    assert len(ROWS) == 7 * 3 + 11 + 5 * 3 + 4 * 3


def test_nmda_is_held_forty_times_more_than_mu() -> None:
    """With the pooled constants, at the central free racemate."""
    central = {row["field"]: float(row["pooled"]) for row in ROWS if row["level"] == "central"}
    assert 30 < central["kd_nmda_s"] < 46
    assert 0.5 < central["kd_mor_s"] < 2.1
    assert 1 < central["kd_kor_s"] < 2


def test_the_committed_table_is_todays() -> None:
    unchanged("receptor-table", ROWS)
