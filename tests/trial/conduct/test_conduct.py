"""Screening, allocation, dosing and leaving do what a protocol says, whoever else is in the batch."""

from typing import Any

import numpy as np
import pytest

from racemate.evidence.library import library
from racemate.trial.conduct.allocate import randomise, sizes
from racemate.trial.conduct.enrol import Enrolled, enrol
from racemate.trial.conduct.treat import plan
from racemate.trial.conduct.world import Roll
from racemate.trial.design.protocol import Protocol, build
from racemate.trial.published import protocol_of
from tests.trial.fake import FakeWorld

SEED = 7
WORLD = FakeWorld()


def published(name: str) -> Protocol:
    return protocol_of(library().trial(name))


def two_arms(**changes: Any) -> Protocol:
    ketamine = {
        "name": "ketamine",
        "n": 40,
        "dose": [{"drug": "ketamine", "route": "iv", "amount": "0.5 mg/kg", "over": "40 min"}],
    }
    placebo = {"name": "placebo", "n": 20, "sessions": "once"}
    rating = [{"scale": "madrs", "at": ["24 h", "7 days"]}]
    return build(
        {"arm": [ketamine, placebo], "rating": rating, "baseline": {"mean": 33, "sd": 5, "how": "assumed"}, **changes}
    )


def let_in(protocol: Protocol, replicates: int = 50, people: int | None = None) -> Enrolled:
    return enrol(protocol, WORLD, SEED, replicates, people)


def test_arms_have_their_published_size_in_every_replicate() -> None:
    enrolled = let_in(two_arms())
    arm = enrolled.roll.fold(enrolled.arm)[0]
    assert (arm == 0).sum(axis=1).tolist() == [40] * 50
    assert len({tuple(row) for row in arm.tolist()}) == 50


def test_sizes_can_be_chosen() -> None:
    assert sizes(two_arms(), None) == (40, 20)
    assert sizes(two_arms(), 15) == (15, 15)
    assert sizes(published("williams-2018"), None) == (7, 7)
    assert [sizes(published("williams-2018"), n) for n in (1, 5, 100)] == [(1, 0), (3, 2), (50, 50)]


def test_blocks_keep_the_arms_together_within_strata() -> None:
    protocol = two_arms(randomise={"block": 6, "strata": ["female"]})
    roll = Roll(30, 60)
    cohort = WORLD.draw(roll.ids, roll.replicate, {})
    group = roll.fold(randomise(protocol, cohort, SEED, roll, (40, 20)))
    female = roll.fold(cohort.covariate("female"))
    for r in range(30):
        for sex in (0, 1):
            block = group[r][female[r] == sex]
            whole = block[: len(block) // 6 * 6].reshape(-1, 6)
            assert (whole == 0).sum(axis=1).tolist() == [4] * len(whole)


def test_strata_smaller_than_a_block_leave_the_arms_their_share() -> None:
    protocol = two_arms(randomise={"strata": ["female"]})
    arm = let_in(protocol, 200).arm[0]
    assert (arm == 0).mean() == pytest.approx(2 / 3, abs=0.01)


def test_a_person_does_not_depend_on_the_other_replicates() -> None:
    protocol = published("williams-2018")
    few, many = let_in(protocol, 3), let_in(protocol, 8)
    n = few.roll.ids.size
    assert np.array_equal(few.roll.ids, many.roll.ids[:n])
    for name in ("screening", "leaves_h"):
        assert np.array_equal(getattr(few, name), getattr(many, name)[:n])
    assert np.array_equal(few.arm, many.arm[:, :n])
    assert np.array_equal(few.cohort.parameter("severity.baseline"), many.cohort.parameter("severity.baseline")[:n])


def test_the_people_let_in_look_like_those_published() -> None:
    enrolled = let_in(published("lii-2023"), 200)
    points = enrolled.cohort.parameter("severity.baseline")
    for arm, mean, sd in ((0, 25.1, 8.3), (1, 29.9, 7.0)):
        latent = points[enrolled.arm[0] == arm]
        assert latent.mean() == pytest.approx(mean, abs=0.4)
        assert np.hypot(latent.std(), 2.0) == pytest.approx(sd, abs=0.3)


def test_an_entry_score_makes_people_regress_to_the_mean() -> None:
    enrolled = let_in(two_arms(eligibility={"scale": "madrs", "low": 28}), 100)
    points = enrolled.cohort.parameter("severity.baseline")
    assert enrolled.screening.min() >= 27.5
    assert points.mean() == pytest.approx(33, abs=0.3)
    assert np.hypot(points.std(), 2.0) == pytest.approx(5, abs=0.3)
    fall = enrolled.screening.mean() - points.mean()
    free = let_in(two_arms(), 100)
    assert fall > 0.5
    assert abs(free.screening.mean() - free.cohort.parameter("severity.baseline").mean()) < 0.3


def test_without_a_published_baseline_people_stay_as_drawn() -> None:
    protocol = two_arms().model_copy(update={"baseline": None})
    enrolled = let_in(protocol)
    drawn = WORLD.draw(enrolled.roll.ids, enrolled.roll.replicate, {})
    assert np.array_equal(enrolled.cohort.parameter("severity.baseline"), drawn.points)


def test_an_infusion_is_dosed_by_weight_and_only_in_its_arm() -> None:
    protocol = two_arms()
    enrolled = let_in(protocol, 4)
    doses = plan(protocol, WORLD, enrolled, SEED).doses
    assert [(d.time_h, d.drug, d.route, round(d.duration_h, 4)) for d in doses] == [(0.0, "ketamine", "iv", 0.6667)]
    expected = np.where(enrolled.arm[0] == 0, 0.5 * enrolled.cohort.covariate("weight"), 0)
    assert doses[0].amount_mg == pytest.approx(expected)


def test_arms_that_differ_in_dose_share_one_event() -> None:
    protocol = published("fava-2020")
    doses = plan(protocol, WORLD, let_in(protocol, 2), SEED).doses
    assert sorted((d.drug, d.time_h) for d in doses) == [("ketamine", 0.0), ("midazolam", 0.0)]


def test_both_conditions_of_a_crossover_are_given_in_turn() -> None:
    protocol = published("williams-2018")
    enrolled = let_in(protocol, 20)
    done = plan(protocol, WORLD, enrolled, SEED)
    given = {(d.drug, d.time_h): d.amount_mg > 0 for d in done.doses}
    assert set(given) == {("naltrexone", -0.75), ("ketamine", 0.0), ("naltrexone", 719.25), ("ketamine", 720.0)}
    assert given["ketamine", 0.0].all()
    assert given["ketamine", 720.0].all()
    assert np.array_equal(given["naltrexone", -0.75], ~given["naltrexone", 719.25])
    assert given["naltrexone", -0.75].mean() == 0.5


def test_a_flexible_dose_rises_for_the_observed_share() -> None:
    protocol = published("transform-2")
    enrolled = let_in(protocol, 20)
    doses = plan(protocol, WORLD, enrolled, SEED).doses
    active = enrolled.arm[0] == 0
    total = {}
    for dose in doses:
        day = round(dose.time_h // 24)
        total[day] = total.get(day, 0) + dose.amount_mg[active]
    assert set(total[0]) == {56.0}
    assert set(total[3]) == set(total[24]) == {56.0, 84.0}
    assert np.mean(total[3] == 84) == pytest.approx(0.67, abs=0.03)
    assert np.array_equal(total[3], total[24])
    assert sum(dose.amount_mg[~active].sum() for dose in doses) == 0


def test_the_setting_tells_sessions_context_and_sleep() -> None:
    protocol = published("lii-2023")
    done = plan(protocol, WORLD, let_in(protocol, 1), SEED)
    before, during, after = (done.conditions_at(hour) for hour in (-0.5, 1.0, 2.5))
    assert [set(s.hospital) for s in (before, during, after)] == [{1.0}] * 3
    assert [set(s.session) for s in (before, during, after)] == [{0.0}, {1.0}, {0.0}]
    assert [set(s.awake) for s in (before, during, after)] == [{1.0}, {0.0}, {1.0}]
    assert set(during.saline) == {0.0}


def test_only_a_new_antidepressant_starts_the_natural_course() -> None:
    for name, started in (("transform-2", True), ("daly-2018", False)):
        protocol = published(name)
        done = plan(protocol, WORLD, let_in(protocol, 1), SEED)
        assert set(done.antidepressant_start_h <= done.visits_h[-1]) == {started}


def test_people_leave_at_the_observed_rate() -> None:
    enrolled = let_in(published("murrough-2013"), 300)
    left = np.isfinite(enrolled.leaves_h)
    assert left[enrolled.arm[0] == 0].mean() == pytest.approx(0.043, abs=0.01)
    assert left[enrolled.arm[0] == 1].mean() == pytest.approx(0.12, abs=0.02)
    crossover = let_in(published("williams-2018"), 300)
    assert np.isfinite(crossover.leaves_h).mean() == pytest.approx(0.143, abs=0.02)
