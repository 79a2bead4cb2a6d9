"""Dose: where a dose enters, and that none of it is lost or made on the way."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from racemate.chain import concentration, dose
from tests.published.linear import CAUCASIAN, typical

P = typical().dose
WAYS = [(drug, route) for drug in dose.drugs() for route in dose.routes(drug)]
JAPANESE = CAUCASIAN._replace(asian=1.0, japanese=1.0)


def shares(drug: str, route: str, later: bool = False, p: dose.Par = P) -> dict[tuple[str, str], float]:
    """Share of a dose by body and compartment."""
    return {(way.body, way.compartment): float(way.fraction) for way in dose.inputs(drug, route, later, p)}


@pytest.mark.parametrize(("drug", "route"), WAYS)
def test_every_way_in_leads_to_a_compartment_and_none_makes_drug(drug: str, route: str) -> None:
    bodies: dict[str, Any] = concentration.State.__annotations__
    found = shares(drug, route)
    assert all(part in bodies[body]._fields for body, part in found)
    assert min(found.values()) > 0
    assert sum(found.values()) <= 1 + 1e-12


@pytest.mark.parametrize("drug", dose.ENANTIOMERS)
def test_a_vein_takes_the_whole_dose(drug: str) -> None:
    assert sum(shares(drug, "iv").values()) == pytest.approx(1)


@pytest.mark.parametrize("route", dose.routes("ketamine"))
def test_a_racemate_is_two_halves(route: str) -> None:
    racemate, s = shares("ketamine", route), shares("esketamine", route)
    for (_, part), share in s.items():
        assert racemate["ketamine_s", part] == racemate["ketamine_r", part] == pytest.approx(share / 2)


def test_what_the_nose_leaves_is_swallowed_and_passes_the_gut_wall() -> None:
    found = shares("esketamine", "intranasal")
    assert found["ketamine_s", "nasal"] == pytest.approx(0.54)
    assert found["ketamine_s", "gut"] == pytest.approx((1 - 0.54) * 0.64)


def test_a_later_device_gives_the_nose_less_and_the_gut_more() -> None:
    first, later = shares("esketamine", "intranasal"), shares("esketamine", "intranasal", later=True)
    assert later["ketamine_s", "nasal"] == pytest.approx(0.62 * first["ketamine_s", "nasal"])
    assert later["ketamine_s", "gut"] > first["ketamine_s", "gut"]


def test_the_nasal_share_of_a_typical_japanese_person_is_that_of_the_paper() -> None:
    assert typical(JAPANESE).dose.f_nasal == pytest.approx(1.34 * 0.54, rel=1e-4)


@given(share=st.floats(0.001, 0.999))
def test_no_person_takes_up_more_than_the_whole_dose(share: float) -> None:
    assert share < dose.individual(P._replace(f_nasal=share), JAPANESE).f_nasal < 1


@given(amount=st.floats(0, 112), devices=st.just(4))
def test_devices_add_up_to_the_session(amount: float, devices: int) -> None:
    parts = [float(dose.device_amount(amount, before, P, np)) for before in range(devices)]
    assert sum(parts) == pytest.approx(amount)
    assert all(0 <= part <= P.device + 1e-9 for part in parts)
    assert parts == sorted(parts, reverse=True)


def test_an_infusion_brings_its_own_duration_and_nothing_else_does() -> None:
    for drug, route in WAYS:
        for way in dose.inputs(drug, route, False, P):
            assert (way.hours is None) == (route == "iv")


def test_a_drug_that_the_chain_does_not_know_has_no_route() -> None:
    assert dose.routes("aspirin") == ()
    with pytest.raises(KeyError):
        dose.inputs("naltrexone", "iv", False, P)
