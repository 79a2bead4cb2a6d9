"""A course of doses: what may be asked, when people are looked at, and that its bands are those of its people."""

import numpy as np
import pytest

import racemate as rm
from racemate.evidence import EvidenceError
from racemate.report.run.course import course, looks


def test_an_infusion_without_a_duration_lasts_as_long_as_the_reference_dose() -> None:
    dose = course("ketamine", "iv", "0.5 mg/kg").conditions[0].doses[0]
    assert dose.over == "40 min"
    assert course("ketamine", "im", "0.5 mg/kg").conditions[0].doses[0].over == "0 min"


@pytest.mark.parametrize("route", ["oral", "intranasal", "sublingual"])
def test_a_dose_per_kg_is_for_needles_only(route: str) -> None:
    with pytest.raises(EvidenceError, match="per kg by iv, im, sc only"):
        course("ketamine", route, "0.5 mg/kg")


def test_people_are_looked_at_before_the_first_dose_daily_and_closely_after_the_first_and_last() -> None:
    hours = looks((0.0, 72.0, 168.0))
    assert hours[0] == 0.0
    assert hours == sorted(set(hours))
    assert hours[-1] == 168.0 + 7 * 24
    assert {0.0, 24.0, 48.0, 72.0, 168.0} <= set(hours)
    for start, least in ((0.0, 15), (72.0, 1), (168.0, 15)):
        assert sum(start < hour < start + 20 for hour in hours) >= least


@pytest.mark.slow
def test_bands_are_percentiles_of_the_people_and_the_same_seed_gives_the_same_people() -> None:
    ask = {"drug": "esketamine", "route": "intranasal", "dose": "56 mg", "people": 16, "seed": 7}
    run = rm.simulate(**ask)
    people = run.trajectory["madrs"].sel(hypothesis="composite").to_numpy()
    rows = run.simulated
    change = rows[(rows["outcome"] == "madrs") & (rows["statistic"] == "change")]
    np.testing.assert_array_equal(change["median"], np.median(people - people[0], axis=1))
    np.testing.assert_array_equal(change["low"], np.percentile(people - people[0], 5, axis=1))
    assert set(change["n"]) == {16}
    assert rm.simulate(**ask).simulated.equals(rows)
    assert not rm.simulate(**{**ask, "seed": 8}).simulated["median"].equals(rows["median"])


@pytest.mark.slow
def test_twice_the_dose_is_twice_the_concentration_in_the_same_people() -> None:
    ask = {"drug": "esketamine", "route": "iv", "people": 8, "seed": 7}
    one, two = (rm.simulate(dose=dose, **ask).trajectory["plasma_ketamine_s"] for dose in ("0.2 mg/kg", "0.4 mg/kg"))
    np.testing.assert_allclose(two, 2 * one, rtol=1e-9)
