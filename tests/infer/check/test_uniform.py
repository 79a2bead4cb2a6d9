"""The test of uniform ranks: its level, its power, and the correction for many looks."""

import numpy as np
import pytest

from racemate.infer.check import uniform

SETS, HIGHEST = 100, 63


def test_p_values_of_uniform_ranks_are_uniform():
    told = np.random.default_rng(4).integers(0, HIGHEST + 1, (SETS, 400))
    p = uniform.p_values(told, HIGHEST)
    assert np.mean(p < 0.05) == pytest.approx(0.05, abs=0.035)
    assert np.mean(p < 0.5) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(("shift", "scale"), [(0.6, 1.0), (0.0, 1.8), (0.0, 0.5)])
def test_biased_and_misspread_ranks_are_found(shift: float, scale: float):
    from scipy.stats import norm

    u = norm.cdf(shift + scale * np.random.default_rng(5).normal(size=(SETS, 1)))
    assert uniform.p_values((u * (HIGHEST + 1)).astype(np.int64), HIGHEST)[0] < 0.001


def test_holm_is_the_textbook_s():
    assert uniform.holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_the_band_holds_all_uniform_ranks_as_often_as_it_says():
    low, high = uniform.band(SETS, HIGHEST, 1)
    told = np.random.default_rng(6).integers(0, HIGHEST + 1, (600, SETS))
    below = (told[:, :, None] <= np.arange(HIGHEST)).sum(axis=1)
    inside = ((below >= low) & (below <= high)).all(axis=1)
    assert inside.mean() == pytest.approx(1 - uniform.LEVEL, abs=0.03)
