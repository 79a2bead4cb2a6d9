"""Racemate 0.5 mg/kg over 40 minutes: the chain in veins, other models beside it."""

import pytest

from tests.published.folder import script, unchanged

ROWS = script("racemate-iv").compare()
RANGE = [r for r in ROWS if r["what"] == "observed" and r["low"]]
EXPECTED = [r for r in ROWS if r["what"] in ("kamp", "domino", "clements", "chain")]


def _id(row: dict[str, str | float]) -> str:
    return f"{row['what']}-{row['analyte']}-{row['time_min']}-{row['model']}"


@pytest.mark.parametrize("row", [r for r in RANGE if str(r["model"]).startswith("chain")], ids=_id)
def test_the_peak_is_inside_the_observed_range(row: dict[str, str | float]) -> None:
    assert float(row["low"]) <= float(row["here"]) <= float(row["high"])


@pytest.mark.parametrize("row", EXPECTED, ids=_id)
def test_each_model_gives_the_curve_noted_for_it(row: dict[str, str | float]) -> None:
    assert float(row["here"]) == pytest.approx(float(row["value"]), rel=0.01, abs=0.6)  # noted in whole ng/mL


def test_an_arterial_model_peaks_higher_by_the_ratio_known() -> None:
    peak = {str(r["model"]): float(r["here"]) for r in RANGE}
    assert 1.4 <= peak["kamp"] / peak["chain at 70 kg"] <= 2.3


def test_arterial_peaks_of_rising_infusions_stay_above_the_chain() -> None:
    parents = [r for r in ROWS if str(r["what"]).startswith("steps") and str(r["analyte"]).endswith("-ketamine")]
    assert len(parents) == 3
    assert all(0.5 < float(r["here"]) / float(r["value"]) < 0.7 for r in parents)


def test_hydroxynorketamine_is_above_the_one_arterial_figure() -> None:
    (row,) = [r for r in ROWS if r["analyte"] == "HNK"]
    assert 2 < float(row["here"]) / float(row["value"]) < 3


def test_the_committed_table_is_todays() -> None:
    unchanged("racemate-iv", ROWS)
