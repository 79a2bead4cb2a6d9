"""The statistics of trials against statsmodels and lifelines, number by number."""

import pytest

from tests.published.folder import read, script, unchanged

JUDGE = script("trial-statistics")


def test_every_statistic_is_the_judges() -> None:
    here = JUDGE.ours()
    rows = read(JUDGE.HERE / "reference.csv")
    assert set(here) == {row["statistic"] for row in rows}
    for row in rows:
        assert here[row["statistic"]] == pytest.approx(float(row["judge"]), rel=1e-5, abs=1e-7), row["statistic"]


def test_the_committed_table_is_todays() -> None:
    unchanged("trial-statistics", JUDGE.compare())
