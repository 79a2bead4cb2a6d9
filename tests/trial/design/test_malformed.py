"""Ten thousand protocols, made of the right words and some wrong ones: each is consistent, or refused with a sentence; none crashes."""

import copy
from collections import Counter
from random import Random
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from racemate.evidence.finding import EvidenceError
from racemate.trial.design import schedule
from racemate.trial.design.parts import met_h, moments, parts
from racemate.trial.design.protocol import Protocol, build
from racemate.trial.design.schedule import ProtocolError
from racemate.trial.replicate import conduct
from tests.trial.design.test_protocol import CONTENT, JUNK, OURS, places
from tests.trial.fake import FakeWorld

WRITTEN, MANGLED, TEXTS, RUN = 5000, 1000, 4000, 300
SEEDS = st.integers(0, 2**32 - 1)
WRONG = (
    None,
    True,
    -1,
    7.5,
    float("nan"),
    float("inf"),
    1e300,
    "",
    "soon",
    "day 99",
    "-1 h",
    "placebo",
    [],
    {},
    ["day 8"],
)
MOMENTS = ("24 h", "day 8", "day 15", "day 22", "1 month")
SCALES = ("madrs", "hamd17", "qids")
REMISSION = {"madrs": 10, "hamd17": 7, "qids": 5}


class Pen:
    """Writes a protocol; now and then it slips."""

    def __init__(self, seed: int, slips: float) -> None:
        self.luck, self.slips = Random(seed), slips

    def pick(self, *good: Any) -> Any:
        """One of the good words, or a slip."""
        return self.luck.choice(WRONG) if self.luck.random() < self.slips else self.luck.choice(good)

    def may(self, **fields: Any) -> dict[str, Any]:
        """Each field, or not."""
        return {name: value for name, value in fields.items() if self.luck.random() < 0.4}

    def several(self, make: Any, most: int) -> list[Any]:
        """One or more of something."""
        return [make(k) for k in range(self.luck.randint(1, most))]

    def dose(self, _: int) -> dict[str, Any]:
        needed = {"drug": "ketamine", "route": self.pick("iv", "sc"), "amount": self.pick("0.5 mg/kg", "0.2 mg/kg")}
        how = self.luck.choice(({}, {"lead": self.pick("1 h", "2 days")}, {"started": self.pick("2 weeks", "1 year")}))
        repeated = self.pick("weekly for 3 weeks", "twice weekly for 2 weeks", "days 1 and 4")
        return {
            **needed,
            **how,
            "schedule": repeated,
            **self.may(adherence={"share": self.pick(0.8), "how": "assumed"}),
        }

    def arm(self, name: str) -> dict[str, Any]:
        told = {"name": name, "n": self.pick(1, 3), "sessions": self.pick("once", "weekly for 3 weeks", "none")}
        other = {"name": "other", "size": self.pick(0.5), "tau": self.pick("1 week"), "person": 1.0, "how": "assumed"}
        return told | self.may(
            dose=self.several(self.dose, 2),
            dropout=self.pick(0.2, 0.4),
            awake=False,
            comparator=other,
            new_antidepressant=True,
        )

    def arms(self) -> list[dict[str, Any]]:
        return [self.arm(name) for name in ("drug", "placebo", "third")[: self.luck.randint(1, 3)]]

    def ratings(self) -> list[dict[str, Any]]:
        cadss = [{"scale": "cadss", "at": ["40 min"]}] if self.luck.random() < 0.5 else []
        at = ["day 8", *self.several(lambda _: self.pick(*MOMENTS), 3)]
        return [{"scale": "madrs", "at": at}, {"scale": self.pick(*SCALES[1:]), "at": at}, *cadss]

    def rule(self, _: int) -> dict[str, Any]:
        kind = self.luck.randrange(4)
        if kind == 0:
            return {"chance": self.pick(0.3, 0.7), "how": self.pick("assumed")}
        if kind == 1:
            return {"scale": self.pick("madrs"), self.luck.choice(("at_least", "at_most")): self.pick(12, 25)}
        rule = {"scale": self.pick("madrs"), "rule": self.pick("response", "no-response", "remission", "no-remission")}
        return rule | ({"at": ["day 8"], **self.may(least=self.pick(1))} if kind == 2 else {})

    def decision(self, name: str) -> dict[str, Any]:
        first = {"scale": "madrs", "rule": self.pick("response", "no-response")}
        then = self.luck.choice(
            (
                {},
                {"then": self.pick("stop", "leave")},
                {"then": "interval", "every": self.pick("1 week", "2 weeks")},
                {"then": "dose", "drug": "ketamine", "to": [self.pick("0.6 mg/kg"), "1 mg/kg"]},
                {"confirm": [self.pick("1 day", "5 days"), "15 days"]},
            )
        )
        told = {"name": name, "when": [first, *self.several(self.rule, 1)][: self.luck.randint(1, 2)], **then}
        return told | self.luck.choice(({}, {"at": [self.pick("day 8", "day 15")]}, {"since": self.pick("day 8")}))

    def entry(self, _: int) -> dict[str, Any]:
        return self.may(
            name=self.pick("some"),
            arms=[self.pick("drug", "placebo")],
            when=self.several(self.rule, 2),
            to=[self.pick("drug")],
        )

    def stage(self, k: int) -> dict[str, Any]:
        told = {
            "name": ("second", "rest")[k],
            "start": self.pick("day 8", "1 month", "worse"),
            "arm": self.arms(),
            "rating": self.ratings(),
        }
        return told | self.may(
            enter=self.several(self.entry, 2),
            after=self.pick("1 day"),
            follows=self.pick(("", "second")[k]),
            decision=[self.decision("worse")],
            first_day=self.pick(0, 1),
            context=self.pick("everyone_active"),
        )

    def protocol(self) -> dict[str, Any]:
        """A trial of one or two arms with whatever the language has."""
        told = {"arm": self.arms(), "rating": self.ratings(), "baseline": {"mean": 33, "sd": 5, "how": "assumed"}}
        told |= {
            "remission": REMISSION,
            **self.may(decision=[self.decision("worse")], stage=self.several(self.stage, 2)),
        }
        return told | self.may(
            leaving={"per_point": self.pick(0.05), "per_felt": 0, "how": "assumed"},
            guess={"at": self.pick("day 8"), "how": "assumed", "per_point": self.pick(0.1)},
            sites={"count": self.pick(3), "sd": self.pick(1.0), "how": "assumed"},
            randomise=self.luck.choice(({"strata": ["site"]}, {"strata": ["severe"], "severe": self.pick(30)})),
            first_day=self.pick(0, 1),
        )


def attempt(content: dict[str, Any]) -> Protocol | EvidenceError:
    try:
        return build(content, "mangled.toml")
    except EvidenceError as fault:
        return fault


def sound(found: Protocol | EvidenceError) -> bool:
    """True for a protocol that can be laid out on one axis of time; a refusal must have its place and its sentence."""
    if isinstance(found, EvidenceError):
        assert all(f.file == "mangled.toml" and f.field and f.found and f.allowed for f in found.findings)
        return False
    for k, part in enumerate(parts(found)):
        own = part.protocol
        assert part.starts == tuple(sorted(part.starts))
        assert all(np.isfinite(part.starts))
        assert part.follows is None or part.follows < k
        assert own.visit_h == tuple(sorted(own.visit_h))
        for arm in own.conditions:
            assert all(own.dose_h(dose) == tuple(sorted(own.dose_h(dose))) for dose in arm.doses)
            assert own.session_h(arm) == tuple(sorted(own.session_h(arm)))
        for decision in own.decisions:
            assert set(met_h(own, decision)) <= set(moments(own, decision))
            assert met_h(own, decision)
    return True


@settings(max_examples=WRITTEN, deadline=None)
@given(SEEDS)
def test_words_in_wrong_places_are_read_or_refused(seed: int) -> None:
    sound(attempt(Pen(seed, 0.03).protocol()))


def test_both_kinds_are_among_them() -> None:
    found = Counter(sound(attempt(Pen(seed, 0.03).protocol())) for seed in range(300))
    assert min(found[True], found[False]) > 50


@settings(max_examples=MANGLED, deadline=None)
@given(st.data())
def test_a_mangled_published_protocol_is_read_or_refused(data: st.DataObject) -> None:
    content = copy.deepcopy(CONTENT[data.draw(st.sampled_from(OURS))])
    content.pop("trial")
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(sorted(places(content), key=str)))
        parent = content
        for key in path[:-1]:
            parent = parent[key]
        if data.draw(st.booleans()):
            del parent[path[-1]]
        else:
            parent[path[-1]] = data.draw(JUNK)
    sound(attempt(content))


def read_or_refused(read: Any, text: str) -> Any:
    try:
        return read(text)
    except ProtocolError as fault:
        return fault


@settings(max_examples=TEXTS, deadline=None)
@given(st.text(alphabet="0123456789. -,adhkmgonceiwytlfrsu/", max_size=24), st.integers(0, 1))
def test_a_text_is_a_time_or_no_time(text: str, first_day: int) -> None:
    readers = (
        schedule.amount,
        schedule.span,
        lambda t: schedule.moment(t, first_day),
        lambda t: schedule.times(t, first_day),
    )
    for found in (read_or_refused(read, text) for read in readers):
        if isinstance(found, ProtocolError):
            assert found.allowed
        else:
            assert np.isfinite(np.atleast_1d(getattr(found, "mg", found) or 0.0)).all()


@settings(max_examples=RUN, deadline=None)
@given(SEEDS)
def test_what_is_accepted_runs_without_a_number_that_is_none(seed: int) -> None:
    protocol = attempt(Pen(seed, 0.01).protocol())
    if isinstance(protocol, EvidenceError):
        return
    data = conduct(protocol, FakeWorld(), 1, 1, 3)
    for one in (data, *data.stages.values()):
        assert all(np.isfinite(value).all() for value in one.value.values())
        assert np.sum(list(one.member.values()), axis=0).max(initial=0) <= 1
        assert not np.isnan(one.until_h).any()
