"""ADDL, II, SS and resets become doses in time, as the field's event tables mean them."""

import numpy as np
import pytest

from racemate.evidence.finding import EvidenceError
from racemate.exchange.dosing.expand import Stretch, expand
from racemate.exchange.dosing.follow import cohort, follow
from racemate.exchange.dosing.schedule import plan, sessions
from racemate.exchange.dosing.table import parse
from racemate.model import bind
from racemate.people.population import Population
from tests.exchange.tables import SIDECAR, text


def made(*rows: str, settle_h: float = 36.0) -> tuple[Stretch, ...]:
    return expand(parse(text(*rows), SIDECAR), lambda *_: settle_h)


def hours(stretch: Stretch) -> list[float]:
    return [round(dose.hour, 6) for dose in stretch.doses]


def test_additional_doses_follow_at_their_interval() -> None:
    (stretch,) = made("1,2,1,10,0,1,3,12", "1,30,0")
    assert hours(stretch) == [2, 14, 26, 38]
    assert [(r.doses, r.last_h) for r in stretch.readings] == [(1, 2), (3, 26)]


def test_a_rate_makes_an_infusion_and_the_routes_own_duration_none() -> None:
    (stretch,) = made("1,0,1,10,20,1", "1,1,1,10,-2,3", "1,2,1,10,0,2")
    assert [dose.hours for dose in stretch.doses] == [0.5, 0, 0]


def test_a_reset_starts_a_stretch_that_knows_nothing_of_what_was_to_come() -> None:
    first, second, third = made("1,0,1,10,0,1,9,12", "1,30,3", "1,31,0", "1,40,4,5,0,1", "1,41,0")
    assert len(first.doses) == 10
    assert second.doses == ()
    assert [reading.row for reading in second.readings] == [1, 2]
    assert [(dose.hour, dose.mg) for dose in third.doses] == [(pytest.approx(40), 5)]


def test_steady_state_reaches_back_far_enough_and_forgets_what_was_before() -> None:
    before, after = made("1,0,1,99,0,1", "1,100,1,10,0,1,2,12,1", "1,110,0")
    assert hours(before) == [0]
    assert hours(after) == [64, 76, 88, 100, 112, 124]
    assert after.start_h == pytest.approx(64)
    assert [(r.doses, r.last_h) for r in after.readings] == [
        (2, pytest.approx(100))
    ] * 2  # run-in doses are not counted


def test_steady_state_on_top_keeps_what_was_before_and_what_is_to_come() -> None:
    before, after = made("1,0,1,99,0,1,1,200", "1,100,1,10,0,1,0,12,2", "1,110,0")
    assert hours(before) == [0, 200]
    assert hours(after) == [0, 64, 76, 88, 100, 200]


def test_a_row_before_a_dose_of_its_hour_is_read_before_it() -> None:
    (stretch,) = made("1,0,0", "1,0,1,10,0,1", "1,0,0", "1,12,0")
    assert [r.hour > 0 for r in stretch.readings] == [False, True, True, True]
    assert [r.doses for r in stretch.readings] == [0, 1, 1, 1]


def test_the_order_of_people_changes_nothing() -> None:
    one, two = ["1,0,1,10,0,1", "1,5,0"], ["2,0,1,84,0,4", "2,5,0"]
    there = {s.person: s.doses for s in made(*one, *two)}
    back = {s.person: s.doses for s in made(*two, *one)}
    assert there == back


def test_all_lanes_share_one_plan_with_nothing_where_nothing_is_given() -> None:
    stretches = made("1,0,1,10,20,5", "1,5,0", "2,1,1,84,0,4", "2,5,0", "3,0,0")
    par = bind().typical.dose
    found = plan(stretches, par, "everyone_active")
    assert found.people == 3
    infusion, *devices = found.doses
    assert infusion.amount_mg.tolist() == [10, 0, 0]
    assert infusion.duration_h == pytest.approx(0.5)
    assert [device.later for device in devices] == [False, True, True]
    assert np.sum([device.amount_mg for device in devices], axis=0).tolist() == pytest.approx([0, 84, 0])
    held = {c.name for c in found.conditions if c.value[2] and c.name != "awake"}
    assert held == {"everyone_active"}


def test_a_session_ends_where_the_next_one_starts() -> None:
    (stretch,) = made("1,0,1,10,20,5,2,1", "1,9,0")
    assert sessions(stretch.doses) == [pytest.approx((0, 1)), pytest.approx((1, 2)), pytest.approx((2, 4))]


def test_two_regimens_are_realised_at_the_hours_that_mrgsolve_gives() -> None:
    """Its own test of `realize_addl`: 100 with one more after 24 h, and 200 from hour 1 with three more."""
    (stretch,) = made("1,0,1,100,0,1,1,24", "1,1,1,200,0,1,3,24", "1,99,0")
    assert hours(stretch) == [0, 1, 24, 25, 49, 73]
    assert [dose.mg for dose in stretch.doses] == [100, 200, 100, 200, 200, 200]


def test_time_after_dose_is_that_of_mrgsolve() -> None:
    """Its own test of `tad`: a dose at hour 3 and two more at intervals of 3 h, read hourly; before the first dose there is none."""
    (stretch,) = made("1,2,0", "1,3,1,100,0,1,2,3", *(f"1,{hour},0" for hour in range(3, 12)))
    since = [
        None if r.last_h is None else round(float(h) - r.last_h, 6)
        for h, r in zip([2, 3, *range(3, 12)], stretch.readings, strict=True)
    ]
    assert since == [None, 0, 0, 1, 2, 0, 1, 2, 0, 1, 2]


def test_people_are_as_the_table_says_and_else_drawn() -> None:
    head = "ID,TIME,EVID,WT,AGE,SEX,RACE"
    table = parse(f"{head}\n5,0,0,71,44,2,3\n6,0,0,.,.,1,2\n7,0,0,.,.,.,.\n", SIDECAR)
    who = cohort(table, bind(), [5, 6, 7], 0, 1, False).who
    assert (who.weight[0], who.age[0], who.female[0], who.asian[0], who.japanese[0]) == (71, 44, 1, 1, 1)
    assert (who.female[1], who.asian[1], who.japanese[1]) == (0, 1, 0)
    plain = Population.typical()
    assert plain.age_low <= who.age[2] <= plain.age_high
    assert who.weight[1] != who.weight[2]
    again = cohort(
        parse("ID,TIME\n7,0\n".replace("TIME", "TIME,EVID").replace("7,0", "7,0,0"), SIDECAR), bind(), [7], 0, 1, False
    )
    assert again.who.weight[0] == who.weight[2]


def test_numbers_out_of_range_are_refused() -> None:
    with pytest.raises(EvidenceError, match="seed"):
        follow("nowhere.csv", seed=-1)
