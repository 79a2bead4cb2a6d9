"""Questions over several times, of arms together, of groups in each arm, and of shares: answered on data small enough to count."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from racemate.evidence.finding import EvidenceError
from racemate.evidence.record import Observation
from racemate.trial.analysis import estimand
from racemate.trial.analysis.counted import arms_of
from racemate.trial.analysis.look import Question, ask, holds, refusal
from racemate.trial.conduct.rate import Data
from racemate.trial.design.protocol import Protocol, build
from racemate.trial.design.scheme import Expect, Pattern
from racemate.trial.published import mirror, questions

DOSE = {"drug": "ketamine", "route": "iv", "amount": "0.5 mg/kg", "over": "40 min"}
ARMS = ("ketamine 0.1 mg/kg", "ketamine 0.5 mg/kg", "placebo + tablet")
DAYS = ("day 1", "day 3", "day 7")


def protocol(**more: Any) -> Protocol:
    arms = [{"name": name, "n": 4, "dose": [DOSE]} for name in ARMS]
    base = {"id": "made-up", "first_day": 0, "arm": arms, "rating": [{"scale": "madrs", "at": list(DAYS)}]}
    return build({**base, "baseline": {"mean": 30, "sd": 5, "how": "assumed"}, "remission": {"madrs": 10}, **more})


SCORES = {
    ARMS[0]: ([30, 10, 10, 10], [30, 10, 25, 10], [30, 25, 25, 25], [30, 10, 10, None]),
    ARMS[1]: ([30, 10, 22, 10], [30, 10, None, 10], [30, 12, 12, 23], [30, 14, 14, 14]),
    ARMS[2]: ([30, 25, 25, 25], [30, 25, 10, 25], [30, 25, 25, 25], [30, None, None, None]),
}
"""Baseline and the three days of the four people of each arm."""


def data(told: Protocol) -> Data:
    people = 4 * len(ARMS)
    value, seen, member = {}, {}, {}
    for k, (arm, rows) in enumerate(SCORES.items()):
        own = slice(4 * k, 4 * k + 4)
        table = np.full((4, 1, people), 99.0)
        have = np.zeros((4, 1, people), dtype=bool)
        table[:, 0, own] = np.array([[99 if x is None else x for x in row] for row in rows]).T
        have[:, 0, own] = np.array([[x is not None for x in row] for row in rows]).T
        value[arm, "madrs"], seen[arm, "madrs"] = table, have
        member[arm] = np.isin(np.arange(people), np.arange(people)[own])[None]
    left = ~np.any([have.all(axis=0) for have in seen.values()], axis=0)
    return Data(told, value, seen, np.full((1, people), 30.0), left, member)


def answer(told: Protocol, *asked: Any, **more: Any) -> tuple[float, float]:
    found = ask(data(told), Question("madrs", *asked, **more))
    return float(found.value[0]), float(found.n[0])


def test_arms_are_taken_together_by_every_way_a_report_writes_it() -> None:
    told = protocol()
    assert arms_of(told, "all") == ARMS
    assert arms_of(told, "ketamine 0.1 and 0.5 mg/kg") == ARMS[:2]
    assert arms_of(told, "ketamine 0.5 mg/kg + placebo + tablet") == ARMS[1:]
    assert arms_of(told, "placebo + tablet") == ARMS[2:]
    for unknown in ("placebo", "ketamine 0.1 and 1.0 mg/kg", "placebo + tablet + placebo + tablet", "tablet + placebo"):
        assert arms_of(told, unknown) == ()
    assert answer(told, "observed-mean", "ketamine 0.1 and 0.5 mg/kg", 24.0) == (pytest.approx(101 / 8), 8)
    assert answer(told, "difference", "all vs placebo + tablet", 24.0)[1] == 11 + 3


def test_all_is_not_asked_of_a_trial_that_simulates_only_some_of_its_arms() -> None:
    arms = [{"name": name, "n": 4, "dose": [DOSE], "simulate": k < 2} for k, name in enumerate(ARMS)]
    told = protocol(arm=arms)
    assert refusal(told, Question("madrs", "observed-mean", "all", 24.0)) == "all is not simulated"


def test_a_response_is_sustained_when_no_missing_rating_could_change_it() -> None:
    told, hours = protocol(), (24.0, 72.0, 168.0)

    def kept(arm: str, least: int) -> tuple[float, float]:
        return answer(told, "sustained-response", arm, 168.0, hours=hours, least=least)

    assert kept(ARMS[0], 3) == (pytest.approx(100 / 3), 3)
    assert kept(ARMS[0], 2) == (pytest.approx(75), 4)
    assert kept(ARMS[1], 1) == (pytest.approx(100), 4)
    assert kept(ARMS[2], 1) == (pytest.approx(100 / 3), 3)


def test_relapse_is_counted_among_those_who_responded_in_their_own_arm() -> None:
    group = {"name": "responders", "outcome": "madrs", "at": ["day 1"], "rule": "response"}
    told = protocol(group=[group])
    relapse = {"group": "responders", "hours": (72.0, 168.0), "over": 21.0}
    assert answer(told, "relapse", ARMS[0], 168.0, **relapse) == (pytest.approx(50), 2)
    assert answer(told, "relapse", ARMS[1], 168.0, **relapse) == (pytest.approx(200 / 3), 3)
    assert answer(told, "observed-mean", ARMS[0], 24.0, group="responders") == (10, 3)


def test_shares_are_compared_in_every_way() -> None:
    told, contrast = protocol(), f"{ARMS[1]} vs {ARMS[0]}"
    assert answer(told, "risk-difference", contrast, 72.0)[0] == pytest.approx(100 * (2 / 3 - 2 / 4))
    assert answer(told, "risk-ratio", contrast, 72.0)[0] == pytest.approx(2 / 3 / (2 / 4))
    assert answer(told, "number-needed-to-treat", contrast, 72.0)[0] == pytest.approx(6)
    assert answer(told, "remission-difference", contrast, 24.0)[0] == pytest.approx(100 * (2 / 4 - 3 / 4))
    against = f"{ARMS[1]} vs {ARMS[2]}"
    judge = stats.fisher_exact([[4, 0], [0, 3]])[1]
    assert answer(told, "p-value", against, 24.0, test="fisher")[0] == pytest.approx(judge)
    assert answer(told, "test-statistic", against, 24.0, test="chi-squared")[0] == pytest.approx(7)


def test_a_pattern_may_be_one_of_shares() -> None:
    told = protocol()
    line = {"outcome": "madrs", "at": ["day 1"], "contrast": f"{ARMS[1]} vs {ARMS[2]}", "significant": True}
    for direction, expected in (("first", True), ("second", False), ("either", True)):
        expect = Expect(**line, test="fisher", direction=direction)  # pyright: ignore[reportArgumentType]
        true, known = holds(data(told), Pattern(name="x", expect=(expect,), source="s"))
        assert (bool(true[0]), bool(known[0])) == (expected, True)


def row(**more: Any) -> Observation:
    told = {"arm": ARMS[0], "outcome": "madrs", "statistic": "response", "value": 50, "unit": "percent", "how": "table"}
    told |= {"population": "itt", "time": 3, "time_unit": "day", "spread_kind": "none", "source": "s", "place": "p"}
    return Observation(**{**told, **more})


def test_a_published_row_finds_the_analysis_that_defines_it() -> None:
    held = {"outcome": "madrs", "at": list(DAYS), "statistics": ["sustained-response"], "arms": list(ARMS), "least": 2}
    gone = {"outcome": "madrs", "at": ["day 3", "day 7"], "statistics": ["relapse"], "over": 21, "group": "responders"}
    group = {"name": "responders", "outcome": "madrs", "at": ["day 1"]}
    told = protocol(analysis=[held, gone], group=[group])
    for time, why in ((1, ""), (7, ""), (None, ""), (3, "defined by no analysis")):
        asked, refused = mirror(told, row(statistic="sustained-response", time=time))
        assert why in refused
        assert bool(refused) == bool(why)
        if not why:
            assert (asked.least, asked.hours) == (2, (24.0, 72.0, 168.0))
    asked, refused = mirror(told, row(outcome="relapse", statistic="relapse", population="responders", time=7))
    assert refused == ""
    assert (asked.outcome, asked.over, asked.hours) == ("madrs", 21, (72.0, 168.0))
    every = [one.question for one in questions(told)]
    assert [one.arm for one in every if one.statistic == "sustained-response"] == list(ARMS)


def test_a_month_is_the_one_rating_near_it_and_a_share_of_remission_is_not_one_of_response() -> None:
    told = protocol(rating=[{"scale": "madrs", "at": ["4 weeks", "8 weeks", "13 weeks"]}])
    for months, hour in ((1, 672.0), (2, 1344.0), (3, 2184.0)):
        assert mirror(told, row(time=months, time_unit="month"))[0].hour == hour
    assert mirror(told, row(time=6, time_unit="month"))[1] == "not rated at that time"
    contrast = {"arm": f"{ARMS[1]} vs {ARMS[0]}", "statistic": "risk-difference"}
    assert mirror(protocol(), row(**contrast, note="Of remission"))[0].statistic == "remission-difference"
    assert mirror(protocol(), row(**contrast))[0].statistic == "risk-difference"


def test_what_does_not_define_an_event_is_refused() -> None:
    line = {"outcome": "madrs", "at": list(DAYS), "arms": [ARMS[0]]}
    for more, field in (
        ({"statistics": ["relapse"]}, "over"),
        ({"statistics": ["sustained-response"], "least": 4}, "least"),
    ):
        with pytest.raises(EvidenceError, match=field):
            protocol(analysis=[{**line, **more}])


def test_an_answer_says_what_it_estimates() -> None:
    told = protocol(missing="failure")
    text = estimand.said(told, Question("madrs", "remission-difference", f"{ARMS[1]} vs {ARMS[2]}", 72.0))
    for words in (
        "Treatment: ketamine 0.5 mg/kg against placebo + tablet.",
        "Population: everyone randomised.",
        "Variable: MADRS of 10 or less at 3 days.",
        "who leaves counts as not improved",
        "Summary: difference of shares.",
    ):
        assert words in text
    whole = {
        "population": "adults",
        "variable": "change",
        "intercurrent": ["leaving"],
        "summary": "difference of means",
    }
    asked = Question("madrs", "p-value", f"{ARMS[1]} vs {ARMS[2]}", 24.0, "completers", "ancova")
    stated = estimand.said(protocol(estimand=whole), asked)
    assert "picked by what happened after randomisation" in stated
    assert "two-sided p of the analysis of covariance on the baseline" in stated
    assert "The trial set out to estimate: difference of means of change in adults; events: leaving." in stated


def test_comparisons_that_differ_in_time_alone_are_told_together() -> None:
    both = f"{ARMS[1]} vs {ARMS[2]}"
    asked = [Question("madrs", kind, both, hour) for hour in (24.0, 72.0) for kind in ("difference", "p-value")]
    (found,) = estimand.compared(protocol(), [*asked, Question("madrs", "observed-change", ARMS[1], 24.0)])
    assert (found["arm"], found["statistics"]) == (both, ["difference", "p-value"])
    assert "change of MADRS from baseline to 24 h and 3 days." in found["estimand"]
    assert "Summary: difference of mean changes; two-sided p of the" in found["estimand"]


def test_a_share_is_told_by_the_rule_for_shares_whatever_the_test_of_its_analysis() -> None:
    asked = Question("madrs", "remission-difference", f"{ARMS[1]} vs {ARMS[2]}", 72.0, test="mmrm")
    assert "who leaves counts as not improved" in estimand.said(protocol(missing="failure"), asked)
