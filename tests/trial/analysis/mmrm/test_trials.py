"""All replicates at once: each as if fitted alone, the level of the test kept, and a lost replicate named."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from racemate.trial.analysis.mmrm.fit import fit, terms
from racemate.trial.analysis.mmrm.state import FitError, State
from racemate.trial.analysis.mmrm.trials import Visits, repeated

VISITS = 3
Trial = dict[str, Any]
"""Arguments of `repeated`."""


def trial(replicates: int, people: int, seed: int = 2) -> Trial:
    """No difference between two arms; people leave after a bad rating, and a few visits are missed."""
    rng = np.random.default_rng(seed)
    base = rng.normal(30, 5, (replicates, people))
    own = rng.normal(0, 4, (replicates, people))
    y = 0.5 * base + own + rng.normal(0, 1, (VISITS, replicates, people)) * np.array([3.0, 4.0, 6.0])[:, None, None]
    left = np.concatenate([np.zeros((1, replicates, people), dtype=bool), np.cumsum(y > 24, axis=0)[:-1] > 0])
    seen = ~(left & (rng.random(left.shape) < 0.7)) & (rng.random(left.shape) > 0.05)
    drug = np.arange(people) % 2 == 0
    masks = {"drug": seen & drug, "placebo": seen & ~drug}
    return {"ratings": dict.fromkeys(masks, y), "seen": masks, "baseline": dict.fromkeys(masks, base)}


def alone(made: Trial, replicate: int) -> pd.DataFrame:
    rows = [
        (who, arm, visit, made["ratings"][arm][visit, replicate, who], made["baseline"][arm][replicate, who])
        for arm in made["seen"]
        for visit, who in np.argwhere(made["seen"][arm][:, replicate])
    ]
    frame = pd.DataFrame(rows, columns=["person", "arm", "visit", "y", "base"]).assign(
        change=lambda t: t["y"] - t["base"]
    )
    return frame.assign(arm=pd.Categorical(frame["arm"], ["placebo", "drug"]), visit=pd.Categorical(frame["visit"]))


@pytest.mark.parametrize(
    ("options", "fixed"),
    [
        ({}, terms("arm", "visit", by_visit=["base"])),
        ({"slope": "common", "structure": "toeph", "df": "kr"}, terms("arm", "visit", ["base"])),
    ],
)
def test_a_replicate_is_as_if_fitted_alone(options: dict[str, str], fixed: tuple[str, ...]) -> None:
    made = trial(3, 40)
    found: Visits = repeated(**made, **options)  # pyright: ignore[reportArgumentType]
    assert found.fitted.all()
    settings = {key: value for key, value in options.items() if key != "slope"}
    one = fit(alone(made, 2), "change", "person", "visit", fixed, **settings)  # pyright: ignore[reportArgumentType]
    difference, mean = one.differences("arm", "visit"), one.means("arm", "visit").loc["drug"]
    for field in ("estimate", "se", "df", "t", "p", "low", "high"):
        told = getattr(found.difference("drug", "placebo"), field)[2]
        assert told == pytest.approx(difference[field].to_numpy(), rel=1e-6, abs=1e-9)
        assert getattr(found.mean("drug"), field)[2] == pytest.approx(mean[field].to_numpy(), rel=1e-6, abs=1e-9)
    assert found.minus_two_log_likelihood[2] == pytest.approx(one.minus_two_log_likelihood, rel=1e-9)
    assert found.ratings[2].sum() == one.ratings


def test_the_other_way_round_is_the_same_difference() -> None:
    found = repeated(**trial(2, 30))
    here, there = found.difference("drug", "placebo"), found.difference("placebo", "drug")
    assert (there.low == -here.high).all()
    assert (there.p == here.p).all()


def test_neither_threads_nor_company_change_a_number() -> None:
    many, few = repeated(**trial(20, 30), threads=4), repeated(**trial(20, 30), threads=1)
    assert all((a == b).all() for a, b in zip(many.differences, few.differences, strict=True))
    made = trial(20, 30)
    part: Trial = {
        "ratings": {arm: y[:, 17:] for arm, y in made["ratings"].items()},
        "seen": {arm: mask[:, 17:] for arm, mask in made["seen"].items()},
        "baseline": {arm: base[17:] for arm, base in made["baseline"].items()},
    }
    apart = repeated(**part)
    assert apart.differences.p == pytest.approx(many.differences.p[17:], rel=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("df", ["satterthwaite", "kr"])
def test_no_difference_is_found_one_time_in_twenty(df: str) -> None:
    """3000 trials of 30 people: within 3.5 standard errors of 5 % at every visit, although people leave after bad ratings."""
    replicates = 3000
    found = repeated(**trial(replicates, 30), df=df)
    assert found.fitted.mean() > 0.999
    share = (found.difference("drug", "placebo").p[found.fitted] < 0.05).mean(axis=0)
    assert share == pytest.approx(np.full(VISITS, 0.05), abs=3.5 * np.sqrt(0.05 * 0.95 / replicates))


def test_a_replicate_that_cannot_be_fitted_is_told_so() -> None:
    made = trial(4, 30)
    made["seen"] = {arm: mask.copy() for arm, mask in made["seen"].items()}
    made["seen"]["drug"][2, 1] = False  # nobody on the drug at the last visit
    for arm in made["seen"]:
        made["seen"][arm][:, 2, 4:] = False  # four people are too few
    found = repeated(**made)
    assert list(found.fitted) == [True, False, False, True]
    assert State(int(found.state[1])) is State.ALIASED
    for field in (*found.differences, *found.means, found.sigma, found.minus_two_log_likelihood):
        assert np.isnan(field[1:3]).all()
        assert np.isfinite(field[[0, 3]]).all()


def test_progress_is_told_to_the_end() -> None:
    told: list[tuple[int, int]] = []
    repeated(**trial(20, 30), progress=lambda done, of: told.append((done, of)))
    assert told == [(16, 20), (20, 20)]


def test_bad_input_is_refused() -> None:
    made = trial(2, 10)
    nan = {arm: np.where(made["seen"][arm], np.nan, y) for arm, y in made["ratings"].items()}
    both = dict.fromkeys(made["seen"], np.ones((VISITS, 2, 10), dtype=bool))
    short = {arm: base[:1] for arm, base in made["baseline"].items()}
    empty = dict.fromkeys(made["seen"], np.zeros((VISITS, 2, 10), dtype=bool))
    for change, sentence in (
        ({"ratings": nan}, "ratings: replicate .*, person .*, visit .*: found nan"),
        ({"seen": both}, "found a person in two arms"),
        ({"baseline": short}, r"baseline\[drug\]: found shape \(1, 10\)"),
        ({"baseline": None}, "baseline: found none with change=True"),
        ({"seen": empty}, "ratings: found none"),
        ({"seen": {}}, r"seen\[drug\]: found shape none"),
        ({"slope": "none"}, "slope: found 'none'"),
    ):
        with pytest.raises(FitError, match=sentence):
            repeated(**{**made, **change})
