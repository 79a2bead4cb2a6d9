"""People carried from one decision to the next are the bits of people carried at once, and courses part where treatment does."""

from dataclasses import replace

import numpy as np
import pytest

from racemate.model import bind
from racemate.people.cohort import Cohort, draw
from racemate.simulate.plan import Condition, Dose, Plan
from racemate.trial.carried.again import carry
from racemate.trial.carried.onward import Sharing, Way, _go, go_on
from racemate.trial.carried.share import Places

READINGS = ("score.madrs", "score.cadss", "state.plasticity.strength")
PEOPLE = 6
EVERYBODY = np.arange(PEOPLE)
SECOND_H = 72.0


def plan(cohort: Cohort, second: list[float] | None = None, decided_h: float = np.inf) -> Plan:
    """Everybody is infused on day 0 by weight; on day 3 each is as the decision has it (mg/kg), and nobody before it is taken."""
    weight = np.asarray(cohort.who.weight)
    later = np.array(second or [0.0] * PEOPLE) * weight
    doses = (
        Dose(0.0, "ketamine", "iv", 0.5 * weight, 2 / 3, most_mg=60.0),
        Dose(SECOND_H, "ketamine", "iv", later, 2 / 3, most_mg=120.0),
    )
    session = Condition(0.0, 2.0, "session", np.ones(PEOPLE), 1.0)
    visits = np.array([0.0, 24.0, SECOND_H, 96.0, 240.0])
    return Plan(PEOPLE, doses, (session,), visits, np.full(PEOPLE, 1e3), decided_h)


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return draw(bind("composite"), 1, EVERYBODY, np.zeros(PEOPLE, dtype=int))


def stepped(cohort: Cohort, second: list[float], most: int | None) -> tuple[Way, Way]:
    """Up to the decision, and on from it."""
    sharing = Sharing(most, np.asarray(cohort.who.weight), ())
    first = go_on(cohort, plan(cohort, decided_h=SECOND_H), sharing, READINGS, None, 1, 1e-4, None)
    before = {name: values.copy() for name, values in first.series.items()}
    last = go_on(cohort, plan(cohort, second), sharing, READINGS, None, 1, 1e-4, first)
    return replace(first, series=before), last


def at_once(cohort: Cohort, second: list[float]) -> dict[str, np.ndarray]:
    found = carry(cohort, plan(cohort, second), EVERYBODY, READINGS, None, 1, 1e-4, None).found
    return {name: found[name] for name in READINGS}


@pytest.mark.slow
def test_in_steps_and_at_once_are_the_same_bits(cohort: Cohort) -> None:
    second = [0.5, 0.0, 0.5, 1.0, 0.0, 1.0]
    first, last = stepped(cohort, second, None)
    whole = at_once(cohort, second)
    for name in READINGS:
        np.testing.assert_array_equal(last.series[name], whole[name])
        assert np.isnan(first.series[name][3:]).all(), "somebody was carried past what was decided"
        np.testing.assert_array_equal(first.series[name][:3], whole[name][:3])


@pytest.mark.slow
def test_who_parts_from_a_course_goes_on_with_its_donor(cohort: Cohort) -> None:
    second = [0.5, 0.0, 0.5, 0.0, 0.5, 0.0]
    first, last = stepped(cohort, second, 2)
    assert first.course.tolist() == [0, 1, 0, 1, 0, 1]
    assert last.donor.tolist() == [0, 1], "a course that nobody parts from is still one course"
    second = [0.5, 0.5, 0.0, 0.5, 0.5, 0.5]
    _, last = stepped(cohort, second, 2)
    assert last.donor[last.course].tolist() == [0, 1, 0, 1, 0, 1]
    weight = np.asarray(cohort.who.weight)
    donor = np.array([0, 1, 0, 1, 0, 1])
    lent = replace(cohort, table=cohort.table[:, donor], who=cohort.who._replace(weight=weight[donor]))
    whole = at_once(lent, second)["state.plasticity.strength"]
    np.testing.assert_allclose(last.series["state.plasticity.strength"], whole, rtol=1e-12)


@pytest.mark.slow
def test_nobody_is_carried_who_is_not_asked_any_more_and_the_others_keep_their_bits(cohort: Cohort) -> None:
    second = [0.5, 0.0, 0.5, 1.0, 0.0, 1.0]
    first, last = stepped(cohort, second, None)
    whole = {name: values.copy() for name, values in last.series.items()}
    asked = np.array([np.inf, 24.0, np.inf, 96.0, 96.0, 24.0])
    sharing = Sharing(None, np.asarray(cohort.who.weight), ())
    go = replace(first, series={name: values.copy() for name, values in first.series.items()})
    some = go_on(cohort, replace(plan(cohort, second), asked_h=asked), sharing, READINGS, None, 1, 1e-4, go)
    stay = asked > SECOND_H
    for name in READINGS:
        np.testing.assert_array_equal(some.series[name][:, stay], whole[name][:, stay])
        assert np.isnan(some.series[name][3:, ~stay]).all(), "somebody was carried without being asked"
    np.testing.assert_array_equal(some.courses.slow[:, stay], last.courses.slow[:, stay])
    assert some.courses.visits == last.courses.visits
    nobody = replace(plan(cohort, second), asked_h=np.full(PEOPLE, 24.0))
    none = go_on(cohort, nobody, sharing, READINGS, None, 1, 1e-4, first)
    assert none.courses.visits == last.courses.visits
    assert all(np.isnan(values[3:]).all() for values in none.series.values())


def go(path: list[int], course: list[int], most: int) -> tuple[Places, Places]:
    return _go(np.array(path), np.array(course), np.full(len(path), most))


def test_courses_part_where_paths_do() -> None:
    course, origin = go([0, 0, 1, 1], [0, 0, 0, 0], 3)
    assert course.tolist() == [0, 0, 1, 1]
    assert origin.tolist() == [0, 0]


def test_no_more_courses_go_a_way_than_lead_on_it_and_most_people_keep_theirs() -> None:
    path = [0] * 8
    course, origin = go(path, [0, 1, 1, 1, 2, 2, 3, 3], 2)
    assert origin.tolist() == [1, 2], "the courses that most people are on, and of two alike the first"
    assert course.tolist() == [1, 0, 0, 0, 1, 1, 0, 0], "the people of the others go on in turn"
    assert go(path, [0, 1, 1, 1, 2, 2, 3, 3], 9)[1].tolist() == [0, 1, 2, 3]


def test_company_changes_no_way() -> None:
    rng = np.random.default_rng(3)
    path, course = rng.integers(0, 5, 60), rng.integers(0, 4, 60)
    alone, origin = go(path.tolist(), course.tolist(), 2)
    both, origins = go([*path, *(path + 5)], [*course, *(course + 4)], 2)
    np.testing.assert_array_equal(origins[both[:60]], origin[alone])
    np.testing.assert_array_equal(origins[both[60:]] - 4, origin[alone])
