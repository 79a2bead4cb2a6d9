"""Side effects of a virtual trial: closed forms where the world is known, the evidence's counts where it is not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import beta, linregress

from racemate.evidence.library import library
from racemate.simulate.plan import Plan
from racemate.trial.analysis.statistics import exact_interval, line
from racemate.trial.analysis.unasked import SAFETY
from racemate.trial.conduct.enrol import Progress
from racemate.trial.harms import reported
from racemate.trial.harms.reported import DISSOCIATED, NAUSEA, SEDATED
from racemate.trial.harms.urinary import COUNTED, hazard
from racemate.trial.published import protocol_of
from racemate.trial.replicate import conduct
from racemate.trial.safety import CHAIN, COUNTS, MINUTES, RISEN, Safety, Seen, cut_off, look, safety
from tests.trial.fake import PARAMETERS, FakeCohort, FakeWorld

QUIET = {**PARAMETERS, "score.cadss_occasion": 1e-12}


@dataclass(frozen=True)
class SickWorld(FakeWorld):
    """Each session with ketamine: dissociation of 20 points times 0.8 per earlier dose, highest after 40 min, gone after 90; a
    rise of 50 mmHg in people of 80 kg and more, of 10 in others; a chance of sedation of 0.5 and of nausea of 0.1."""

    def run(
        self, cohort: FakeCohort, plan: Plan, readings: tuple[str, ...], progress: Progress | None
    ) -> dict[str, NDArray[np.float64]]:
        del progress
        usual = tuple(name for name in readings if name in ("score.madrs", "score.hamd17", "score.hamd6"))
        found = super().run(cohort, plan, usual, None)
        shape = (len(plan.visits_h), plan.people)
        found |= {name: np.zeros(shape) for name in readings if name not in usual}
        for k, hour in enumerate(plan.visits_h):
            before = np.zeros(plan.people)
            for dose in plan.doses:
                if dose.drug not in ("ketamine", "esketamine") or dose.later:
                    continue
                since = hour - dose.time_h
                if 0 < since <= 1.5:
                    here = (dose.amount_mg > 0) * (1 - abs(since - 2 / 3))
                    for name, size in (
                        ("score.cadss", 20 * 0.8**before),
                        ("score.systolic_rise", np.where(cohort.weight >= 80, 50, 10)),
                        ("score.sedation", 0.5),
                        ("score.nausea", 0.1),
                    ):
                        if name in found:
                            found[name][k] = here * size
                before += (dose.time_h < hour) & (dose.amount_mg > 0)
        return found


def seen(
    trial: str = "transform-2", people: int = 60, replicates: int = 8, numbers: Mapping[str, float] = QUIET
) -> Seen:
    return look(protocol_of(library().trial(trial)), SickWorld(numbers=numbers), 5, replicates, people)


@pytest.fixture(scope="module")
def found() -> Safety:
    return safety("transform-2", ["sick"], 60, 40, 5, worlds=lambda _: SickWorld(numbers=QUIET))


def rows(found: Safety, frame: str, **where: Any) -> list[dict[str, Any]]:
    every = found.frames[frame].to_dict("records")
    return [row for row in every if all(row[name] == value for name, value in where.items())]


DRUG, PLACEBO = "esketamine + antidepressant", "placebo + antidepressant"


def test_a_course_is_the_mean_of_those_in_the_session(found: Safety) -> None:
    for minute, share in ((0, 0.0), (20, 1 - 1 / 3), (40, 1.0), (90, 1 - 5 / 6), (120, 0.0)):
        (row,) = rows(found, "courses", arm=DRUG, session=1, minute=minute, outcome="cadss")
        assert row["median"] == pytest.approx(round(20 * share), abs=1e-9)
    assert {row["minute"] for row in rows(found, "courses")} == set(MINUTES)
    assert all(row["high"] == 0 for row in rows(found, "courses", arm=PLACEBO))


def test_what_wears_off_is_seen_over_sessions_and_what_does_not_is_not(found: Safety) -> None:
    for ordinal in range(1, 9):
        (felt,) = rows(found, "sessions", arm=DRUG, session=ordinal, outcome="cadss")
        assert felt["ratio_median"] == pytest.approx(round(20 * 0.8 ** (ordinal - 1)) / 20)
        (risen,) = rows(found, "sessions", arm=DRUG, session=ordinal, outcome="systolic_rise")
        assert risen["ratio_median"] == pytest.approx(
            1, abs=0.06
        )  # those who left differ in weight from those who stay
        (sleepy,) = rows(found, "sessions", arm=DRUG, session=ordinal, outcome="sedation")
        assert sleepy["median"] == pytest.approx(0.5)


def test_events_follow_from_thresholds_and_chances(found: Safety) -> None:
    (felt,) = rows(found, "events", arm=DRUG, event=DISSOCIATED)
    assert (felt["median"], felt["people"]) == (100, felt["n"])
    (nausea,) = rows(found, "events", arm=DRUG, event=NAUSEA)
    assert nausea["per_session_median"] == pytest.approx(10, abs=3)
    # Eight sessions at 0.1, on the same people again and again, and a background; never as many as strangers would be.
    assert 10 < nausea["median"] < 100 * (1 - 0.9**8) - 20
    (risen,) = rows(found, "events", arm=DRUG, event=RISEN)
    assert risen["median"] == pytest.approx(50, abs=12)  # half the people weigh more than the median of 80 kg
    low, high = exact_interval(risen["people"], risen["n"])
    assert (risen["exact_low"], risen["exact_high"]) == pytest.approx((100 * low, 100 * high))
    assert all(row["per_session_high"] == 0 for row in rows(found, "events", arm=PLACEBO) if row["basis"] != COUNTS)


def test_events_are_drawn_at_their_chance_by_person_and_session() -> None:
    one = seen(replicates=40)
    treated = one.witness.sessions.held & (one.witness.sessions.arm == 0)
    people = treated.any(axis=0).sum()
    # Sessions of one person are tied, so people count and not sessions.
    share = one.events[SEDATED][treated].mean()
    assert share == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(people))
    fewer = seen(replicates=3)
    size = fewer.witness.ids.size
    assert (one.events[SEDATED][:, :size] == fewer.events[SEDATED]).all()


def test_who_was_sick_once_is_sick_again() -> None:
    one = seen(replicates=20)
    first, last = (one.witness.sessions.held[k] & (one.witness.sessions.arm[k] == 0) for k in (0, 7))
    stayed = first & last
    before, after = one.events[NAUSEA][0], one.events[NAUSEA][7]
    again, fresh = after[stayed & before].mean(), after[stayed & ~before].mean()
    assert again > 0.5 > 0.1 > fresh


def test_ratings_are_those_of_the_trial_itself() -> None:
    one = seen(replicates=2)
    plain = conduct(one.witness.protocol, SickWorld(numbers=QUIET), 5, 2, 60)
    for key, value in plain.value.items():
        assert (one.witness.data.value[key] == value).all()


def test_a_session_agrees_with_what_was_rated_in_it() -> None:
    one = seen("williams-2018", 60, 4, {**PARAMETERS, "score.cadss_occasion": 0.8})
    protocol, data = one.witness.protocol, one.witness.data
    assert "cadss" in protocol.scales
    peaks = one.peaks["cadss"]
    for index, arm in enumerate(protocol.conditions):
        for hour in protocol.rated_h("cadss"):
            value, rated = data.at(arm.name, "cadss", hour)
            here = one.witness.sessions.arm == index
            there = np.where(here & one.witness.sessions.held, peaks, -1).max(axis=0)
            assert (there >= value.reshape(-1))[rated.reshape(-1)].all()


def test_those_who_left_have_no_more_sessions() -> None:
    one = seen()
    left = one.witness.data.left.reshape(-1)
    assert left.any()
    late = one.witness.sessions.start_h[:, None] > one.witness.legs[0].until_h
    assert not (one.witness.sessions.held & late).any()
    assert (one.witness.sessions.ordinal[:, ~left].max(axis=0) == 8).all()


def test_a_line_through_people_is_that_of_scipy(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(2, 3, 40))
    mask = rng.random((3, 40)) < 0.8
    slope, r, n = line(x, y, mask)
    for k in range(3):
        judge: Any = linregress(x[k, mask[k]], y[k, mask[k]])
        assert (slope[k], r[k]) == pytest.approx((judge.slope, judge.rvalue))
        assert n[k] == mask[k].sum()
    flat, none, _ = line(np.zeros_like(x), y, mask)
    assert np.isnan(flat).all()
    assert np.isnan(none).all()


def test_dissociation_says_nothing_of_benefit_where_it_does_not_differ(found: Safety) -> None:
    (row,) = rows(found, "benefit", arm=DRUG, scale="madrs", hours=648.0)
    assert row["slope_median"] is None or np.isnan(row["slope_median"])


def test_the_urinary_hazard_gives_back_the_counts_it_was_made_of() -> None:
    rates = hazard(3, 4000)
    weeks, sessions = 27 / 7, 8
    for anchor, had in zip(map(library().anchor, COUNTED), (sessions, 0), strict=True):
        count, n = anchor.count or 0, anchor.n or 0
        chance = rates.chance(np.full(1, had), weeks)[:, 0]
        ends = beta(count + 0.5, n - count + 0.5).ppf([0.025, 0.5, 0.975])
        assert np.percentile(chance, [2.5, 50, 97.5]) == pytest.approx(ends, rel=0.12)
    assert (rates.per_session >= 0).all()


def test_the_urinary_hazard_beside_a_year_of_esketamine() -> None:
    """Nobody fitted it to SUSTAIN-2: 17 % had some renal or urinary event, a wider outcome, in up to a year of at most 60 sessions."""
    chance = 100 * hazard(3, 2000).chance(np.array([30.0, 60.0]), np.array([26.0, 52.0]))
    low, high = np.percentile(chance[:, 0], 2.5), np.percentile(chance[:, 1], 97.5)
    assert low < library().anchor("urinary-sustain-2").value < high


def test_events_of_the_counts_are_marked_and_stand_beside_what_the_trial_reports(found: Safety) -> None:
    every = rows(found, "events", arm=PLACEBO)
    assert {row["basis"] for row in every} == {CHAIN, COUNTS, f"{CHAIN} and {COUNTS}"}
    (dizzy,) = rows(found, "events", arm=DRUG, event="dizziness")
    (plain,) = rows(found, "events", arm=PLACEBO, event="dizziness")
    assert (dizzy["basis"], dizzy["published"], dizzy["published_put_in"]) == (COUNTS, 20.9, False)
    assert dizzy["median"] > plain["median"] > 0
    assert dizzy["people"] <= dizzy["n"]
    (felt,) = rows(found, "events", arm=DRUG, event="dissociation")
    assert (felt["basis"], felt["published"], felt["published_how"]) == (COUNTS, 26.1, "recalled")
    # A score above a cut-off is no adverse event, and nothing stands beside it.
    (rated,) = rows(found, "events", arm=DRUG, event=DISSOCIATED)
    assert np.isnan(rated["published"])


def test_people_on_placebo_have_the_background_of_what_the_chain_makes(found: Safety) -> None:
    for event in (DISSOCIATED, SEDATED, NAUSEA):
        (plain,) = rows(found, "events", arm=PLACEBO, event=event)
        assert 4 < plain["median"] < 20
        (drug,) = rows(found, "events", arm=DRUG, event=event)
        assert drug["median"] >= plain["median"]


def test_a_trial_without_the_spray_has_no_counted_events() -> None:
    one = safety("murrough-2013", ["sick"], 20, 3, 5, worlds=lambda _: SickWorld(numbers=QUIET))
    told = one.frames["events"].to_dict("records")
    assert {row["basis"] for row in told} == {CHAIN}
    assert {row["event"] for row in told} == {DISSOCIATED, RISEN, SEDATED, NAUSEA}


def test_what_replicate_sends_to_safety_is_there() -> None:
    assert set(SAFETY) == {"dissociation", "sedation", "nausea", "urinary", *reported.EVENTS}


def test_thresholds_stand_in_the_evidence() -> None:
    assert (cut_off("cadss-counted"), cut_off("systolic-rise-counted")) == (4, 40)


@pytest.mark.slow
def test_dissociation_wears_off_under_the_chain_and_pressure_does_not() -> None:
    found = safety("transform-2", people=25, replicates=6)
    (felt,) = rows(found, "sessions", arm=DRUG, session=8, outcome="cadss")
    (risen,) = rows(found, "sessions", arm=DRUG, session=8, outcome="systolic_rise")
    assert felt["ratio_median"] < 0.9
    assert risen["ratio_median"] > 0.95
