"""What is decided on the way follows from a person's own ratings, and nothing else; the rounds end where both agree."""

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pytest

from racemate.trial.conduct.decide import decide
from racemate.trial.conduct.rate import Data
from racemate.trial.conduct.treat import plan, same
from racemate.trial.design.parts import horizons, parts
from racemate.trial.design.protocol import Protocol, build
from racemate.trial.replicate import conduct
from tests.trial.fake import FakeWorld

SEED = 5
WORLD = FakeWorld(effect=0.5)
INFUSION = {"drug": "ketamine", "route": "iv", "amount": "0.5 mg/kg", "over": "40 min"}
WEEKLY = {**INFUSION, "schedule": "once weekly for 8 weeks"}
WEEKS = [f"{week} weeks" for week in range(1, 9)]


def trial(**changes: Any) -> Protocol:
    return build(
        {
            "arm": [{"name": "ketamine", "n": 60, "dose": [WEEKLY]}],
            "rating": [{"scale": "madrs", "at": WEEKS}],
            "baseline": {"mean": 33, "sd": 5, "how": "assumed"},
            "remission": {"madrs": 12},
            **changes,
        }
    )


def run(protocol: Protocol, world: Any = WORLD, replicates: int = 20) -> Data:
    return conduct(protocol, world, SEED, replicates)


def given(protocol: Protocol, data: Data, world: Any = WORLD) -> dict[float, np.ndarray]:
    """mg/kg of ketamine by hour as people were treated in the end."""
    assert data.enrolled is not None
    weight = data.enrolled.cohort.covariate("weight")
    doses = plan(protocol, world, data.enrolled, SEED).doses
    return {dose.time_h: dose.amount_mg / weight for dose in doses if dose.drug == "ketamine"}


class Counting(FakeWorld):
    runs = 0

    def run(self, *args: Any, **named: Any) -> Any:
        type(self).runs += 1
        return super().run(*args, **named)


def test_a_trial_without_decisions_runs_once() -> None:
    Counting.runs = 0
    run(trial(), Counting())
    assert Counting.runs == 1


def test_what_is_only_noted_needs_no_second_round() -> None:
    relapse = {"name": "relapse", "when": [{"scale": "madrs", "at_least": 22}]}
    Counting.runs = 0
    data = run(trial(decision=[relapse]), Counting())
    assert Counting.runs == 1
    score = data.value["ketamine", "madrs"][1:]
    week = np.where((score >= 22).any(axis=0), (score >= 22).argmax(axis=0) + 1, np.inf)
    assert np.array_equal(data.met_h["relapse"], week * 168)


def test_a_ladder_is_climbed_by_those_who_do_not_respond() -> None:
    up = {
        "name": "up",
        "then": "dose",
        "drug": "ketamine",
        "to": ["0.75 mg/kg", "1.0 mg/kg"],
        "at": WEEKS[:4],
        "when": [{"scale": "madrs", "rule": "no-response"}],
    }
    protocol = trial(decision=[up])
    data = run(protocol)
    base, score = data.value["ketamine", "madrs"][0], data.value["ketamine", "madrs"][1:5]
    steps = np.cumsum(base - score < 0.5 * base, axis=0).reshape(4, -1)
    dose = given(protocol, data)
    levels = np.array([0.5, 0.75, 1.0])
    assert dose[0.0] == pytest.approx(0.5)
    for week in range(1, 5):
        assert dose[week * 168.0] == pytest.approx(levels[np.minimum(steps[week - 1], 2)])
    assert len(set(np.round(dose[4 * 168.0], 3))) == 3


def test_sessions_thin_out_for_those_in_remission_and_come_back() -> None:
    rules = [
        {"name": "weekly", "then": "interval", "every": "1 week", "when": [{"scale": "madrs", "rule": "no-remission"}]},
        {"name": "less", "then": "interval", "every": "2 weeks", "when": [{"scale": "madrs", "rule": "remission"}]},
    ]
    protocol = trial(decision=rules)
    data = run(protocol, FakeWorld(effect=1.0))
    well = (data.value["ketamine", "madrs"][1:] <= 12).reshape(8, -1)
    dose = given(protocol, data, FakeWorld(effect=1.0))
    last = np.zeros(well.shape[1])
    for week in range(1, 8):
        due = week - last >= np.where(well[week - 1], 2, 1)
        assert np.array_equal(dose[week * 168.0] > 0, due)
        last = np.where(due, week, last)


def test_treatment_stops_at_a_remission_and_ratings_go_on() -> None:
    protocol = trial(decision=[{"name": "well", "then": "stop", "when": [{"scale": "madrs", "rule": "remission"}]}])
    data = run(protocol)
    stopped = data.met_h["well"].ravel()
    assert 0 < np.isfinite(stopped).mean() < 1
    for hour, mg in given(protocol, data).items():
        assert np.array_equal(mg > 0, hour < stopped)
    assert data.seen["ketamine", "madrs"].all()


def test_a_relapse_needs_its_confirmation() -> None:
    rule = {
        "name": "relapse",
        "then": "leave",
        "confirm": ["5 days", "15 days"],
        "when": [{"scale": "madrs", "at_least": 25}],
    }
    data = run(trial(decision=[rule]))
    bad = data.value["ketamine", "madrs"][1:] >= 25
    twice = bad[1:] & (bad[:-1] | np.concatenate([np.zeros_like(bad[:1]), bad[:-2]]))
    week = np.where(twice.any(axis=0), twice.argmax(axis=0) + 2, np.inf)
    assert np.array_equal(data.met_h["relapse"], week * 168)
    seen = data.seen["ketamine", "madrs"]
    assert np.array_equal(seen.sum(axis=0) - 1, np.where(np.isfinite(week), week, 8))


def placebo_lead(**stage: Any) -> Protocol:
    lead = {"name": "placebo", "n": 60, "sessions": "weekly for 2 weeks"}
    second = {
        "name": "second",
        "start": "2 weeks",
        "enter": [
            {"name": "again", "when": [{"scale": "madrs", "rule": "no-response"}], "to": ["ketamine", "placebo again"]},
            {"name": "well", "to": ["goes on"]},
        ],
        "arm": [
            {"name": "ketamine", "n": 2, "dose": [INFUSION]},
            {"name": "placebo again", "n": 1, "sessions": "once"},
            {"name": "goes on", "sessions": "once"},
        ],
        "rating": [{"scale": "madrs", "at": ["24 h", "1 week"]}],
        **stage,
    }
    return trial(arm=[lead], rating=[{"scale": "madrs", "at": ["1 week", "2 weeks"]}], stage=[second])


def test_those_who_do_not_respond_to_placebo_are_randomised_again() -> None:
    protocol = placebo_lead()
    data = run(protocol, FakeWorld(effect=0.5, placebo=14.0))
    base, _, end = data.value["placebo", "madrs"]
    again = base - end < 0.5 * base
    second = data.stages["second"]
    assert np.array_equal(second.entered["again"], again)
    assert np.array_equal(second.member["goes on"], ~again)
    drug, placebo = second.member["ketamine"], second.member["placebo again"]
    assert np.array_equal(drug | placebo, again)
    assert (np.abs(drug.sum(axis=1) - 2 * placebo.sum(axis=1)) <= 2).all()
    assert np.array_equal(second.value["ketamine", "madrs"][0][drug], end[drug])
    fall = [(s[0] - s[1])[m].mean() for s, m in ((second.value[n, "madrs"], second.member[n]) for n in second.member)]
    assert fall[0] > fall[1] + 3
    assert second.protocol.people == 3


def test_people_of_other_replicates_change_nothing() -> None:
    protocol = placebo_lead()
    few, many = (run(protocol, FakeWorld(placebo=14.0), n) for n in (3, 9))
    for name in few.stages["second"].member:
        assert np.array_equal(few.stages["second"].member[name], many.stages["second"].member[name][:3])
        assert np.array_equal(
            few.stages["second"].value[name, "madrs"], many.stages["second"].value[name, "madrs"][:, :3]
        )


def test_a_stage_starts_when_its_decision_is_met() -> None:
    relapse = {"name": "relapse", "since": "2 weeks", "when": [{"scale": "madrs", "at_least": 22}]}
    rescue = {
        "name": "rescue",
        "start": "relapse",
        "after": "3 days",
        "context": "everyone_active",
        "arm": [{"name": "open ketamine", "dose": [INFUSION], "new_antidepressant": True}],
        "rating": [{"scale": "madrs", "at": ["24 h"]}],
    }
    protocol = trial(decision=[relapse], stage=[rescue], arm=[{"name": "none", "n": 50, "sessions": "none"}])
    data = run(protocol)
    assert data.enrolled is not None
    start, met = data.enrolled.start_h[1], data.met_h["relapse"].ravel()
    assert np.array_equal(start, met + 72)
    done = plan(protocol, WORLD, data.enrolled, SEED)
    doses = {dose.time_h: dose.amount_mg > 0 for dose in done.doses}
    assert set(doses) == {week * 168.0 + 72 for week in range(2, 9)}
    assert all(np.array_equal(who, start == hour) for hour, who in doses.items())
    assert np.array_equal(done.antidepressant_start_h, np.where(np.isfinite(start), start, done.visits_h[-1] + 1))
    open_label = sum(
        c.value * (c.start_h <= start) * (start < c.end_h) for c in done.conditions if c.name == "everyone_active"
    )
    assert np.array_equal(open_label, np.isfinite(start).astype(float))
    seen = data.seen["none", "madrs"]
    hours = np.array(protocol.rated_h("madrs"))[:, None, None]
    assert np.array_equal(
        seen, hours <= np.where(np.isfinite(data.met_h["relapse"]), data.met_h["relapse"] + 72, np.inf)
    )
    rescued = data.stages["rescue"]
    assert np.array_equal(rescued.member["open ketamine"], np.isfinite(data.met_h["relapse"]))


def test_a_period_starts_when_the_one_before_is_over_for_a_person() -> None:
    arms = [{"name": "ketamine", "dose": [INFUSION]}, {"name": "placebo", "sessions": "once"}]
    sequences = [
        {"name": "one", "arms": ["ketamine", "placebo"], "n": 20},
        {"name": "two", "arms": ["placebo", "ketamine"], "n": 20},
    ]
    protocol = build(
        {
            "arm": arms,
            "sequence": sequences,
            "period": [{"name": "first"}, {"name": "second", "start": "back", "after": "1 day", "latest": "day 36"}],
            "decision": [
                {"name": "back", "when": [{"scale": "madrs", "at_least": 26}], "at": ["day 8", "day 15", "day 22"]}
            ],
            "rating": [{"scale": "madrs", "at": ["24 h", "day 8", "day 15", "day 22"]}],
            "baseline": {"mean": 33, "sd": 5, "how": "assumed"},
        }
    )
    data = run(protocol)
    assert data.enrolled is not None
    assert set(data.enrolled.start_h[1]) == {(week * 7 + 1) * 24.0 for week in (1, 2, 3)} | {35 * 24.0}
    mg = given(protocol, data)
    for hour, amount in mg.items():
        assert np.array_equal(amount > 0, ((data.enrolled.start_h == hour) & (data.enrolled.arm == 0)).any(axis=0))


def test_ratings_and_decisions_agree_in_the_end() -> None:
    protocol = placebo_lead(
        decision=[
            {"name": "worse", "then": "stop", "when": [{"scale": "madrs", "rule": "no-response", "baseline": "trial"}]}
        ]
    )
    data = run(protocol, FakeWorld(placebo=14.0))
    assert data.enrolled is not None
    again = decide(protocol, data.enrolled, data, SEED)
    assert np.array_equal(again.arm, data.enrolled.arm)
    assert np.array_equal(again.start_h, data.enrolled.start_h)
    assert np.array_equal(again.settled_h, data.enrolled.settled_h)


def test_chance_decides_at_its_rate() -> None:
    rule = {"name": "event", "then": "leave", "at": WEEKS[:4], "when": [{"chance": 0.1, "how": "assumed"}]}
    data = run(trial(decision=[rule]), replicates=100)
    assert np.isfinite(data.met_h["event"]).mean() == pytest.approx(1 - 0.9**4, abs=0.02)
    assert data.left.mean() == pytest.approx(1 - 0.9**4, abs=0.02)


class Asked(FakeWorld):
    """Remembers up to when each plan it was given is decided."""

    hours: ClassVar[list[float]] = []

    def run(self, cohort: Any, plan: Any, readings: Any, progress: Any) -> Any:
        self.hours.append(plan.decided_h)
        return super().run(cohort, plan, readings, progress)


def deciding(**changes: Any) -> Protocol:
    """A dose that rises, an end of treatment, leaving, and a stage that is entered when a score comes back."""
    return trial(
        decision=[
            {"name": "up", "then": "dose", "drug": "ketamine", "to": ["1.0 mg/kg"], "at": ["2 weeks"], "when": [POOR]},
            {"name": "enough", "then": "stop", "at": ["5 weeks"], "when": [{"scale": "madrs", "rule": "remission"}]},
            {"name": "gone", "then": "leave", "when": [{"scale": "madrs", "at_least": 40}]},
            {"name": "back", "at": ["4 weeks", "6 weeks"], "when": [{"scale": "madrs", "at_least": 24}]},
        ],
        stage=[
            {
                "name": "again",
                "start": "back",
                "after": "1 day",
                "arm": [{"name": "again", "dose": [{**INFUSION, "schedule": "once weekly for 2 weeks"}]}],
                "rating": [{"scale": "madrs", "at": ["1 week", "2 weeks"]}],
                "decision": [
                    {"name": "stay", "at": ["baseline"], "then": "stop", "when": [{"scale": "madrs", "at_most": 27}]}
                ],
            }
        ],
        **changes,
    )


POOR = {"scale": "madrs", "rule": "no-response"}


def test_everybody_goes_from_one_hour_of_decision_to_the_next() -> None:
    Asked.hours.clear()
    run(deciding(), Asked(effect=0.5))
    week = 168.0
    known = [2 * week, 4 * week, 4 * week + 24, 5 * week, 6 * week, 6 * week + 24, np.inf]
    assert Asked.hours == pytest.approx(known)
    assert horizons(parts(deciding())) == pytest.approx(known[:-1])
    Asked.hours.clear()
    run(deciding(leaving={"per_point": 0.1, "how": "assumed"}), Asked(effect=0.5))
    assert set(Asked.hours) == {np.inf}, (
        "who leaves hangs on later ratings, and somebody was treated up to a decision only"
    )


def test_from_decision_to_decision_and_round_after_round_come_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    step = run(deciding())
    monkeypatch.setattr("racemate.trial.conduct.decide._foresees", lambda _: True)
    whole = run(deciding())
    assert step.enrolled is not None
    assert whole.enrolled is not None
    for name in ("arm", "start_h", "entry"):
        np.testing.assert_array_equal(getattr(step.enrolled, name), getattr(whole.enrolled, name))
    for one, other in ((step, whole), (step.stages["again"], whole.stages["again"])):
        assert one.met_h.keys() == other.met_h.keys()
        for name, hours in one.met_h.items():
            np.testing.assert_array_equal(hours, other.met_h[name])
            assert np.isfinite(hours).any(), f"nobody met {name}"
        for key, value in one.value.items():
            np.testing.assert_array_equal(one.seen[key], other.seen[key])
            np.testing.assert_array_equal(value[one.seen[key]], other.value[key][one.seen[key]])


class Forgetful(FakeWorld):
    """A world that knows nothing of people of whom nobody asks any more."""

    def run(self, cohort: Any, plan: Any, readings: Any, progress: Any) -> Any:
        found = super().run(cohort, plan, readings, progress)
        return {
            name: np.where(plan.visits_h[:, None] <= plan.asked_h, values, np.nan) for name, values in found.items()
        }


@pytest.mark.parametrize(
    "protocol",
    [
        deciding(),
        deciding(guess={"at": "4 weeks", "per_point": 0.1, "how": "assumed"}),
        deciding(leaving={"per_point": 0.1, "how": "assumed"}),
    ],
    ids=["decisions", "guesses", "leaving by score"],
)
def test_nothing_is_asked_of_people_who_are_not_rated_any_more(protocol: Protocol) -> None:
    whole, some = run(protocol), run(protocol, Forgetful(effect=0.5))
    for one, other in ((whole, some), *((whole.stages[name], some.stages[name]) for name in whole.stages)):
        for key, seen in one.seen.items():
            np.testing.assert_array_equal(seen, other.seen[key])
            np.testing.assert_array_equal(one.value[key][seen], other.value[key][seen])
        for name, hours in one.met_h.items():
            np.testing.assert_array_equal(hours, other.met_h[name])
        np.testing.assert_array_equal(one.until_h, other.until_h)
    if protocol.guess is not None:
        np.testing.assert_array_equal(whole.guessed, some.guessed)
    values = [value for one in (some, *some.stages.values()) for value in one.value.values()]
    assert any(np.isnan(value).any() for value in values), "nobody had left"


def test_a_plan_that_asks_more_is_another_plan() -> None:
    enrolled = run(deciding()).enrolled
    assert enrolled is not None
    done = plan(deciding(), WORLD, enrolled, SEED)
    least = replace(done, asked_h=np.zeros(done.people))
    assert same(done, done)
    assert same(least, done)
    assert not same(done, least)


def test_a_plan_says_how_large_a_dose_may_still_become() -> None:
    enrolled = run(deciding()).enrolled
    assert enrolled is not None
    heaviest = enrolled.cohort.covariate("weight").max()
    doses = plan(deciding(), WORLD, enrolled, SEED).doses
    assert [dose.most_mg / heaviest for dose in doses[:3]] == pytest.approx([1.0] * 3)
    assert all(dose.largest_mg == dose.most_mg >= dose.amount_mg.max() for dose in doses)
    assert all(dose.most_mg == 0 for dose in plan(trial(), WORLD, enrolled, SEED).doses)
