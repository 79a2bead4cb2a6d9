"""People leave at the published share, the more likely the worse they do where a trial says so; sites, guesses and missed doses too."""

from typing import Any

import numpy as np
import pytest

from racemate.trial.conduct.leave import leaving_by_score, log_hazard, spent
from racemate.trial.conduct.rate import Data
from racemate.trial.conduct.treat import plan
from racemate.trial.design.people import Leaving
from racemate.trial.design.protocol import build
from racemate.trial.replicate import conduct
from tests.trial.fake import PARAMETERS, FakeWorld

SEED = 3
WORLD = FakeWorld(effect=0.6)
INFUSION = {"drug": "ketamine", "route": "iv", "amount": "0.5 mg/kg", "over": "40 min"}


def protocol(**changes: Any) -> Any:
    return build(
        {
            "arm": [
                {"name": "ketamine", "n": 80, "dose": [INFUSION], "dropout": 0.3},
                {"name": "placebo", "n": 80, "sessions": "once", "dropout": 0.1},
            ],
            "rating": [
                {"scale": "madrs", "at": ["24 h", "1 week", "2 weeks", "3 weeks"]},
                {"scale": "cadss", "at": ["40 min"]},
            ],
            "baseline": {"mean": 33, "sd": 5, "how": "assumed"},
            **changes,
        }
    )


def run(told: Any, world: Any = WORLD, replicates: int = 100) -> Data:
    return conduct(told, world, SEED, replicates)


def last(data: Data, arm: str) -> np.ndarray:
    return data.value[arm, "madrs"][-1]


def test_the_share_that_leaves_is_the_published_one_whatever_drives_it() -> None:
    for per_point in (-0.1, 0.0, 0.1):
        data = run(protocol(leaving={"per_point": per_point, "how": "assumed"}))
        for arm, share in (("ketamine", 0.3), ("placebo", 0.1)):
            assert data.left[data.member[arm]].mean() == pytest.approx(share, abs=0.015)


def test_those_who_do_worse_leave_more_often() -> None:
    told = {"per_point": 0.15, "how": "assumed"}
    data, plain = run(protocol(leaving=told)), run(protocol())
    for one, low, high in ((data, 1.5, 12.0), (plain, -0.6, 0.6)):
        here = one.member["ketamine"]
        gap = last(one, "ketamine")[here & one.left].mean() - last(one, "ketamine")[here & ~one.left].mean()
        assert low < gap < high


def test_those_who_felt_more_leave_more_often() -> None:
    data = run(protocol(leaving={"per_felt": 0.1, "how": "assumed"}))
    felt, here = data.value["ketamine", "cadss"][-1], data.member["ketamine"]
    assert felt[here & data.left].mean() > felt[here & ~data.left].mean() + 1


def test_a_hazard_gives_its_share_in_each_group() -> None:
    hours, rng = np.array([0.0, 24.0, 168.0]), np.random.default_rng(1)
    score = rng.uniform(10, 40, (3, 4000))
    groups, share = np.repeat([0, 1], 2000), np.repeat([0.2, 0.6], 2000)
    exposure = leaving_by_score(Leaving(per_point=0.1, how="assumed"), hours, score, None)
    hazard = log_hazard(exposure[-1], share, groups)
    chance = -np.expm1(-np.exp(hazard) * exposure[-1])
    assert [chance[groups == g].mean() for g in (0, 1)] == pytest.approx([0.2, 0.6], abs=1e-12)
    when = spent(hours, exposure, hazard, rng.uniform(size=4000))
    assert np.isfinite(when).mean() == pytest.approx(0.4, abs=0.03)
    assert (when[np.isfinite(when)] <= 168).all()


def test_a_strict_rater_is_strict_at_every_visit() -> None:
    sites = {"count": 8, "sd": 3.0, "how": "assumed"}
    data, plain = run(protocol(sites=sites), replicates=4), run(protocol(), replicates=4)
    shift = (data.value["placebo", "madrs"] - plain.value["placebo", "madrs"])[:, data.member["placebo"]]
    assert data.enrolled is not None
    site = data.enrolled.roll.fold(data.enrolled.site)[data.member["placebo"]]
    means = np.array([shift[:, site == one].mean(axis=1) for one in np.unique(site)])
    assert means.std(axis=1).max() < 0.5
    assert means[:, 0].std() > 1.5


def test_a_site_is_a_stratum() -> None:
    told = protocol(
        arm=[{"name": "a", "n": 60, "sessions": "once"}, {"name": "b", "n": 60, "sessions": "once"}],
        sites={"count": 3, "how": "assumed"},
        randomise={"block": 4, "strata": ["site", "severe"], "severe": 34},
    )
    data = run(told, replicates=20)
    assert data.enrolled is not None
    site, arm = data.enrolled.site, data.enrolled.arm[0]
    gaps = [abs((arm[site == one] == 0).sum() - (arm[site == one] == 1).sum()) for one in np.unique(site)]
    assert max(gaps) <= 4


def test_who_felt_it_guesses_it() -> None:
    guess = {"at": "1 week", "bias": -1.0, "per_felt": 0.3, "how": "assumed"}
    data = run(protocol(guess=guess))
    assert data.guessed is not None
    drug, placebo = data.guessed[data.member["ketamine"]].mean(), data.guessed[data.member["placebo"]].mean()
    assert placebo == pytest.approx(1 / (1 + np.exp(1)), abs=0.02)
    assert drug > 0.75


def test_missed_doses_are_missed_at_their_rate() -> None:
    tablets = {"drug": "naltrexone", "route": "oral", "amount": "50 mg", "schedule": "daily for 14 days"}
    arm = {
        "name": "naltrexone",
        "n": 100,
        "sessions": "once",
        "dose": [{**tablets, "adherence": {"share": 0.8, "how": "assumed"}}],
    }
    told = protocol(arm=[arm])
    data = run(told, replicates=5)
    assert data.enrolled is not None
    taken = np.array([dose.amount_mg > 0 for dose in plan(told, WORLD, data.enrolled, SEED).doses])
    assert taken.shape[0] == 14
    assert taken.mean() == pytest.approx(0.8, abs=0.01)
    assert 0 < taken[0].mean() < 1


def test_what_was_taken_for_years_is_there_at_the_baseline() -> None:
    tablets = {
        "drug": "methadone",
        "route": "oral",
        "amount": "80 mg",
        "schedule": "daily for 14 days",
        "started": "2 years",
    }
    told = protocol(arm=[{"name": "methadone", "n": 5, "sessions": "once", "dose": [tablets]}])
    data = run(told, replicates=1)
    assert data.enrolled is not None
    hours = [dose.time_h for dose in plan(told, WORLD, data.enrolled, SEED).doses]
    assert hours == [24.0 * day for day in range(-28, 14)]
    assert told.baseline_h == 0


def test_a_treatment_outside_the_chain_improves_as_it_says() -> None:
    ect = {"name": "ect", "size": 1.0, "tau": "1 week", "how": "assumed"}
    told = protocol(arm=[{"name": "ect", "n": 100, "sessions": "once", "comparator": ect}])
    data, plain = run(told), run(protocol(arm=[{"name": "ect", "n": 100, "sessions": "once"}]))
    fall = (plain.value["ect", "madrs"] - data.value["ect", "madrs"]).mean(axis=(1, 2))
    size = 1 - np.exp(-np.array([0, 24, 168, 336, 504]) / 168)
    room = 33 - PARAMETERS["severity.healthy"]
    assert fall == pytest.approx(room * 0.97 * size / (1 + size), abs=0.25)


def test_a_stage_has_leavers_of_its_own() -> None:
    stage = {
        "name": "more",
        "start": "3 weeks",
        "arm": [{"name": "all", "sessions": "once", "dropout": 0.5}],
        "rating": [{"scale": "madrs", "at": ["1 week", "2 weeks"]}],
    }
    data = run(protocol(stage=[stage]))
    more = data.stages["more"]
    assert np.array_equal(more.member["all"], ~data.left)
    assert more.left[more.member["all"]].mean() == pytest.approx(0.5, abs=0.02)
