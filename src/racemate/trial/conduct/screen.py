"""Screen: who is let in by a score that carries the mood of the day and the rater's error, so that people regress to the mean."""

from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from racemate.people.random import normal, uniform
from racemate.trial.conduct.world import Cohort, Floats, Ids, Whole, per_madrs
from racemate.trial.design import schedule
from racemate.trial.design.arm import Figure
from racemate.trial.design.protocol import Protocol

_STEPS = 60
_DEEPEST = 3.0
"""How many standard deviations the mean of all who come may lie below the entry score."""


def screen(protocol: Protocol, cohort: Cohort, seed: int, ids: Ids, arm: Whole | None) -> tuple[Floats | None, Floats]:
    """Latent severity at entry (MADRS; None where the trial states none) and the rated score at screening.

    Those who come are normal in severity; a score with the noise of mood and rater decides who enters, so that the people let in
    scored higher at screening than they are.  Mean and spread of those who come are set so that the rated baseline of those let in
    has the published mean and standard deviation.  Without ``arm`` (before anybody is allotted) it is the mean over all arms.
    """
    figures = [target.baseline or protocol.baseline for target in protocol.conditions]
    rule = protocol.eligibility
    rater, fickle = cohort.parameter("score.rater_sd"), _wander(protocol, cohort)
    noise = np.hypot(rater, fickle)
    if any(figure is None for figure in figures):
        score = cohort.parameter("severity.baseline") + noise * normal(seed, "trial:screening", ids)
        return None, score * per_madrs(cohort, protocol.baseline_scale)
    strict = protocol.sites.sd if protocol.sites else 0.0
    weights = [target.n or 1 for target in protocol.conditions]
    mean, spread = _latent(figures, arm, per_madrs(cohort, protocol.baseline_scale), np.hypot(rater, strict), weights)
    link = per_madrs(cohort, rule.scale or protocol.baseline_scale)
    low = -np.inf if rule.low is None else (rule.low - 0.5) / link
    high = np.inf if rule.high is None else (rule.high + 0.5) / link
    centre, width = _those_who_come(mean, spread, noise, low, high)
    total = np.hypot(width, noise)
    score = _cut_normal(uniform(seed, "trial:screening", ids), centre, total, low, high)
    kept = (width / total) ** 2
    latent = centre + kept * (score - centre) + width * np.sqrt(1 - kept) * normal(seed, "trial:baseline", ids)
    first, second = _let_in(centre, width, noise, low, high)
    latent = mean + (latent - first) * spread / second
    return np.maximum(latent, cohort.parameter("severity.healthy")), score * link


def _wander(protocol: Protocol, cohort: Cohort) -> Floats:
    """How far mood moves between screening and the first session, standard deviation on the MADRS."""
    gap = schedule.span(protocol.eligibility.screened)
    return cohort.parameter("score.mood_sd") * np.sqrt(-np.expm1(-2 * gap / cohort.parameter("score.tau_mood")))


def _latent(
    figures: list[Figure | None], arm: Whole | None, link: Floats, rater: Floats, weights: list[int]
) -> tuple[Floats, Floats]:
    """Mean and standard deviation of severity at entry: the published ones without the rater's error; of all arms without ``arm``."""
    means = np.array([figure.mean for figure in figures if figure])
    sds = np.array([figure.sd for figure in figures if figure])
    if arm is None:
        centre = np.average(means, weights=weights)
        sds = np.array([np.sqrt(np.average(sds**2 + (means - centre) ** 2, weights=weights))])
        means, arm = np.array([centre]), np.zeros(link.shape, dtype=np.int64)
    mean, rated = means[arm] / link, sds[arm] / link
    return mean, np.maximum(np.sqrt(np.maximum(rated**2 - rater**2, 0)), rated / 2) + 1e-9


def _let_in(centre: Floats, width: Floats, noise: Floats, low: Any, high: Any) -> tuple[Floats, Floats]:
    """Mean and standard deviation of severity among those whose noisy score lies between low and high."""
    total = np.hypot(width, noise)
    a, b = (low - centre) / total, (high - centre) / total
    density_a, density_b = (np.exp(-(np.minimum(np.abs(end), 40) ** 2) / 2) / np.sqrt(2 * np.pi) for end in (a, b))
    inside = np.maximum(ndtr(b) - ndtr(a), 1e-12)
    shift = (density_a - density_b) / inside
    edge = (np.where(np.isfinite(a), a, 0) * density_a - np.where(np.isfinite(b), b, 0) * density_b) / inside
    kept = (width / total) ** 2
    variance = kept**2 * total**2 * np.maximum(1 + edge - shift**2, 1e-6) + width**2 * (1 - kept)
    return centre + kept * total * shift, np.sqrt(variance)


def _those_who_come(mean: Floats, spread: Floats, noise: Floats, low: Any, high: Any) -> tuple[Floats, Floats]:
    centre, width = mean.copy(), spread.copy()
    if np.all(np.isinf(low)) and np.all(np.isinf(high)):
        return centre, width
    for _ in range(_STEPS):
        first, second = _let_in(centre, width, noise, low, high)
        width = np.clip(width * spread / second, spread / 4, spread * 4)
        centre = np.maximum(centre + mean - first, low - _DEEPEST * np.hypot(width, noise))
    return centre, width


def _cut_normal(u: Floats, mean: Floats, sd: Any, low: Any, high: Any) -> Floats:
    """Normal numbers between two ends by inversion of uniform ones."""
    a, b = ndtr((low - mean) / sd), ndtr((high - mean) / sd)
    return np.clip(mean + sd * ndtri(np.clip(a + u * (b - a), 1e-15, 1 - 1e-15)), low, high)
