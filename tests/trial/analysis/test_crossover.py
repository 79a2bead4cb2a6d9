"""A two-by-two crossover: a textbook trial, and effects that were put in."""

import numpy as np
import pytest
from scipy import stats

from racemate.trial.analysis import crossover, statistics

FORMOTEROL_FIRST = ((310, 270), (310, 260), (370, 300), (410, 390), (250, 210), (380, 350), (330, 365))
SALBUTAMOL_FIRST = ((370, 385), (310, 400), (380, 410), (290, 320), (260, 340), (90, 220))
"""Peak flow of 13 children, Senn, Cross-over Trials in Clinical Research, table 3.1, as remembered: it gives his 46.6 (SE 10.8)."""


def test_peak_flow_of_thirteen_children() -> None:
    flow = np.array((*FORMOTEROL_FIRST, *SALBUTAMOL_FIRST), dtype=float)
    ab = np.array([[True] * len(FORMOTEROL_FIRST) + [False] * len(SALBUTAMOL_FIRST)])
    found = crossover.effects(flow[None, :, 0], flow[None, :, 1], ab, np.ones_like(ab))
    assert found.treatment.difference[0] == pytest.approx(46.6, abs=0.05)
    assert found.treatment.se[0] == pytest.approx(10.8, abs=0.05)
    assert found.treatment.df[0] == 11
    total = flow.sum(axis=1)
    _, p = stats.ttest_ind(total[ab[0]], total[~ab[0]])
    assert found.carry_over.p[0] == pytest.approx(p)


def test_each_effect_is_what_was_put_in_and_a_period_does_not_pass_for_a_treatment(rng: np.random.Generator) -> None:
    many, n = 3000, 15
    ab = rng.random((many, n)) < 0.3
    person, noise = rng.normal(0, 8, (many, n)), rng.normal(0, 4, (2, many, n))
    first = person + np.where(ab, 3.0, 0.0) + noise[0]
    second = person + np.where(ab, 0.0, 3.0) - 5 + noise[1]
    everyone = np.ones_like(ab)
    found = crossover.effects(first, second, ab, everyone)
    told = np.isfinite(found.treatment.se)
    for effect, put_in in ((found.treatment, 3), (found.period, -5)):
        known = effect.difference[told]
        assert known.mean() == pytest.approx(put_in, abs=4 * known.std() / len(known) ** 0.5)
    one, two = np.where(ab, first, second), np.where(ab, second, first)
    plain = statistics.paired_t(one, two, everyone).difference
    # Without the period, the order that most people followed leaks in: 3 + 5 * (2 * 0.3 - 1).
    assert plain.mean() == pytest.approx(1, abs=4 * plain.std() / many**0.5)


def test_under_the_null_one_in_twenty_is_found(rng: np.random.Generator) -> None:
    many, n = 4000, 16
    ab = np.tile(np.arange(n) % 2 == 0, (many, 1))
    person = rng.normal(0, 8, (many, n))
    first, second = person + rng.normal(0, 4, (many, n)), person + rng.normal(0, 4, (many, n))
    for effect in crossover.effects(first, second, ab, np.ones_like(ab)):
        assert np.mean(effect.p < 0.05) == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / many))
