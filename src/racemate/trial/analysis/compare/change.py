"""Change: the change from baseline of one arm beside another's: t tests, analysis of covariance, mixed model, crossover, imputation."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from racemate.trial.analysis import covariance, crossover, statistics
from racemate.trial.analysis.compare import completed, repeated
from racemate.trial.analysis.counted import arms_of, pair, people, rule_of, stratum
from racemate.trial.analysis.statistics import Comparison
from racemate.trial.conduct.rate import Data
from racemate.trial.design.scheme import CROSSED_TESTS, IMPUTED, PLAIN, Test, Way

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Asked(NamedTuple):
    """Which change is compared or averaged: of an outcome at an hour, in a group, by a test made in a way."""

    outcome: str
    hour: float
    group: str
    test: Test | None
    way: Way = PLAIN


def mean(data: Data, asked: Asked, arm: str, *, change: bool) -> tuple[Floats, Floats]:
    """Adjusted mean change (or score) of an arm and the people behind it, shape (replicates,) each."""
    if asked.test == "mmrm":
        found = repeated.fitted(data, asked.outcome, asked.group, asked.way, change=change)
        return repeated.mean(found, arm, asked.way.hours.index(asked.hour))
    who = people(data, asked.group)
    arms = _arms(data, who, arm)
    k = arms.index(arm)
    if asked.way.strata:
        fit, counts = _stratified(data, asked, who, arms, change=change)
        return covariance.adjusted_mean(fit, k).difference, counts[k]
    plain = _adjusted(data, asked, who, arms, change=change)
    return plain.means[k], plain.counts[k]


def compared(data: Data, asked: Asked, first: str, second: str, who: Mask | None = None) -> tuple[Comparison, Floats]:
    """Compare the change from baseline in two arms; without a named test paired where each person has both, else two-sample."""
    who = people(data, asked.group) if who is None else who
    if asked.test == "mmrm":
        found = repeated.fitted(data, asked.outcome, asked.group, asked.way, change=True)
        return repeated.compared(found, first, second, asked.way.hours.index(asked.hour))
    if asked.test in CROSSED_TESTS:
        return _crossed(data, asked, first, second, who)
    if asked.way.missing in IMPUTED:
        return completed.compared(data, asked.outcome, asked.hour, who, asked.way, first, second)
    arms = _arms(data, who, first, second)
    if asked.test == "ancova" and asked.way.strata:
        fit, n = _stratified(data, asked, who, arms, change=True)
        i, k = arms.index(first), arms.index(second)
        return covariance.compared(fit, i, k), n[i] + n[k]
    if asked.test == "ancova":
        plain = _adjusted(data, asked, who, arms, change=True)
        i, k = arms.index(first), arms.index(second)
        return statistics.compare(plain, i, k), plain.counts[i] + plain.counts[k]
    rule = asked.way.missing
    (y, x, one), (v, u, two) = (
        pair(data, asked.outcome, arms_of(data.protocol, arm), asked.hour, rule) for arm in (first, second)
    )
    one, two = one & who, two & who
    if data.protocol.crossover:
        both = one & two
        return statistics.paired_t(y - x, v - u, both), statistics.count(both)
    return statistics.two_sample_t(y - x, v - u, one, two), statistics.count(one) + statistics.count(two)


def _arms(data: Data, who: Mask, *asked: str) -> list[str]:
    """The arms that an adjusted analysis holds: those asked about, and every other that somebody of the group ever was in."""
    arms = [one.name for one in data.protocol.conditions]
    return [arm for arm in arms if arm in asked or (data.member[arm] & who).any()]


def _parts(data: Data, asked: Asked, arms: Sequence[str], *, change: bool) -> list[tuple[Floats, Floats, Mask]]:
    """Score or change, baseline, and who has both, arm by arm."""
    rule = rule_of(data.protocol, asked.way)
    parts = [pair(data, asked.outcome, (arm,), asked.hour, rule) for arm in arms]
    return [(score - base if change else score, base, known) for score, base, known in parts]


def _adjusted(data: Data, asked: Asked, who: Mask, arms: Sequence[str], *, change: bool) -> statistics.Adjusted:
    parts = _parts(data, asked, arms, change=change)
    return statistics.ancova([y for y, _, _ in parts], [x for _, x, _ in parts], [known & who for _, _, known in parts])


def _stratified(
    data: Data, asked: Asked, who: Mask, arms: Sequence[str], *, change: bool
) -> tuple[covariance.Fit, list[Floats]]:
    """Analysis of covariance on the baseline and the strata; also the people of each arm."""
    parts = _parts(data, asked, arms, change=change)
    masks = np.stack([known & who for _, _, known in parts])
    mine = masks.argmax(axis=0)
    y, x = (np.take_along_axis(np.stack([part[k] for part in parts]), mine[None], axis=0)[0] for k in (0, 1))
    strata = [stratum(data, name) for name in asked.way.strata]
    return covariance.analysed(y, mine, np.asarray(masks.any(axis=0)), [x], strata), [
        statistics.count(mask) for mask in masks
    ]


def _crossed(data: Data, asked: Asked, first: str, second: str, who: Mask) -> tuple[Comparison, Floats]:
    """Treatment, period or carry-over of a crossover of two conditions in two periods."""
    if data.enrolled is None:
        raise ValueError(
            f"test: found {asked.test!r}, which needs the order of each person; allowed: a trial that was conducted"
        )
    (y, x, one), (v, u, two) = (
        pair(data, asked.outcome, (arm,), asked.hour, asked.way.missing) for arm in (first, second)
    )
    index = [arm.name for arm in data.protocol.conditions].index(first)
    order, both = data.enrolled.roll.fold(data.enrolled.arm[0] == index), one & two & who
    a, b = y - x, v - u
    found = crossover.effects(np.where(order, a, b), np.where(order, b, a), order, both)
    picked = {"crossover": found.treatment, "period": found.period}.get(str(asked.test), found.carry_over)
    return picked, statistics.count(both)
