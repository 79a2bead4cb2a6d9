"""A fit of one data frame: equal to simpler tests where these hold, indifferent to order, and clear about what it refuses."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from racemate.trial.analysis import statistics
from racemate.trial.analysis.mmrm.fit import fit, terms
from racemate.trial.analysis.mmrm.state import FitError

Frame = Any
"""A data frame; what pandas says of the types of its parts is of no use here."""
PEOPLE, VISITS = 40, 4
USUAL = terms("arm", "visit", by_visit=["base"])


@pytest.fixture
def frame(rng: np.random.Generator) -> Frame:
    """Four visits of 40 people in two arms, one rating in ten missing."""
    person = np.repeat(np.arange(PEOPLE), VISITS)
    visit = np.tile(np.arange(VISITS), PEOPLE)
    base = np.repeat(rng.normal(30, 5, PEOPLE), VISITS)
    own = np.repeat(rng.normal(0, 3, PEOPLE), VISITS)
    score = 0.6 * base - 2 * visit - 3 * (person % 2) + own + rng.normal(0, 4, len(person))
    made = pd.DataFrame({"person": person, "visit": visit, "base": base, "score": score})
    made["visit"] = pd.Categorical(made["visit"])
    made["arm"] = pd.Categorical(np.where(person % 2, "drug", "placebo"), ["placebo", "drug"])
    return made.assign(score=made["score"].where(rng.random(len(made)) > 0.1))


def whole(frame: Frame, rng: np.random.Generator) -> Frame:
    return frame.assign(score=frame["score"].fillna(pd.Series(rng.normal(20, 5, len(frame)), index=frame.index)))


def test_one_visit_is_the_analysis_of_covariance(frame: Frame) -> None:
    last = frame[(frame["visit"] == 3) & frame["score"].notna()]
    found: Any = fit(last, "score", "person", "visit", ("arm", "base")).differences("arm").iloc[0]
    y, x = last["score"].to_numpy(), last["base"].to_numpy()
    masks = [(last["arm"] == arm).to_numpy()[None] for arm in ("drug", "placebo")]
    plain = statistics.compare(statistics.ancova([y[None]] * 2, [x[None]] * 2, masks), 0, 1)
    for here, there in (("estimate", "difference"), ("se", "se"), ("df", "df"), ("t", "t"), ("p", "p")):
        assert found[here] == pytest.approx(getattr(plain, there)[0], rel=1e-9)


def test_compound_symmetry_is_a_random_intercept(frame: Frame, rng: np.random.Generator) -> None:
    """Complete data: the residual is the mean square within, the covariance from the mean square between people."""
    full = whole(frame, rng)
    found: Any = fit(full, "score", "person", "visit", ("visit",), structure="cs")
    table = full["score"].to_numpy().reshape(PEOPLE, VISITS)
    own = table.mean(axis=1, keepdims=True)
    within = ((table - own - table.mean(axis=0) + table.mean()) ** 2).sum() / ((PEOPLE - 1) * (VISITS - 1))
    between = VISITS * ((own - table.mean()) ** 2).sum() / (PEOPLE - 1)
    assert found.parameters["covariance"] == pytest.approx((between - within) / VISITS, rel=1e-7)
    assert found.parameters["variance"] == pytest.approx(within + (between - within) / VISITS, rel=1e-7)
    # The F test of visits is that of the two-way table, with the same degrees of freedom.
    test: Any = found.test("visit")
    assert test["df_error"] == pytest.approx((PEOPLE - 1) * (VISITS - 1), rel=1e-6)
    visits = PEOPLE * ((table.mean(axis=0) - table.mean()) ** 2).sum() / (VISITS - 1)
    assert test["f"] == pytest.approx(visits / within, rel=1e-7)


def test_unstructured_complete_data_give_hotelling_by_kenward_and_roger(frame: Frame, rng: np.random.Generator) -> None:
    full = whole(frame, rng)
    table = full["score"].to_numpy().reshape(PEOPLE, VISITS)
    change = table[:, 1:] - table[:, :1]
    mean = change.mean(axis=0)
    t2 = PEOPLE * mean @ np.linalg.solve(np.cov(change.T), mean)
    test: Any = fit(full, "score", "person", "visit", ("visit",), df="kr").test("visit")
    count = VISITS - 1
    assert test["df_error"] == pytest.approx(PEOPLE - count, rel=1e-6)
    assert test["f"] == pytest.approx(t2 * (PEOPLE - count) / (count * (PEOPLE - 1)), rel=1e-6)


def test_means_of_complete_data_without_covariates_are_plain_means(frame: Frame, rng: np.random.Generator) -> None:
    full = whole(frame, rng)
    found: Any = fit(full, "score", "person", "visit", terms("arm", "visit")).means("arm", "visit")
    plain = full.groupby(["arm", "visit"], observed=True)["score"].mean()
    assert found["estimate"].to_numpy() == pytest.approx(plain.to_numpy(), rel=1e-9)


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame.sample(frac=1, random_state=3),
        lambda frame: frame.assign(person=frame["person"].map(lambda who: f"p{99 - who}")),
        lambda frame: frame.assign(base=1e6 + 1e3 * frame["base"]),
        lambda frame: frame.assign(visit=frame["visit"].cat.rename_categories(list("wxyz"))),
        lambda frame: frame.assign(visit=frame["visit"].cat.reorder_categories([2, 0, 3, 1])),
    ],
    ids=["rows", "names of people", "scale of a covariate", "names of visits", "order of visits"],
)
def test_what_must_not_matter(change: Callable[[Frame], Frame], frame: Frame) -> None:
    before, after = (fit(one, "score", "person", "visit", USUAL, df="kr") for one in (frame, change(frame)))
    here, there = (found.differences("arm", "visit").sort_values("estimate").to_numpy() for found in (before, after))
    assert there == pytest.approx(here, rel=1e-6)


def test_swapping_the_reference_turns_the_sign(frame: Frame) -> None:
    other = frame.assign(arm=frame["arm"].cat.reorder_categories(["drug", "placebo"]))
    here, there = (fit(one, "score", "person", "visit", USUAL).differences("arm", "visit") for one in (frame, other))
    assert there["estimate"].to_numpy() == pytest.approx(-here["estimate"].to_numpy(), rel=1e-8)
    assert there["se"].to_numpy() == pytest.approx(here["se"].to_numpy(), rel=1e-8)


def test_a_term_of_a_covariate_is_its_slope(frame: Frame) -> None:
    found: Any = fit(frame, "score", "person", "visit", ("arm", "visit", "base"))
    slope, test = found.effects().loc["base"], found.test("base")
    assert test["f"] == pytest.approx(slope["t"] ** 2, rel=1e-8)
    assert test["df_error"] == pytest.approx(slope["df"], rel=1e-8)


def twice(frame: Frame) -> Frame:
    return pd.concat([frame, frame.dropna().iloc[[0]]])


@pytest.mark.parametrize(
    ("change", "options", "sentence"),
    [
        (lambda frame: frame, {"structure": "ante"}, "structure: found 'ante'"),
        (lambda frame: frame, {"df": "between"}, "df: found 'between'"),
        (lambda frame: frame, {"df": "kr", "restricted": False}, "full maximum likelihood"),
        (lambda frame: frame, {"fixed": ("sex",)}, "sex: found no such column"),
        (lambda frame: frame.assign(score=np.nan), {}, "score: found no value"),
        (lambda frame: frame.assign(score=frame["score"] * np.inf), {}, "score: row .*: found .*inf"),
        (lambda frame: frame.assign(base=np.nan), {}, "base: row .*: found nan"),
        (twice, {}, "person: row .*: found .*, allowed: a person once per visit"),
        (lambda frame: frame[frame["person"] < 2], {}, "allowed: more than"),
        (lambda frame: frame[frame["person"] < 6], {"fixed": ("arm",)}, "covariance|search"),
        (lambda frame: frame[(frame["person"] % 4 < 2) == (frame["visit"].astype(int) < 2)], {}, "covariance"),
    ],
)
def test_what_is_refused(
    change: Callable[[Frame], Frame], options: dict[str, object], sentence: str, frame: Frame
) -> None:
    with pytest.raises(FitError, match=sentence):
        fit(change(frame), "score", "person", "visit", **{"fixed": USUAL, **options})  # pyright: ignore[reportArgumentType]


def test_an_empty_cell_has_no_mean(frame: Frame) -> None:
    gone = frame[(frame["arm"] != "drug") | (frame["visit"] != 3)]
    found: Any = fit(gone, "score", "person", "visit", terms("arm", "visit"))
    assert np.isfinite(found.effects().to_numpy()).all()
    with pytest.raises(FitError, match="an empty cell"):
        found.means("arm", "visit")
