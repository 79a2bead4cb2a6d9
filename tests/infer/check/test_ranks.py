"""Calibration of the short fit on a model that is known exactly: right inference passes, planted faults are found."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from racemate.infer.check import ranks, uniform
from racemate.infer.check.short import DRAWS, THIN
from racemate.infer.sample import written
from tests.infer.check.linear import ERROR, LinearCheck, exact, linear

HIGHEST = DRAWS // THIN
SETS = 100
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # numpyro on a newer jax


def found(given: LinearCheck) -> np.ndarray:
    return np.array([ranks.rank(given, k).rank for k in range(SETS)])


@pytest.fixture(scope="module")
def right() -> LinearCheck:
    return linear()


def test_a_right_inference_passes(right: LinearCheck):
    p = uniform.holm(uniform.p_values(found(right), HIGHEST))
    assert (p > uniform.LEVEL).all()


@pytest.mark.parametrize(("believed", "seen_in"), [(ERROR / 2, 3), (ERROR * 2, 1)])
def test_errors_believed_to_be_half_or_twice_as_large_are_found(believed: float, seen_in: int):
    p = uniform.holm(uniform.p_values(found(linear(believed)), HIGHEST))
    assert (p < uniform.LEVEL).sum() >= seen_in


def test_the_short_fit_is_the_exact_posterior(right: LinearCheck):
    values = right.evidence(right.truth(0), 0)
    told = right.short.fit(values, 1, 0).moments()
    mean, sd = exact(values)
    assert (np.abs(told.mean[:2] - mean) < 5 * told.mean_error[:2]).all()
    assert (np.abs(np.log(told.sd[:2] / sd)) < 5 * told.log_sd_error[:2]).all()


def test_a_set_depends_on_its_own_index_only(right: LinearCheck):
    first, again = ranks.rank(right, 3), ranks.rank(linear(), 3)
    assert (first.rank == again.rank).all()
    assert (first.mean == again.mean).all()
    assert not np.array_equal(first.truth, ranks.rank(right, 4).truth)


def test_a_stopped_run_goes_on_and_ends_with_the_same_ranks(
    right: LinearCheck, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(ranks, "cache_folder", lambda: tmp_path)
    whole = ranks.rank_all(right, "a", 4, processes=0)
    monkeypatch.setattr(ranks, "cache_folder", lambda: tmp_path / "other")

    def stop(_: str, ready: int, __: int) -> None:
        if ready == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ranks.rank_all(right, "a", 4, 0, stop)
    kept = list((tmp_path / "other").rglob("*.npz"))
    assert len(kept) == 2
    written(kept[0], {"nothing": np.zeros(1)})  # spoilt: made again
    said: list[int] = []
    again = ranks.rank_all(right, "a", 4, 0, lambda _, ready, __: said.append(ready))
    assert said == [1, 2, 3, 4]
    assert all((one.rank == two.rank).all() for one, two in zip(whole, again, strict=True))


def test_a_short_fit_that_is_off_is_seen_beside_the_full_one():
    rng = np.random.default_rng(2)
    full = ranks.Moments(rng.normal(size=3), np.ones(3), np.full(3, 0.02), np.full(3, 0.02))
    near = full._replace(mean=full.mean + 0.02)
    off = full._replace(sd=np.array([1.0, 1.0, 1.3]))
    shift, ratio, p = ranks.apart([ranks.Agreement(near, full, ()), ranks.Agreement(off, full, ())])
    assert (p[0] > uniform.LEVEL).all()
    assert p[1, 5] < uniform.LEVEL
    assert ratio[1, 2] == pytest.approx(1.3)
    assert shift[0] == pytest.approx(0.02)


def test_a_planted_fault_is_in_the_fit_and_not_in_the_evidence():
    assert ranks.FAULTS == ("halved-errors",)
    given = linear()
    assert replace(given, short=linear(ERROR / 2).short).evidence(np.ones(2), 0) == pytest.approx(
        given.evidence(np.ones(2), 0)
    )
