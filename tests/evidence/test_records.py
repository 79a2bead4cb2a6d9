"""A record written and read again is the same, whatever it holds."""

import tomllib
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from racemate.evidence.files import (
    observations_text,
    read_observations,
    read_parameters,
    read_quantities,
    record_text,
    stated_text,
)
from racemate.evidence.record import Between, Claim, Observation, Parameter, Quantity, Scale, Source, Spread

numbers = st.floats(allow_nan=False, allow_infinity=False)
# A carriage return is folded by every reader of lines, and a lone surrogate is not text.
letters = st.characters(exclude_characters="\r", exclude_categories=["Cs"])
lines = st.text(letters, max_size=30)
words = st.text(letters, min_size=1, max_size=30)
cells = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), min_size=1, max_size=20).filter(
    lambda text: text == text.strip() and bool(text)
)
keys = st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True)
hows = st.sampled_from(
    ["table", "abstract", "registry", "transcription", "digitised", "derived", "recalled", "assumed"]
)
spreads = st.one_of(
    st.builds(Spread, kind=st.sampled_from(["sd", "se", "cv", "sd-log", "sd-logit"]), value=numbers, note=lines),
    st.builds(Spread, kind=st.sampled_from(["range95", "range", "iqr"]), low=numbers, high=numbers),
    st.just(Spread(kind="none")),
)
claims = st.builds(
    Claim,
    value=st.one_of(numbers, st.lists(numbers, min_size=1, max_size=4).map(tuple)),
    unit=lines,
    spread=spreads,
    n=st.one_of(st.none(), st.integers(-(2**53), 2**53)),
    source=lines,
    also=st.lists(words, max_size=2).map(tuple),
    place=lines,
    how=hows,
    system=lines,
    population=lines,
    arithmetic=st.one_of(lines, st.lists(words, min_size=1, max_size=3).map(tuple)),
    pooled=st.booleans(),
    note=lines,
)
betweens = st.builds(
    Between,
    law=st.just("lognormal"),
    cv=numbers,
    how=hows,
    note=lines,
    correlation=st.dictionaries(words, numbers, max_size=2),
)
parameters = st.builds(
    Parameter,
    name=st.tuples(st.just("occupancy"), keys).map(".".join),
    label=words,
    unit=words,
    range=st.tuples(numbers, numbers),
    pool=st.sampled_from(["single", "lognormal-meta", "normal-meta", "logit-meta", "widest", "fixed"]),
    vary=st.sampled_from(["shared", "person", "study"]),
    between=st.one_of(st.none(), betweens),
    claim=st.lists(claims, min_size=1, max_size=4).map(tuple),
    prefer=lines,
    drug=lines,
)
quantities = st.builds(
    Quantity,
    name=st.tuples(st.just("channel"), keys).map(".".join),
    label=words,
    unit=words,
    link=words,
    claim=st.lists(claims, min_size=1, max_size=4).map(tuple),
    target=lines,
)
sources = st.builds(
    Source,
    id=words,
    citation=words,
    authors=st.lists(words, max_size=3).map(tuple),
    year=st.integers(1800, 2100),
    title=words,
    doi=lines,
    kind=st.sampled_from(["paper", "label", "registry", "book", "conference", "code", "seed", "press"]),
    seen=st.sampled_from(["full", "table", "abstract", "transcription", "none"]),
    errata=st.one_of(st.none(), st.fixed_dictionaries({"looked_for": st.dates(date(1900, 1, 1)), "found": words})),
)
observations = st.builds(
    Observation,
    arm=cells,
    period=st.one_of(st.just(""), cells),
    outcome=cells,
    statistic=cells,
    time=st.one_of(st.none(), numbers),
    value=numbers,
    unit=cells,
    spread_kind=st.sampled_from(["none", "sd", "range95"]),
    spread=st.one_of(st.none(), numbers),
    low=st.one_of(st.none(), numbers),
    n=st.one_of(st.none(), st.integers(0, 10**6)),
    use=st.sampled_from([None, "calibration", "hold-out", "context"]),
    source=cells,
    how=hows,
    note=st.one_of(st.just(""), cells),
)


@given(st.lists(parameters, min_size=1, max_size=3, unique_by=lambda parameter: parameter.name))
def test_a_parameter_written_and_read_is_the_same(written: list[Parameter]) -> None:
    read, findings = read_parameters(tomllib.loads(stated_text(written)), "occupancy")
    assert findings == []
    assert read == written


@given(st.lists(quantities, min_size=1, max_size=3, unique_by=lambda quantity: quantity.name))
def test_a_quantity_written_and_read_is_the_same(written: list[Quantity]) -> None:
    read, findings = read_quantities(tomllib.loads(stated_text(written)), "channel")
    assert findings == []
    assert read == written


@given(sources)
def test_a_source_written_and_read_is_the_same(source: Source) -> None:
    assert Source.model_validate(tomllib.loads(record_text(source))) == source


@given(st.lists(observations, max_size=4))
def test_an_observation_written_and_read_is_the_same(written: list[Observation]) -> None:
    read, findings = read_observations(observations_text(written), "outcomes.csv")
    assert findings == []
    assert [row.model_copy(update={"line": 0}) for row in read] == written


def test_a_scale_written_and_read_is_the_same() -> None:
    data: dict[str, Any] = {
        "name": "madrs",
        "label": "Montgomery-Asberg",
        "range": [0, 60],
        "higher_is_worse": True,
        "remission": [{"value": 12, "source": "a", "how": "table"}],
        "link": [{"to": "hamd17", "kind": "linear", "slope": 1.5, "intercept": 0.0, "source": "a", "how": "table"}],
    }
    scale = Scale.model_validate(data)
    assert Scale.model_validate(tomllib.loads(record_text(scale))) == scale


def test_a_record_does_not_change() -> None:
    claim = Claim(value=1.0, how="table")
    with pytest.raises(ValidationError, match="frozen"):
        claim.value = 2.0  # pyright: ignore[reportAttributeAccessIssue]


def test_the_size_of_a_spread_between_people_is_on_the_scale_of_its_law() -> None:
    assert Between(law="lognormal", cv=0.5, how="table").scale == pytest.approx(0.4723807)
    assert Between(law="lognormal", variance=0.0842, how="table").scale == pytest.approx(0.2901724)
    assert Between(law="logit-normal", sd=0.708, how="table").scale == 0.708
