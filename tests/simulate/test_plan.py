"""Plans: what cannot be given or read is refused, with what was found and what is allowed."""

import numpy as np
import pytest

from racemate.model import bind
from racemate.simulate.plan import Condition, Dose, Plan, nasal_session

ONE = np.ones(1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"drug": "ketamin"}, "allowed: drugs: esketamine"),
        ({"route": "rectal"}, "allowed: iv, intranasal"),
        ({"amount_mg": -ONE}, "allowed: finite amounts >= 0 mg"),
        ({"amount_mg": np.array([np.nan])}, "allowed: finite amounts >= 0 mg"),
        ({"time_h": np.inf}, "allowed: finite, >= 0"),
        ({"duration_h": -1.0}, "allowed: finite, >= 0"),
    ],
)
def test_impossible_doses_are_refused(change, words):
    dose = {"time_h": 0.0, "drug": "ketamine", "route": "iv", "amount_mg": ONE} | change
    with pytest.raises(ValueError, match=words):
        Dose(**dose)


def test_unknown_conditions_and_empty_intervals_are_refused():
    with pytest.raises(ValueError, match="found 'asleep', allowed: session, awake"):
        Condition(0, 1, "asleep", ONE)
    with pytest.raises(ValueError, match="an end after the start"):
        Condition(2, 2, "awake", ONE)


@pytest.mark.parametrize(
    ("people", "visits", "words"),
    [(0, [1.0], "at least 1"), (2, [1.0], r"allowed: \(2,\)"), (1, [], "at least one"), (1, [2.0, 1.0], "ascending")],
)
def test_plans_that_do_not_fit_are_refused(people, visits, words):
    with pytest.raises(ValueError, match=words):
        Plan(people, (Dose(0, "ketamine", "iv", ONE),), (), np.array(visits), np.zeros(people))


def test_a_nasal_session_is_devices_five_minutes_apart_that_sum_to_the_dose():
    amounts = np.array([28.0, 56.0, 84.0, 0.0])
    devices = nasal_session(24.0, "esketamine", amounts, bind("composite").typical.dose)
    assert [d.later for d in devices] == [False, True, True]
    assert np.allclose(np.diff([d.time_h for d in devices]), 5 / 60)
    assert np.array_equal(sum(d.amount_mg for d in devices), amounts)
    assert all(set(d.amount_mg) <= {0.0, 28.0} for d in devices)


def test_what_might_still_be_given_has_its_devices_and_its_grid():
    par = bind("composite").typical.dose
    nothing = np.zeros(3)
    assert nasal_session(24.0, "esketamine", nothing, par) == ()
    devices = nasal_session(24.0, "esketamine", nothing, par, 84.0)
    assert len(devices) == len(nasal_session(24.0, "esketamine", nothing + 84.0, par))
    assert sum(dose.most_mg for dose in devices) == pytest.approx(84.0)
    assert all(not dose.amount_mg.any() and dose.largest_mg == dose.most_mg > 0 for dose in devices)
    assert Condition(0, 1, "session", nothing, 1.0).largest == 1.0
    assert Condition(0, 1, "session", nothing + 2, 1.0).largest == 2.0


def test_a_part_of_the_people_has_its_part_of_the_plan():
    dose = Dose(0.0, "ketamine", "iv", np.array([1.0, 2.0, 3.0]), 1.0)
    whole = Plan(3, (dose,), (Condition(0, 1, "session", np.array([0.0, 1.0, 2.0])),), np.array([1.0]), np.arange(3.0))
    some = whole.of(np.array([2, 0]))
    assert some.people == 2
    assert some.doses[0].amount_mg.tolist() == [3.0, 1.0]
    assert some.conditions[0].value.tolist() == [2.0, 0.0]
    assert some.antidepressant_start_h.tolist() == [2.0, 0.0]
