"""In a null world drugs do nothing to severity, whatever the card; with typical parameters replicates share their world."""

import numpy as np
import pytest

from racemate.hypothesis import all_names
from racemate.model import bind
from racemate.simulate.plan import Condition, Dose, Plan
from racemate.trial.characteristics.world import NULL, SettledWorld, without_study_effects
from racemate.trial.conduct.world import Floats

PEOPLE = 6
IDS = np.arange(PEOPLE, dtype=np.uint64)
REPLICATE = np.repeat(np.arange(2, dtype=np.uint64), PEOPLE // 2)


def world(card: str, **kind: bool) -> SettledWorld:
    return SettledWorld(card, bind(card), 4, 1, **kind)


def madrs(one: SettledWorld, mg: float) -> Floats:
    """Expected score a day and a week after naltrexone and ketamine, or after as much of nothing."""
    amount, session = np.full(PEOPLE, mg), np.ones(PEOPLE)
    doses = (Dose(-1.0, "naltrexone", "oral", amount, 0.0), Dose(0.0, "ketamine", "iv", amount, 40 / 60))
    held = (Condition(0.0, 2.0, "session", session), Condition(0.0, 2.0, "awake", session))
    plan = Plan(
        PEOPLE, doses, (*held, Condition(0.0, 2.0, "saline", session)), np.array([24.0, 168.0]), np.full(PEOPLE, 200.0)
    )
    return one.run(one.draw(IDS, REPLICATE, {}), plan, ("score.madrs",), None)["score.madrs"]


@pytest.mark.slow
@pytest.mark.parametrize("card", all_names())
def test_no_drug_moves_severity_in_a_null_world(card: str) -> None:
    nothing = world(card, null=True)
    np.testing.assert_allclose(madrs(nothing, 40.0), madrs(nothing, 0.0), atol=1e-3)


@pytest.mark.slow
def test_the_same_drugs_move_it_in_the_world_as_it_is() -> None:
    one = world("composite")
    assert (madrs(one, 40.0) < madrs(one, 0.0) - 1).any()


def test_a_null_world_differs_in_nothing_else() -> None:
    real, null = (world("composite", null=dead).draw(IDS, REPLICATE, {}).drawn for dead in (False, True))
    rows = [real.model.rows.index(name) for name in NULL]
    others = np.setdiff1d(np.arange(len(real.model.rows)), rows)
    np.testing.assert_array_equal(real.table[others], null.table[others])
    assert (null.table[rows] == 0).all()
    assert (real.table[rows[0]] > 0).all()


def test_with_typical_parameters_replicates_share_their_world() -> None:
    drawn = SettledWorld("it", without_study_effects(bind("composite")), 4, typical=True).draw(IDS, REPLICATE, {}).drawn
    for name in ("severity.study_drug", "severity.drug_at_24h", "severity.emax"):
        row = drawn.population[drawn.model.rows.index(name)]
        assert np.ptp(row) == 0
        assert row[0] == pytest.approx(drawn.model.bound[name].typical)
    personal = drawn.table[drawn.model.rows.index("severity.responsiveness")]
    assert np.ptp(personal) > 0


def test_averaged_over_priors_they_do_not() -> None:
    drawn = world("composite").draw(IDS, REPLICATE, {}).drawn
    for name in ("severity.study_drug", "severity.drug_at_24h"):
        assert len(np.unique(drawn.population[drawn.model.rows.index(name)])) == 2
