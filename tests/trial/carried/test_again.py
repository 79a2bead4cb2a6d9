"""A later round that carries only those whose treatment changed gives the bits of one that carries everybody."""

import numpy as np
import pytest

from racemate.model import bind
from racemate.people.cohort import draw
from racemate.simulate.plan import Condition, Dose, Plan
from racemate.trial.carried.again import carry

pytestmark = pytest.mark.slow
READINGS = ("score.madrs", "score.cadss")
PEOPLE = 6


def plan(second: list[float], new: list[float]) -> Plan:
    """Everybody is infused on day 0; on day 3 some are, and in some a new antidepressant begins."""
    doses = (
        Dose(0.0, "ketamine", "iv", np.full(PEOPLE, 35.0), 2 / 3),
        Dose(72.0, "ketamine", "iv", np.array(second), 2 / 3),
    )
    session = Condition(0.0, 2.0, "session", np.ones(PEOPLE))
    return Plan(PEOPLE, doses, (session,), np.array([24.0, 96.0]), np.array(new))


@pytest.mark.parametrize("leader", [[0, 1, 2, 3, 4, 5], [0, 1, 0, 1, 4, 4]])
def test_only_those_who_changed_are_carried_and_the_bits_are_the_same(leader: list[int]) -> None:
    cohort = draw(bind("composite"), 1, np.arange(PEOPLE), np.zeros(PEOPLE, dtype=int))
    leads = np.array(leader)
    first, changed = plan([35, 0, 35, 0, 0, 0], [1e3] * 6), plan([35, 0, 35, 0, 35, 35], [1e3, 1e3, 1e3, 0, 1e3, 1e3])
    carried: list[int] = []

    def count(done: int, total: int) -> None:
        carried.append(total)

    before = carry(cohort, first, leads, READINGS, count, 1, 1e-4, None)
    after = carry(cohort, changed, leads, READINGS, count, 1, 1e-4, before)
    whole = carry(cohort, changed, leads, READINGS, None, 1, 1e-4, None)
    assert carried[0] == PEOPLE
    assert carried[-1] < PEOPLE
    for name in READINGS:
        np.testing.assert_array_equal(after.found[name], whole.found[name])
    assert not np.array_equal(after.found["score.madrs"], before.found["score.madrs"])
    same = carry(cohort, changed, leads, READINGS, None, 1, 1e-4, after)
    assert same.found is after.found, "nothing changed, and somebody was carried"


def test_another_grid_carries_everybody() -> None:
    cohort = draw(bind("composite"), 1, np.arange(PEOPLE), np.zeros(PEOPLE, dtype=int))
    one = plan([0.0] * 6, [1e3] * 6)
    before = carry(cohort, one, np.arange(PEOPLE), READINGS, None, 1, 1e-4, None)
    carried: list[int] = []
    more = plan([35.0, 0, 0, 0, 0, 0], [1e3] * 6)
    carry(cohort, more, np.arange(PEOPLE), READINGS, lambda _, total: carried.append(total), 1, 1e-4, before)
    assert carried[-1] == PEOPLE
