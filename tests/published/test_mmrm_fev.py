"""The mixed model for repeated measures against listings of SAS on simulated data of a lung trial, and Student's sleep data."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from racemate.trial.analysis.mmrm.fit import fit
from tests.published.folder import read, script, unchanged

FEV = script("mmrm-fev")
ROWS = read(FEV.HERE / "reference.csv")
FIRST = FEV.Model("arm+sex", "us", "reml", "satterthwaite")
"""The model of the package's own worked example, and the quick part of this file."""
SLEEP = ((0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0), (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4))
"""Extra hours of sleep of ten people under two drugs (student-1908)."""


def rows(model: object) -> list[dict[str, str]]:
    return [row for row in ROWS if FEV.model(row) == model]


def test_the_worked_example_meets_sas_to_every_printed_digit() -> None:
    found = FEV.compare(rows(FIRST))
    assert len(found) == 28
    assert {row["agrees"] for row in found} == {"digits", "step"}


def test_steps_of_sas_are_steps_of_this_likelihood() -> None:
    """Its iteration history, to eight decimals: the derivatives are right away from the best covariance too."""
    path = [step.minus_two_log_likelihood for step in FEV.sas_steps(FIRST)]
    assert path[2:4] == pytest.approx([3666.98040811, 3666.96698281], abs=5e-9)


@pytest.mark.slow
def test_every_listing_is_met() -> None:
    """To the digit, to the digit where SAS stopped, or as near as a search that stopped so high can be."""
    found = FEV.compare()
    assert Counter(row["agrees"] for row in found)["no"] == 0
    assert {row["agrees"] for row in found if row["structure"] == "us"} == {"digits", "step"}
    unchanged("mmrm-fev", found)


@pytest.mark.slow
def test_sas_never_stopped_below_the_best_and_never_far_above() -> None:
    """SAS ends its search at a relative criterion of 1e-8, and prints eight decimals."""
    for row in ROWS:
        if row["quantity"] == "-2ll":
            best = FEV.fitted(FEV.model(row)).minus_two_log_likelihood
            assert -5e-9 <= float(row["printed"]) - best <= 1e-8 * best, row


@pytest.mark.parametrize("df", ["satterthwaite", "kr", "kr-linear"])
def test_two_visits_of_everybody_are_a_paired_t_test(df: str) -> None:
    frame = pd.DataFrame(
        {
            "person": np.tile(np.arange(10), 2),
            "drug": np.repeat(["1", "2"], 10),
            "extra": np.concatenate(SLEEP),
        }
    )
    found = fit(frame, "extra", "person", "drug", ("drug",), df=df).differences("drug").iloc[0]
    assert found["se"] == pytest.approx(0.3890, abs=5e-5)
    assert found["df"] == pytest.approx(9, abs=1e-6)
    assert found["t"] == pytest.approx(4.0621, abs=5e-5)
    assert found["p"] == pytest.approx(0.002833, abs=5e-7)
