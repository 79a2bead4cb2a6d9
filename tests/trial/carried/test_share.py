"""People of one treatment path share courses: who leads, who follows, and that nobody follows across a path or a replicate."""

import numpy as np
import pytest

from racemate.simulate.plan import Condition, Dose, Plan
from racemate.trial.carried.share import dosed, leaders, paths, shared_out

WEIGHT = np.array([60.0, 70.0, 80.0, 90.0, 100.0, 110.0])


def plan(*amounts: np.ndarray, session: np.ndarray | None = None) -> Plan:
    doses = tuple(Dose(24.0 * k, "ketamine", "iv", amount, 2 / 3) for k, amount in enumerate(amounts))
    conditions = () if session is None else (Condition(0.0, 2.0, "session", session),)
    return Plan(6, doses, conditions, np.array([24.0]), np.zeros(6))


def test_a_dose_per_kg_is_one_path_and_another_dose_per_kg_is_another() -> None:
    per_kg = np.array([0.5, 0.5, 0.5, 0.1, 0.1, 0.0])
    path = paths(plan(per_kg * WEIGHT), WEIGHT)
    assert path[0] == path[1] == path[2]
    assert path[3] == path[4]
    assert len(set(path)) == 3


def test_a_dose_in_mg_beside_a_dose_per_kg_is_told_apart() -> None:
    amount = np.array([56.0, 56.0, 84.0, 84.0, 0.5 * 100, 0.5 * 110])
    path = paths(plan(amount), WEIGHT)
    assert [list(path).index(one) for one in path] == [0, 0, 2, 2, 4, 4]


def test_what_happens_later_parts_a_path() -> None:
    same, later = 0.5 * WEIGHT, np.array([1.0, 1.0, 0.5, 0.5, 0.5, 0.5]) * WEIGHT
    assert len(set(paths(plan(same), WEIGHT))) == 1
    assert len(set(paths(plan(same, later), WEIGHT))) == 2
    assert len(set(paths(plan(same, session=np.array([1.0, 0, 0, 0, 0, 0])), WEIGHT))) == 2
    assert len(set(paths(plan(same), WEIGHT, np.array([0.0, 1, 0, 1, 0, 1])))) == 2


def test_the_first_lead_and_the_others_follow_in_turn() -> None:
    path = np.array([7, 7, 3, 7, 7, 7, 3, 7])
    assert leaders(path, np.zeros(8), 2).tolist() == [0, 1, 2, 0, 1, 0, 6, 1]
    assert leaders(path, np.zeros(8), 8).tolist() == list(range(8))


def test_how_many_lead_may_differ_between_paths() -> None:
    path = np.array([0, 0, 1, 1, 0, 1])
    assert leaders(path, np.zeros(6), np.where(path == 0, 1, 2)).tolist() == [0, 0, 2, 3, 0, 2]


def test_leaders_are_shared_out_by_the_number_of_people_and_nobody_is_left_without() -> None:
    path, replicate = np.array([5] * 20 + [6] * 4), np.zeros(24)
    trait = np.array([0] * 15 + [1] * 5 + [0] * 3 + [1])
    assert shared_out(4, path, trait, replicate).tolist() == [3] * 15 + [1] * 5 + [3] * 3 + [1]
    assert shared_out(1, path, trait, replicate).tolist() == [1] * 24
    assert shared_out(4, np.tile(path, 2), np.tile(trait, 2), np.repeat([0, 1], 24)).tolist()[:24] == [3] * 15 + [
        1
    ] * 5 + [3] * 3 + [1]


def test_who_is_given_nothing_at_all_is_not_dosed() -> None:
    first, later = np.array([0.0, 1, 0, 0, 0, 0]), np.array([0.0, 0, 1, 0, 0, 0])
    assert dosed(plan(first, later)).tolist() == [False, True, True, False, False, False]
    assert not dosed(plan()).any()


def test_nobody_follows_into_another_replicate_and_company_changes_nothing() -> None:
    rng = np.random.default_rng(5)
    path = rng.integers(0, 3, 60)
    replicate = np.repeat([0, 1, 2], 20)
    found = leaders(path, replicate, 3)
    assert (replicate[found] == replicate).all()
    assert (path[found] == path).all()
    assert (found[found] == found).all()
    assert leaders(path[:20], replicate[:20], 3).tolist() == found[:20].tolist()
    _, count = np.unique(found, return_counts=True)
    assert count.max() - count.min() <= 20 // 3


def test_nobody_leading_is_refused() -> None:
    with pytest.raises(ValueError, match="most: found 0"):
        leaders(np.zeros(3, dtype=int), np.zeros(3), 0)
