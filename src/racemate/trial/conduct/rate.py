"""Rate: what a rater writes down: expected score, the mood of the day, the rater's error, rounded and kept on the scale.

Dissociation differs between the sessions of one person by more than any rater's error, so the CADSS takes that spread instead.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from racemate.people.random import normal
from racemate.trial.conduct.enrol import Cohort, Enrolled, Floats, per_madrs
from racemate.trial.design.protocol import Protocol
from racemate.trial.design.scheme import FELT_SCALE, MOOD_SCALES, READINGS

Bounds = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Data:
    """The data of all replicates of a trial: per arm and scale the ratings of shape (times, replicates, people), and who has them.

    In a crossover every person is in every arm; in a parallel trial ``seen`` is false outside the person's own.
    """

    protocol: Protocol
    value: Mapping[tuple[str, str], Floats]
    seen: Mapping[tuple[str, str], NDArray[np.bool_]]
    screening: Floats
    """Score at screening, on the scale of the baseline, shape (replicates, people)."""
    left: NDArray[np.bool_]
    member: Mapping[str, NDArray[np.bool_]]
    """Who belongs to an arm, rated or not."""

    def at(self, arm: str, scale: str, hour: float) -> tuple[Floats, NDArray[np.bool_]]:
        """Ratings and who has one, shape (replicates, people) each."""
        k = self.protocol.rated_h(scale).index(hour)
        return self.value[arm, scale][k], self.seen[arm, scale][k]

    @property
    def complete(self) -> NDArray[np.bool_]:
        """Who has every rating of every arm they were in."""
        return ~self.left


def readings(protocol: Protocol) -> tuple[str, ...]:
    """Dotted names of the readings that a trial's scales need."""
    return tuple(f"score.{READINGS[scale]}" for scale in protocol.scales)


def mood(cohort: Cohort, seed: int, ids: NDArray[np.uint64], visits_h: Floats, start_h: float) -> Floats:
    """Departure of mood from its course, MADRS points, shape (visits, people).

    An Ornstein-Uhlenbeck process that starts at zero at the first baseline: the state at entry is what the baseline says.
    """
    sd, tau = cohort.parameter("score.mood_sd"), cohort.parameter("score.tau_mood")
    out = np.zeros((len(visits_h), ids.size))
    now, before = np.zeros(ids.size), start_h
    for k, hour in enumerate(visits_h):
        gap = max(float(hour) - before, 0.0) / tau
        now = now * np.exp(-gap) + sd * np.sqrt(-np.expm1(-2 * gap)) * normal(seed, "trial:mood", ids, k)
        out[k], before = now, max(float(hour), before)
    return out


def rate(
    protocol: Protocol,
    enrolled: Enrolled,
    visits_h: Floats,
    expected: Mapping[str, Floats],
    bounds: Bounds,
    seed: int,
) -> Data:
    """Ratings of every scale from the chain's readings at the plan's visits, each of shape (visits, people)."""
    roll, cohort = enrolled.roll, enrolled.cohort
    starts = [protocol.period_h(period) for period in protocol.live_periods]
    wander = mood(cohort, seed, roll.ids, visits_h, starts[0] + protocol.baseline_h)
    stays = visits_h[:, None] <= enrolled.leaves_h
    value: dict[tuple[str, str], Floats] = {}
    seen: dict[tuple[str, str], NDArray[np.bool_]] = {}
    for scale in protocol.scales:
        written = _written(scale, expected, cohort, wander, bounds, seed, roll.ids)
        hours = np.array(protocol.rated_h(scale))
        rows = np.array([np.searchsorted(visits_h, start + hours) for start in starts])
        for index, arm in enumerate(protocol.conditions):
            period = np.argmax(enrolled.arm == index, axis=0)
            belongs = np.any(enrolled.arm == index, axis=0)
            row = rows[period].T
            value[arm.name, scale] = roll.fold(np.take_along_axis(written, row, axis=0))
            seen[arm.name, scale] = roll.fold(np.take_along_axis(stays, row, axis=0) & belongs)
    member = {arm.name: roll.fold(np.any(enrolled.arm == k, axis=0)) for k, arm in enumerate(protocol.conditions)}
    return Data(protocol, value, seen, roll.fold(enrolled.screening), roll.fold(np.isfinite(enrolled.leaves_h)), member)


def _written(
    scale: str,
    expected: Mapping[str, Floats],
    cohort: Cohort,
    wander: Floats,
    bounds: Bounds,
    seed: int,
    ids: NDArray[np.uint64],
) -> Floats:
    score = expected[f"score.{READINGS[scale]}"]
    if not np.isfinite(score).all():
        raise FloatingPointError(f"{scale}: the chain gave a score that is no finite number")
    if scale in MOOD_SCALES:
        error = normal(seed, f"trial:rater:{scale}", ids, np.arange(len(score), dtype=np.uint64)[:, None])
        score = score + per_madrs(cohort, scale) * (wander + cohort.parameter("score.rater_sd") * error)
    if scale == FELT_SCALE:
        occasion = normal(seed, f"trial:occasion:{scale}", ids, np.arange(len(score), dtype=np.uint64)[:, None])
        score = score * np.exp(cohort.parameter("score.cadss_occasion") * occasion)
    if scale not in bounds:
        return score
    return np.clip(np.rint(score), *bounds[scale])
