"""Sampler and tempering against a posterior known by formula; stopping and going on; the judgement."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from racemate.infer.judge import STRICT, judge
from racemate.infer.sample import Chains, curved, nuts
from racemate.infer.temper import temper
from tests.infer.gauss import Gauss, Tied

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # numpyro and arviz on a newer jax and xarray


@pytest.fixture(scope="module")
def chains() -> Chains:
    target: Any = Gauss()
    return nuts(target, seed=3, warmup=250, draws=500)


def test_draws_follow_the_posterior(chains: Chains):
    place, truth = chains.place.reshape(-1, 3), Gauss()
    # 2000 draws, a third of them effective at worst: four standard errors.
    assert place.mean(axis=0) == pytest.approx([truth.mean] * 3, abs=4 * (truth.variance / 600) ** 0.5)
    assert place.var(axis=0) == pytest.approx([truth.variance] * 3, rel=4 * (2 / 600) ** 0.5)


def test_good_chains_pass_and_bad_ones_are_refused(chains: Chains):
    assert judge(chains, STRICT).passed
    apart = Chains(chains.place + np.arange(4)[:, None, None], chains.statistics)
    assert any("R-hat" in reason for reason in judge(apart, STRICT).reasons)
    few = Chains(chains.place[:, :60], {name: value[:, :60] for name, value in chains.statistics.items()})
    assert any("effective" in reason for reason in judge(few, STRICT).reasons)
    lost = Chains(chains.place, {**chains.statistics, "diverging": np.ones_like(chains.statistics["diverging"])})
    assert any("divergent" in reason for reason in judge(lost, STRICT).reasons)


def test_a_stopped_run_goes_on_to_the_same_numbers(chains: Chains, tmp_path: Path):
    target: Any = Gauss()
    file = tmp_path / "checkpoint.npz"

    def stop(_step: str, done: int, _total: int) -> None:
        if done >= 300:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        nuts(target, seed=3, warmup=250, draws=500, progress=stop, checkpoint=file)
    told: list[int] = []
    again = nuts(
        target, 3, warmup=250, draws=500, checkpoint=file, progress=lambda _step, done, _total: told.append(done)
    )
    assert told[0] == 300
    np.testing.assert_array_equal(again.place, chains.place)


def test_a_checkpoint_of_another_run_is_not_used(tmp_path: Path):
    target: Any = Gauss()
    file = tmp_path / "checkpoint.npz"
    nuts(target, seed=3, warmup=50, draws=50, checkpoint=file)
    told: list[int] = []
    nuts(target, 4, warmup=50, draws=50, checkpoint=file, progress=lambda _step, done, _total: told.append(done))
    assert told[0] == 0


def test_marginal_likelihood_within_its_error():
    target: Any = Gauss()
    found = temper(target, seed=5, runs=4, particles=256)
    assert found.error < 0.3
    # The error of one repetition cannot be below about one over the root of its particles.
    assert found.log_evidence == pytest.approx(Gauss().log_evidence, abs=4 * max(found.error, 256**-0.5))


def test_a_run_may_begin_with_how_unknowns_go_together():
    target: Any = Tied()
    look = nuts(target, seed=3, warmup=50, draws=50)
    begin = curved(target, look)
    assert begin.covariance == pytest.approx(target.covariance, rel=1e-5, abs=1e-5)
    found = nuts(target, seed=3, warmup=100, draws=500, begin=begin)
    place = found.place.reshape(-1, target.size)
    assert np.cov(place.T) == pytest.approx(target.covariance, abs=0.05)
    assert found.statistics["n_steps"].mean() < look.statistics["n_steps"].mean() / 4


def test_a_run_that_goes_on_has_the_numbers_of_a_longer_one(tmp_path: Path):
    target: Any = Gauss()
    file = tmp_path / "checkpoint.npz"
    short = nuts(target, seed=3, warmup=50, draws=50, checkpoint=file)
    told: list[int] = []
    onward = nuts(
        target, 3, warmup=50, draws=150, checkpoint=file, progress=lambda _step, done, _total: told.append(done)
    )
    assert told[0] == 100
    np.testing.assert_array_equal(onward.place[:, :50], short.place)
    np.testing.assert_array_equal(onward.place, nuts(target, seed=3, warmup=50, draws=150).place)
