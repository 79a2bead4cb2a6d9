"""Evidence of one trial by card, against laws whose density is known."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from racemate.report.run.factors import by_numbers

COVARIANCE: Any = np.array([[1.0, 0.6], [0.6, 2.0]])


def drawn(centre: tuple[float, float], size: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).multivariate_normal(centre, COVARIANCE, size)


def test_log_density_is_that_of_the_law_behind_many_virtual_trials() -> None:
    observed, centres = np.array([1.0, 2.0]), ((1.0, 2.0), (0.0, 0.0))
    found = by_numbers(observed, [drawn(c, 20_000, k) for k, c in enumerate(centres)])
    assert found is not None
    assert found.numbers == 2
    expected = [multivariate_normal(c, COVARIANCE).logpdf(observed) for c in centres]
    np.testing.assert_allclose(found.log_evidence, expected, atol=0.05)


def test_few_virtual_trials_have_an_error_that_says_so() -> None:
    observed = np.array([2.0, -1.0])
    few = by_numbers(observed, [drawn((0.0, 0.0), 40, 1), drawn((0.5, 0.0), 40, 2)])
    many = by_numbers(observed, [drawn((0.0, 0.0), 4_000, 1), drawn((0.5, 0.0), 4_000, 2)])
    assert few is not None
    assert many is not None
    assert (few.error > 3 * many.error).all()
    np.testing.assert_allclose(few.log_evidence, many.log_evidence, atol=4 * few.error.max())


def test_a_number_that_repeats_others_adds_nothing() -> None:
    cards = [drawn((0.0, 0.0), 500, 1), drawn((1.0, 0.0), 500, 2)]
    plain = by_numbers(np.array([0.5, 0.5]), cards)
    twice = by_numbers(np.array([0.5, 0.5, 0.0]), [np.column_stack([one, one[:, 0] - one[:, 1]]) for one in cards])
    assert plain is not None
    assert twice is not None
    assert twice.numbers == plain.numbers == 2
    assert np.diff(twice.log_evidence) == pytest.approx(np.diff(plain.log_evidence), abs=1e-6)


@pytest.mark.parametrize("spoilt", [np.nan, 0.0], ids=["undefined in one virtual trial", "the same in all"])
def test_a_number_that_one_card_cannot_answer_is_left_out_for_all(spoilt: float) -> None:
    cards = [drawn((0.0, 0.0), 200, 1), drawn((1.0, 0.0), 200, 2)]
    cards[1][: 1 if np.isnan(spoilt) else None, 1] = spoilt
    found = by_numbers(np.array([0.5, 0.5]), cards)
    assert found is not None
    assert found.numbers == 1


def test_numbers_are_never_more_than_the_virtual_trials_can_carry() -> None:
    cards = [np.random.default_rng(k).normal(size=(20, 30)) for k in range(2)]
    found = by_numbers(np.zeros(30), cards)
    assert found is not None
    assert found.numbers == 4


def test_nothing_to_tell_apart_gives_nothing() -> None:
    assert by_numbers(np.array([1.0]), [np.ones((10, 1)), np.ones((10, 1))]) is None
