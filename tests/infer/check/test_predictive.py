"""Predictive checks on simulated evidence of a known law."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from racemate.infer.check import predictive
from racemate.infer.targets.target import Target

SEEN = {"near": (0.1, -0.2, 0.3), "far": (4.0, -4.0, 4.0)}


@pytest.fixture(scope="module")
def fitted() -> Any:
    targets = tuple(
        Target(trial, k, "madrs", "observed-change", "arm", 24.0, "mean", (("arm", 1.0),), value, 1.0, 20.0)
        for trial, values in SEEN.items()
        for k, value in enumerate(values)
    )
    known = SimpleNamespace(unknowns=SimpleNamespace(trials=tuple(SEEN)))
    return cast(Any, SimpleNamespace(likelihood=SimpleNamespace(targets=targets, predictor=known)))


@pytest.fixture(scope="module")
def drawn() -> dict[str, np.ndarray]:
    return {"posterior": np.random.default_rng(3).normal(size=(2000, 6))}


def test_a_target_is_told_with_its_interval_and_distance(fitted: Any, drawn: dict[str, np.ndarray]):
    table = predictive.targets(fitted, drawn)
    assert table["z"].to_numpy() == pytest.approx([0.1, -0.2, 0.3, 4.0, -4.0, 4.0], abs=0.2)
    assert table["low"].to_numpy() == pytest.approx(-1.645, abs=0.15)
    assert table["covered"].tolist() == [True] * 3 + [False] * 3


def test_intervals_that_cover_are_counted_by_kind_and_in_all(fitted: Any, drawn: dict[str, np.ndarray]):
    table = predictive.targets(fitted, {"prior": 9 * drawn["posterior"], **drawn})
    table.loc[table["observed"] == 4.0, "kind"] = "sd"
    found = predictive.coverage(table).set_index(["predicted_from", "kind"])
    assert found.loc[("posterior", "mean")].tolist() == [4, 3, 0.75]
    assert found.loc[("posterior", "sd")].tolist() == [2, 0, 0.0]
    assert found.loc[("posterior", "all")].tolist() == [6, 3, 0.5]
    assert found.loc[("prior", "all")].tolist() == [6, 6, 1.0]


def test_a_trial_that_the_card_cannot_make_is_found(fitted: Any, drawn: dict[str, np.ndarray]):
    table = predictive.trials(fitted, drawn).set_index("trial")
    near, far = ({str(k): v for k, v in table.loc[name].items()} for name in SEEN)
    assert near["covered"] == 1
    assert near["p_value"] > 0.9
    assert far["covered"] == 0
    assert far["p_value"] < 0.002
    assert far["rms_z"] == pytest.approx(4, abs=0.2)
