"""Shared courses: a follower is the leader up to severity and itself after it, and nobody follows who cannot."""

from dataclasses import replace

import numpy as np
import pytest

from racemate.model import bind
from racemate.people import random
from racemate.people.cohort import draw
from racemate.simulate.plan import Condition, Dose, Plan
from racemate.simulate.run import run
from racemate.simulate.share import batches
from racemate.simulate.solve import LANES

PEOPLE = 3000
IDS = np.arange(PEOPLE)
REPLICATES = IDS // 100
OWN_START = np.where(IDS % 2 == 0, 1e6, 1.0 * (IDS % 11))
TIMES = np.array([0.0, 2.0, 25.0, 169.0])


def leaders(whose):
    """Leaders as used in the tests: who leads, leads itself."""
    first = whose - whose % 100
    position = (whose - first) % 34
    return np.where(position % 2 == 0, first + position, first + position - 1)


LEADER = leaders(IDS)
"""Seventeen leaders in each of thirty replicates, 510 in all: two batches of leaders, each with readers for several batches."""


def plan(whose):
    """An infusion whose amount is that of ``whose``; the context in which it is given and the start of a tablet are a person's own."""
    ones = np.ones(len(whose))
    return Plan(
        len(whose),
        (Dose(1.0, "ketamine", "iv", 30 + 20 * random.uniform(3, "test:amount", whose), 40 / 60),),
        (
            Condition(0, 3, "session", ones),
            Condition(0, 200, "awake", ones),
            Condition(0, 200, "saline", (IDS % 3 == 0).astype(float)),
            Condition(0, 200, "midazolam", (IDS % 3 > 0).astype(float)),
        ),
        TIMES,
        OWN_START,
    )


def kinetics(model, whose):
    """Kinetic parameters and covariates of ``whose``, by name, about as different as people are."""
    varying = [b for b in model.bound.values() if b.vary == "person" and b.name.startswith(("dose.", "concentration."))]
    given = {b.name: b.typical * (1 - 0.5 * random.uniform(5, f"test:{b.name}", whose)) for b in varying}
    age = 30 + 50 * random.uniform(5, "test:age", whose)
    return given | {"age": age} | dict.fromkeys(("asian", "japanese", "oprm1_g"), 0 * age)


def people(model, whose):
    return draw(model, 7, IDS, REPLICATES, given=kinetics(model, whose))


@pytest.fixture(scope="module")
def model():
    return bind("composite")


@pytest.fixture(scope="module")
def shared(model):
    return run(people(model, IDS), plan(IDS), leader=LEADER)


def test_who_shares_a_course_is_who_was_given_the_leaders_kinetics(model, shared):
    full = run(people(model, LEADER), plan(LEADER))
    alone = run(people(model, IDS), plan(IDS), ("severity.drug", "severity.points"))
    assert len(np.unique(LEADER)) > LANES
    for name, value in full.readings.items():
        assert np.allclose(shared[name], value, rtol=1e-12, atol=1e-300), name
    follows = LEADER != IDS
    for name in alone.readings:
        assert np.abs(shared[name] - alone[name])[1:, follows].max() > 1e-3, name
    one = np.flatnonzero(leaders(IDS) == 0)
    assert len(np.unique(shared["state.plasticity.strength"][-1, one])) == 1
    assert len(np.unique(shared["severity.points"][-1, one])) == len(one) > 2


def test_everybody_their_own_leader_is_nobody_sharing(model):
    cohort = people(model, IDS)
    plain = run(cohort, plan(IDS))
    own = run(cohort, plan(IDS), leader=IDS)
    for name, value in plain.readings.items():
        assert np.array_equal(own[name], value), name


def test_the_same_bits_on_any_core_and_in_any_company(model, shared):
    one = run(people(model, IDS), plan(IDS), threads=1, leader=LEADER)
    turned = np.concatenate([IDS[1500:], IDS[:1500]])
    here = np.argsort(turned)
    cohort, whole = people(model, IDS), plan(IDS)
    moved = replace(
        cohort,
        **{name: getattr(cohort, name)[turned] for name in ("person", "replicate")},
        who=cohort.who._replace(**{k: v[turned] for k, v in cohort.who._asdict().items()}),
        table=cohort.table[:, turned],
        population=cohort.population[:, turned],
    )
    other = replace(
        whole,
        doses=tuple(replace(d, amount_mg=d.amount_mg[turned]) for d in whole.doses),
        conditions=tuple(replace(c, value=c.value[turned]) for c in whole.conditions),
        antidepressant_start_h=whole.antidepressant_start_h[turned],
    )
    again = run(moved, other, leader=here[LEADER[turned]])
    for name, value in shared.readings.items():
        assert np.array_equal(one[name], value), name
        assert np.array_equal(again[name], value[:, turned]), name


def test_a_batch_reads_everybody_who_follows_its_leaders():
    leads, course = np.unique(LEADER, return_inverse=True)
    found = batches(course, LANES)
    assert np.array_equal(np.sort(np.concatenate([batch.read for batch in found])), IDS)
    for batch in found:
        assert len(batch.solved) == LANES
        assert np.array_equal(leads[batch.solved[batch.lane]], LEADER[batch.read])


def test_nobody_follows_who_cannot(model):
    cohort = people(model, IDS)
    for wrong, words in (
        (LEADER[:5], r"found int64 of shape \(5,\), allowed: whole numbers of shape \(3000,\)"),
        (LEADER.astype(float), "found float64"),
        (np.where(IDS == 3, PEOPLE, LEADER), "leader of person 3: found 3000, allowed: an index from 0 to 2999"),
        (np.where(IDS == 3, 5, LEADER), "leader of person 3: found 5, allowed: a person who leads itself"),
        (np.where(IDS == 103, 2, LEADER), "leader of person 103: found 2, allowed: a person of the same replicate"),
    ):
        with pytest.raises(ValueError, match=words):
            run(cohort, plan(IDS), leader=wrong)


def test_nobody_follows_who_is_treated_otherwise(model):
    cohort, usual = people(model, IDS), plan(IDS)
    untreated = replace(usual.doses[0], amount_mg=np.where(IDS == 3, 0.0, usual.doses[0].amount_mg))
    with pytest.raises(ValueError, match=r"leader of person 3: .* gets ketamine at 1 h as the follower does"):
        run(cohort, replace(usual, doses=(untreated,)), leader=LEADER)
    asleep = replace(usual.conditions[1], value=np.where(IDS == 3, 0.0, 1.0))
    with pytest.raises(ValueError, match=r"leader of person 3: .* with the same awake from 0 h"):
        run(cohort, replace(usual, conditions=(*usual.conditions[:1], asleep)), leader=LEADER)
