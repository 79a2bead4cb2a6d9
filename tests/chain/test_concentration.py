"""Concentration: mass is kept, covariates do what they say, and each drug keeps the time its label gives it."""

from typing import Any

import numpy as np
import pytest

from racemate.chain import concentration, dose
from racemate.chain.laws import transfer_slope
from racemate.model import bind
from tests.published.linear import (
    CAUCASIAN,
    Array,
    area,
    matrix,
    session,
    state,
    together,
    typical,
)

P = typical()
MOVES = concentration.transfers(P.concentration)
BODIES: dict[str, Any] = dict(concentration.State.__annotations__)
DAY = np.round(np.arange(0, 24.001, 0.05), 6)


def plasma(given: dict[str, Any], times: Array) -> concentration.Plasma:
    return concentration.plasma(state(given, P.concentration, times), P.concentration)


@pytest.mark.parametrize("body", BODIES)
def test_transfers_join_compartments_of_the_body_at_positive_rates(body: str) -> None:
    fields = BODIES[body]._fields
    for move in MOVES[body]:
        assert move.source in fields
        assert move.sink in (*fields, None)
        assert float(move.rate) > 0


@pytest.mark.parametrize("body", BODIES)
def test_a_dose_in_any_compartment_leaves_the_body_in_the_end(body: str) -> None:
    assert np.max(np.linalg.eigvals(matrix(BODIES[body]._fields, MOVES[body])).real) < 0


@pytest.mark.parametrize("body", BODIES)
def test_drug_is_lost_only_where_it_is_eliminated(body: str) -> None:
    """Columns of the rate matrix add to what leaves the body; a copy to the effect site is no loss."""
    fields = BODIES[body]._fields
    moved = [m for m in MOVES[body] if not m.keeps]
    lost = -matrix(fields, moved).sum(axis=0)
    eliminated = {m.source for m in moved if m.sink is None}
    for name, rate in zip(fields, lost, strict=True):
        assert (rate > 1e-9) == (name in eliminated)


@pytest.mark.parametrize("body", BODIES)
def test_slope_and_matrix_say_the_same(body: str) -> None:
    fields = BODIES[body]._fields
    amounts = np.arange(1.0, len(fields) + 1)
    slopes = [transfer_slope(name, BODIES[body](*amounts), MOVES[body]) for name in fields]
    assert slopes == pytest.approx(matrix(fields, MOVES[body]) @ amounts)


def test_twice_the_dose_is_twice_the_concentration() -> None:
    once, twice = (plasma(session("ketamine", "iv", mg, P.dose, hours=2 / 3), DAY) for mg in (20, 40))
    assert twice.norketamine_r == pytest.approx(2 * once.norketamine_r)


def test_the_clearance_of_r_is_the_published_share_of_that_of_s() -> None:
    times = np.round(np.arange(0, 240.01, 0.1), 6)
    seen = plasma(session("ketamine", "iv", 35, P.dose), times)
    assert area(seen.ketamine_s, times) / area(seen.ketamine_r, times) == pytest.approx(0.86, rel=0.005)


def test_liver_flow_falls_after_the_reference_age_and_not_before() -> None:
    flow = {age: typical(CAUCASIAN._replace(age=age)).concentration.q_liver for age in (20.0, 60.0, 70.0)}
    assert flow[20.0] == flow[60.0] == P.concentration.q_liver
    assert flow[60.0] - flow[70.0] == pytest.approx(21.9, rel=1e-3)


def test_asian_people_clear_the_metabolite_more_slowly() -> None:
    asian = typical(CAUCASIAN._replace(asian=1.0)).concentration
    assert asian.cl_norketamine == pytest.approx(0.81 * P.concentration.cl_norketamine)
    assert asian.k_other == pytest.approx(0.36 * P.concentration.k_other)
    assert asian.k_norketamine == P.concentration.k_norketamine


def test_the_effect_site_lags_plasma_and_ends_level_with_it() -> None:
    times = np.round(np.arange(0, 400.01, 0.1), 6)
    y = state(session("esketamine", "iv", 4000, P.dose, hours=400.0), P.concentration, times).ketamine_s
    assert y.brain[-1] == pytest.approx(y.central[-1], rel=1e-6)
    bolus = state(session("esketamine", "iv", 35, P.dose), P.concentration, DAY).ketamine_s
    assert 0 < DAY[int(bolus.brain.argmax())] < 0.5


def test_free_brain_concentration_follows_from_total_plasma() -> None:
    """237.73 ng/mL of total ketamine is 1 umol/L, of which 0.55 is free."""
    y = state({}, P.concentration, np.zeros(1))
    level = y._replace(ketamine_s=y.ketamine_s._replace(brain=0.23773 * P.concentration.v_central))
    assert concentration.signal(level, P.concentration).ketamine_s == pytest.approx(0.55)


def test_oral_ketamine_loses_most_of_itself_on_the_first_pass() -> None:
    times = np.round(np.arange(0, 240.01, 0.1), 6)
    mouth, vein = (plasma(session("esketamine", route, 50, P.dose), times) for route in ("oral", "iv"))
    assert area(mouth.ketamine_s, times) / area(vein.ketamine_s, times) == pytest.approx(0.178, rel=0.01)
    assert area(mouth.norketamine_s, times) / area(mouth.ketamine_s, times) > 3 * area(
        vein.norketamine_s, times
    ) / area(vein.ketamine_s, times)


@pytest.mark.parametrize(("route", "low", "high"), [("im", 0.08, 0.4), ("sc", 0.2, 0.7), ("intranasal", 0.3, 0.7)])
def test_the_peak_comes_when_the_route_says(route: str, low: float, high: float) -> None:
    times = np.round(np.arange(0, 4, 0.005), 6)
    seen = plasma(session("esketamine", route, 28, P.dose), times).ketamine_s
    assert low <= times[int(seen.argmax())] <= high


def test_naltrexone_is_held_long_after_plasma_is_empty() -> None:
    times = np.array([0.0, 4.0, 72.0])
    y = state(session("naltrexone", "oral", 50, P.dose), P.concentration, times).naltrexone
    assert y.central[2] < 1e-6 * y.central[1]
    assert y.held[2] > 0.3 * y.held[1]


def test_a_naltrexone_depot_has_the_profile_of_its_label() -> None:
    times = np.round(np.concatenate([np.arange(0, 12, 0.1), np.arange(12, 24 * 90, 2)]), 6)
    depot, tablet = (
        1000 * plasma(session("naltrexone", route, mg, P.dose), times).naltrexone
        for route, mg in (("xr", 380), ("oral", 50))
    )
    early = times < 12
    assert times[early][depot[early].argmax()] == pytest.approx(2, abs=0.5)
    assert 2 <= times[~early][depot[~early].argmax()] / 24 <= 3
    assert np.interp(24 * 31, times, depot) > 0.2  # ng/mL: still measurable after a month
    assert 3 <= area(depot, times) / (28 * area(tablet, times)) <= 4


@pytest.mark.parametrize(("mg", "peak", "trough"), [(2, 0.69, 0.16), (8, 2.7, 0.62)])
def test_buprenorphine_at_steady_state_is_that_of_its_model(mg: float, peak: float, trough: float) -> None:
    """Peak and trough in ng/mL, from a run of jones-2021."""
    times = np.round(np.arange(0, 30 * 24 + 0.01, 0.25), 6)
    daily = together(*(session("buprenorphine", "sublingual", mg, P.dose, at=24.0 * day) for day in range(30)))
    last = 1000 * plasma(daily, times).buprenorphine[times >= 29 * 24]
    assert last.max() == pytest.approx(peak, rel=0.03)
    assert last.min() == pytest.approx(trough, rel=0.03)


def test_midazolam_is_that_of_its_model() -> None:
    """1.4 mg over 40 min: 30.9, 12.1 and 3.6 ng/mL at 40, 80 and 230 min, from a run of wiebe-2020."""
    times = np.array([0.0, 40, 80, 230]) / 60
    seen = 1000 * plasma(session("midazolam", "iv", 1.4, P.dose, hours=2 / 3), times).midazolam
    assert seen[1:] == pytest.approx([30.9, 12.1, 3.6], rel=0.02)


def test_rapamycin_stays_for_days() -> None:
    times = np.array([24.0 * 5, 24.0 * 10])
    y = state(session("rapamycin", "oral", 6, P.dose), P.concentration, times).rapamycin
    assert 120 * np.log(2) / np.log(y.central[0] / y.central[1]) == pytest.approx(63, rel=0.15)


def test_each_drug_stays_in_its_own_body() -> None:
    for drug in dose.drugs():
        route = dose.routes(drug)[0]
        bodies = {way.body for way in dose.inputs(drug, route, False, P.dose)}
        y = state(session(drug, route, 28, P.dose), P.concentration, DAY)
        moved = {name for name in y._fields if any(np.any(part != 0) for part in getattr(y, name))}
        assert moved == bodies


def test_the_bound_model_carries_the_numbers_that_the_judges_were_shown() -> None:
    bound = bind().typical
    assert bound.concentration == pytest.approx(P.concentration)
    assert dose.individual(bound.dose, CAUCASIAN) == pytest.approx(P.dose)
