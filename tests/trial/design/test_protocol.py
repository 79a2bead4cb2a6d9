"""A protocol is read as it was meant, or refused with file, field, what was found and what is allowed; it never crashes."""

import copy
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import strategies as st

from racemate.evidence.finding import EvidenceError
from racemate.evidence.library import evidence_root
from racemate.trial.design.protocol import Protocol, build

PATHS = sorted((evidence_root() / "trials").glob("*/protocol.toml"))
OURS = ("daly-2018", "fava-2020", "lii-2023", "murrough-2013", "singh-2016", "transform-2", "williams-2018")
CONTENT = {path.parent.name: tomllib.loads(path.read_text()) for path in PATHS if path.parent.name in OURS}
CONTENT_OF_ESCAPE = tomllib.loads((evidence_root() / "trials/escape-trd/protocol.toml").read_text())
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**6), 10**9),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(
        ["nan", "-1 mg", "day 0", "day 3", "2 h", "iv", "hamd17", "twice weekly for 90 weeks", "999999 weeks"]
    ),
    st.lists(st.text(max_size=4), max_size=3),
    st.just({}),
)


def simple(**changes: Any) -> dict[str, Any]:
    arm = {
        "name": "ketamine",
        "n": 10,
        "dose": [{"drug": "ketamine", "route": "iv", "amount": "0.5 mg/kg", "over": "40 min"}],
    }
    return {"arm": [arm], "rating": [{"scale": "madrs", "at": ["24 h", "day 8"]}], **changes}


def doses(**changes: Any) -> dict[str, Any]:
    dose = {"drug": "ketamine", "route": "iv", "amount": "0.5 mg/kg", **changes}
    return simple(arm=[{"name": "ketamine", "n": 10, "dose": [dose]}])


def test_a_protocol_built_in_python_says_when_what_happens() -> None:
    protocol = build(simple(first_day=1))
    assert isinstance(protocol, Protocol)
    assert protocol.visit_h == (0.0, 24.0, 168.0)
    assert protocol.session_h(protocol.arms[0]) == (0.0,)
    assert protocol.people == 10


def test_the_baseline_comes_before_anything_is_given() -> None:
    protocol = build(CONTENT["williams-2018"])
    assert protocol.baseline_h == -0.75
    assert protocol.crossover
    assert [protocol.period_h(period) for period in protocol.live_periods] == [0.0, 720.0]


def test_periods_that_are_only_reported_are_not_simulated() -> None:
    protocol = build(CONTENT["daly-2018"])
    assert [period.name for period in protocol.live_periods] == ["first"]
    assert protocol.visit_h[-1] == 7 * 24
    assert protocol.people == 67


@pytest.mark.parametrize(
    ("data", "field", "found", "allowed"),
    [
        ({}, "arm", "{}", "required"),
        (simple(arms=[]), "arms", "[]", "Extra"),
        (doses(drug="ketamin"), "arm[1].dose[1].drug", "'ketamin'", "did you mean 'ketamine'"),
        (doses(route="nasal"), "arm[1].dose[1]", "'nasal'", "intranasal"),
        (doses(amount="-5 mg"), "arm[1].dose[1].amount", "'-5 mg'", "above zero"),
        (doses(over="40 minuets"), "arm[1].dose[1].over", "'40 minuets'", "40 min"),
        (doses(schedule="now and then"), "schedule", "'now and then'", "twice weekly"),
        (doses(lead="-1 h"), "arm[1].dose[1].lead", "'-1 h'", "a time"),
        (doses(lead="3 weeks"), "lead", "'3 weeks'", "at most a week"),
        (simple(first_day=2), "first_day", "2", "less than or equal to 1"),
        (simple(context="spa"), "context", "'spa'", "midazolam"),
        (simple(session="0 h"), "session", "'0 h'", "above zero"),
        (simple(rating=[{"scale": "madras", "at": ["24 h"]}]), "rating[1].scale", "'madras'", "did you mean 'madrs'"),
        (simple(rating=[{"scale": "madrs", "at": ["24 o'clock"]}]), "at", '"24 o\'clock"', "day 8"),
        (simple(baseline={"mean": float("nan"), "how": "assumed"}), "baseline.mean", "nan", "finite"),
        (simple(eligibility={"low": 20}), "eligibility.scale", "''", "madrs"),
        (
            simple(eligibility={"scale": "madrs", "low": 30, "high": 20}),
            "eligibility.low, high",
            "30",
            "lower end first",
        ),
        (simple(arm=[{"name": "placebo", "n": 3}]), "arm 'placebo'.sessions", "''", "a schedule"),
        (simple(population={"female": {"mean": 55, "how": "table"}}), "population.female.mean", "55", "0 to 1"),
        (
            simple(
                analysis=[
                    {
                        "outcome": "madrs",
                        "at": ["24 h"],
                        "statistics": ["p-value"],
                        "contrasts": ["ketamine vs placebo"],
                    }
                ]
            ),
            "analysis.arm",
            "'placebo'",
            "ketamine",
        ),
        (
            simple(analysis=[{"outcome": "madrs", "at": ["day 5"], "statistics": ["sd"], "arms": ["ketamine"]}]),
            "analysis.at",
            "'day 5'",
            "a time at which madrs is rated",
        ),
        (
            simple(analysis=[{"outcome": "madrs", "at": ["24 h"], "statistics": ["p-value"], "arms": ["ketamine"]}]),
            "analysis[1].contrasts",
            "'p-value'",
            "a vs b",
        ),
        (
            simple(
                analysis=[
                    {
                        "outcome": "madrs",
                        "at": ["24 h"],
                        "statistics": ["event-free"],
                        "arms": ["ketamine"],
                        "event": "relapse",
                    }
                ]
            ),
            "analysis.event",
            "'relapse'",
            "there is none yet",
        ),
    ],
)
def test_a_fault_is_named(data: dict[str, Any], field: str, found: str, allowed: str) -> None:
    with pytest.raises(EvidenceError) as caught:
        build(data, "mine.toml")
    faults = [f for f in caught.value.findings if field in f.field and found in f.found and allowed in f.allowed]
    assert faults, str(caught.value)
    assert all(f.file == "mine.toml" for f in caught.value.findings)


def test_a_crossover_needs_a_period_for_each_condition() -> None:
    data = copy.deepcopy(CONTENT["williams-2018"])
    data["period"] = data["period"][:1]
    with pytest.raises(EvidenceError, match="one arm for each of 1 periods"):
        build(data)


def test_ratings_may_not_run_into_the_next_period() -> None:
    data = copy.deepcopy(CONTENT["williams-2018"])
    data["period"][1]["start"] = "day 10"
    with pytest.raises(EvidenceError, match="end before the next period"):
        build(data)


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield from places(value, (*path, key))


def test_a_stage_that_cannot_be_reached_is_refused() -> None:
    stage = {
        "name": "second",
        "start": "day 8",
        "enter": [{"when": [{"scale": "madrs", "rule": "remission"}], "to": ["drug"]}],
        "arm": [{"name": "drug", "sessions": "once"}],
        "rating": [{"scale": "madrs", "at": ["24 h"]}],
    }
    remission = {"madrs": 10}
    assert build(simple(stage=[stage], remission=remission)).stages[0].name == "second"
    for changes, field, allowed in (
        ({"start": "relapse"}, "stage 'second'.start", "day 8"),
        ({"start": "baseline"}, "stage 'second'.start", "one of its decisions"),
        ({"follows": "third"}, "stage 'second'.follows", "a stage before it"),
        ({"enter": [{"to": ["drag"]}]}, "stage 'second'.enter.to", "did you mean 'drug'"),
        ({"enter": [{"arms": ["ketamin"]}]}, "stage 'second'.enter.arms", "did you mean 'ketamine'"),
        ({"enter": [{"when": [{"scale": "hamd17", "rule": "response"}]}]}, "enter.when.scale", "madrs"),
        ({"rating": [{"scale": "madrs", "at": ["soon"]}]}, "stage 'second'.rating", "day 8"),
        (
            {"arm": [{"name": "a", "sessions": "once"}, {"name": "b", "sessions": "once"}], "enter": [{}]},
            "arm.n",
            "how many",
        ),
    ):
        with pytest.raises(EvidenceError) as caught:
            build(simple(stage=[{**stage, **changes}], remission=remission), "mine.toml")
        assert any(field in f.field and allowed in f.allowed for f in caught.value.findings), str(caught.value)


def test_what_nobody_read_is_listed() -> None:
    told = dict(build(CONTENT_OF_ESCAPE).doubtful)
    assert told["leaving"].startswith("assumed.")
    assert any(name.startswith("flexible dose of esketamine") for name in told)
    assert not any(name.startswith("comparator") for name in told)
