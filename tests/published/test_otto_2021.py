"""S-ketamine by vein: the model of otto-2021 run through our transfers, and the default chain beside it."""

import pytest

from tests.published.folder import script, unchanged

ROWS = script("otto-2021").compare()
MODEL = [row for row in ROWS if row["kind"] == "model"]
TOLERANCE = 0.01  # the half-life was printed from a fitted slope; everything else agrees to the digits printed
OBSERVED = 0.20  # digitised medians against a typical value


def _id(row: dict[str, str | float]) -> str:
    return f"{row['analyte']}-{row['quantity']}-{row['time_h']}"


@pytest.mark.parametrize("row", MODEL, ids=_id)
def test_their_model_through_our_transfers_is_their_model(row: dict[str, str | float]) -> None:
    assert row["paper_model"] == pytest.approx(row["published"], rel=TOLERANCE)


@pytest.mark.parametrize("row", [row for row in ROWS if row["kind"] == "observed"], ids=_id)
def test_their_model_meets_their_data(row: dict[str, str | float]) -> None:
    assert row["paper_model"] == pytest.approx(row["published"], rel=OBSERVED)


def test_the_default_chain_is_lower_at_the_peak_and_near_in_exposure() -> None:
    ratio = {(row["analyte"], row["quantity"]): float(row["chain_ratio"]) for row in MODEL}
    assert 0.7 < ratio["ketamine", "cmax"] < 0.9
    assert ratio["ketamine", "auc"] == pytest.approx(1, abs=0.15)
    assert ratio["norketamine", "cmax"] == pytest.approx(1, abs=0.05)
    assert ratio["norketamine", "auc"] == pytest.approx(1, abs=0.10)


def test_the_committed_table_is_todays() -> None:
    unchanged("otto-2021", ROWS)
