"""Rate: what a rater writes down: expected score, the mood of the day, the rater's error, rounded and kept on the scale.

Dissociation differs between the sessions of one person by more than any rater's error, so the CADSS takes that spread instead.  A
treatment outside the chain is added here, as a course of improvement.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from racemate.chain.laws import course
from racemate.people.random import normal, uniform
from racemate.trial.conduct.believe import guesses
from racemate.trial.conduct.leave import by_score, leaves_decided, leaves_drawn, leaving_by_score, log_hazard, spent
from racemate.trial.conduct.treat import rows
from racemate.trial.conduct.world import Cohort, Enrolled, Floats, Mask, Whole, per_madrs
from racemate.trial.design import schedule
from racemate.trial.design.arm import Comparator
from racemate.trial.design.parts import Part, parts
from racemate.trial.design.protocol import Protocol
from racemate.trial.design.scheme import FELT_SCALE, MOOD_SCALES, READINGS

Bounds = Mapping[str, tuple[float, float]]
_ALMOST = 1 - 1e-9
"""Largest share of the possible improvement that is still told from all of it."""


@dataclass(frozen=True)
class Data:
    """The data of all replicates of a trial: per arm and scale the ratings of shape (times, replicates, people), and who has them.

    Where nobody is rated a value means nothing, and is NaN where nobody was carried any further.  In a crossover every person is in every arm; in a parallel trial ``seen`` is false outside the person's own.  Each stage has data of
    its own, on its own clock.
    """

    protocol: Protocol
    value: Mapping[tuple[str, str], Floats]
    seen: Mapping[tuple[str, str], NDArray[np.bool_]]
    screening: Floats
    """Score at screening, on the scale of the baseline, shape (replicates, people)."""
    left: NDArray[np.bool_]
    member: Mapping[str, NDArray[np.bool_]]
    """Who belongs to an arm, rated or not."""
    until_h: Floats = field(default_factory=lambda: np.empty((0, 0)))
    """Hours from a person's first session until nobody rates this part any more: left, gone on, or the last visit."""
    met_h: Mapping[str, Floats] = field(default_factory=dict)
    """Hours from a person's first session at which each decision was first met, as the treatment had it; infinite for never."""
    entered: Mapping[str, Mask] = field(default_factory=dict)
    """Of a stage: who came by each named entry."""
    guessed: Mask | None = None
    """Who guessed that they had the drug; None where the protocol does not ask."""
    stages: Mapping[str, "Data"] = field(default_factory=dict)
    enrolled: Enrolled | None = None
    """The people as they were treated in the end."""

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
    return tuple(f"score.{READINGS[scale]}" for scale in protocol.every_scale)


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
    cohort, ids = enrolled.cohort, enrolled.roll.ids
    every = parts(protocol)
    wander = mood(cohort, seed, ids, visits_h, every[0].starts[0] + protocol.baseline_h)
    if protocol.sites is not None and protocol.sites.sd:
        wander = wander + protocol.sites.sd * normal(seed, "trial:strict", enrolled.site.astype(np.uint64))
    added = _outside(every, enrolled, visits_h, seed)
    written = {
        scale: _written(scale, expected, cohort, wander, added, bounds, seed, ids) for scale in protocol.every_scale
    }
    periods = [k for k, part in enumerate(every) if part.stage is None]
    main = _data(every, periods, enrolled, visits_h, written, seed)
    stages = {
        part.name: _data(every, [k], enrolled, visits_h, written, seed)
        for k, part in enumerate(every)
        if part.stage is not None
    }
    return replace(main, stages=stages)


def _data(
    every: tuple[Part, ...],
    places: list[int],
    enrolled: Enrolled,
    visits_h: Floats,
    written: Mapping[str, Floats],
    seed: int,
) -> Data:
    """The data of the first part (all its periods) or of one stage."""
    protocol, roll = every[places[0]].protocol, enrolled.roll
    arm, start = enrolled.arm[places], enrolled.start_h[places]
    ends = np.stack([enrolled.ends_h(k) for k in places])
    leaves = _leaves(every[places[0]], places[0], enrolled, visits_h, written, seed)
    value: dict[tuple[str, str], Floats] = {}
    seen: dict[tuple[str, str], Mask] = {}
    member: dict[str, Mask] = {}
    for index, condition in enumerate(protocol.conditions):
        period, belongs = np.argmax(arm == index, axis=0), np.any(arm == index, axis=0)
        since, end = (np.take_along_axis(hours, period[None, :], axis=0)[0] for hours in (start, ends))
        member[condition.name] = roll.fold(belongs)
        for scale in protocol.scales:
            row = rows(visits_h, since + np.array(protocol.rated_h(scale))[:, None])
            when = visits_h[row]
            score = np.take_along_axis(written[scale], row, axis=0)
            rated = (when <= leaves) & (when <= end) & belongs
            if not (np.isfinite(score) | ~rated).all():
                raise FloatingPointError(f"{scale}: the chain gave a score that is no finite number")
            value[condition.name, scale], seen[condition.name, scale] = roll.fold(score), roll.fold(rated)
    inside = np.isfinite(start[0])
    until = np.minimum(np.minimum(leaves, ends[-1]), start[-1] + protocol.visit_h[-1])
    until = np.where(inside, until, -np.inf) - np.where(inside, start[0], 0.0)
    left = np.isfinite(leaves) & (leaves <= ends[-1])
    data = Data(
        protocol,
        value,
        seen,
        roll.fold(enrolled.screening),
        roll.fold(left),
        member,
        roll.fold(until),
        entered=_entered(every[places[0]], enrolled, places[0]),
        enrolled=enrolled,
    )
    return data if protocol.guess is None else replace(data, guessed=_guessed(data, enrolled, seed))


def _entered(part: Part, enrolled: Enrolled, place: int) -> dict[str, Mask]:
    if part.stage is None:
        return {}
    inside = enrolled.arm[place] >= 0
    return {
        entry.name: enrolled.roll.fold(inside & (enrolled.entry[place] == k))
        for k, entry in enumerate(part.stage.entries)
        if entry.name
    }


def _leaves(
    part: Part, place: int, enrolled: Enrolled, visits_h: Floats, written: Mapping[str, Floats], seed: int
) -> Floats:
    """Hours from the first dose of the trial after which a person in a part is not rated any more."""
    own, start, told = part.protocol, enrolled.start_h[place], part.protocol.leaving
    if told is not None and by_score(own):
        share = np.array([arm.dropout for arm in own.conditions])[enrolled.arm[place]]
        hours = np.array(own.visit_h)
        row = rows(visits_h, np.where(np.isfinite(start), start, 0.0) + hours[:, None])
        score = _carried(own, told.scale, hours, row, written)
        felt = _carried(own, FELT_SCALE, hours, row, written) if told.per_felt and FELT_SCALE in own.scales else None
        exposure = leaving_by_score(told, hours, score, felt)
        groups = enrolled.roll.replicate.astype(np.int64) * (len(own.conditions) + 1) + enrolled.arm[place]
        hazard = log_hazard(exposure[-1], share, groups)
        luck = uniform(seed, "trial:leaving" + (f" {part.name}" if part.stage else ""), enrolled.roll.ids)
        leaves = start + spent(hours, exposure, hazard, luck)
    else:
        leaves = leaves_drawn(part, place, enrolled, seed)
    return np.minimum(leaves, leaves_decided(part, place, enrolled))


def _carried(own: Protocol, scale: str, hours: Floats, row: Whole, written: Mapping[str, Floats]) -> Floats:
    """The last rating of a scale at each visit, shape (visits, people); zero where the scale is not rated."""
    if scale not in own.scales:
        return np.zeros(row.shape)
    rated = np.searchsorted(np.array(own.rated_h(scale)), hours, side="right") - 1
    at = np.searchsorted(hours, np.array(own.rated_h(scale)))[rated]
    return np.take_along_axis(written[scale], row[at], axis=0)


def _guessed(data: Data, enrolled: Enrolled, seed: int) -> Mask:
    protocol, roll = data.protocol, enrolled.roll
    told = protocol.guess
    assert told is not None
    felt, fall = np.zeros((2, roll.replicates, roll.people))
    for arm, belongs in data.member.items():
        start, _ = data.at(arm, told.scale, protocol.baseline_h)
        score, _ = data.at(arm, told.scale, protocol.at(told.at))
        fall = np.where(belongs, start - score, fall)
        if told.per_felt:
            most = np.where(data.seen[arm, FELT_SCALE], data.value[arm, FELT_SCALE], 0.0).max(axis=0)
            felt = np.where(belongs, most, felt)
    return roll.fold(guesses(told, roll.unfold(felt), roll.unfold(fall), seed, roll.ids))


def _outside(every: tuple[Part, ...], enrolled: Enrolled, visits_h: Floats, seed: int) -> Floats | None:
    """What treatments outside the chain add to S, shape (visits, people); None where there is none."""
    added: Floats | None = None
    for k, part in enumerate(every):
        for index, arm in enumerate(part.protocol.conditions):
            if arm.comparator is not None:
                since = np.where(enrolled.arm[k] == index, enrolled.start_h[k], np.inf)
                here = _course(arm.comparator, visits_h[:, None] - since, enrolled, seed)
                added = here if added is None else added + here
    return added


def _course(told: Comparator, elapsed: Floats, enrolled: Enrolled, seed: int) -> Floats:
    roll = enrolled.roll
    trial = told.uncertain * normal(seed, f"trial:comparator {told.name}", roll.replicate)
    person = told.person * normal(seed, f"trial:comparator person {told.name}", roll.ids)
    shape = course(np.where(np.isfinite(elapsed), elapsed, -1.0), schedule.span(told.tau), told.shape, np)
    return told.size * np.exp(trial + person) * shape


def _improved(points: Floats, added: Floats, cohort: Cohort) -> Floats:
    """Latent points after a treatment outside the chain has been added to S (`racemate.chain.severity`)."""
    base, healthy, emax = (cohort.parameter(f"severity.{name}") for name in ("baseline", "healthy", "emax"))
    room = np.maximum(base - healthy, np.finfo(float).tiny)
    share = np.clip((base - points) / room / emax, 0.0, _ALMOST)
    total = share / (1 - share) + added
    return np.where(base > healthy, base - room * emax * total / (1 + total), points)


def _written(
    scale: str,
    expected: Mapping[str, Floats],
    cohort: Cohort,
    wander: Floats,
    added: Floats | None,
    bounds: Bounds,
    seed: int,
    ids: NDArray[np.uint64],
) -> Floats:
    score = expected[f"score.{READINGS[scale]}"]
    if scale in MOOD_SCALES and added is not None:
        link = per_madrs(cohort, scale)
        score = np.where(added > 0, link * _improved(score / link, added, cohort), score)
    if scale in MOOD_SCALES:
        error = normal(seed, f"trial:rater:{scale}", ids, np.arange(len(score), dtype=np.uint64)[:, None])
        score = score + per_madrs(cohort, scale) * (wander + cohort.parameter("score.rater_sd") * error)
    if scale == FELT_SCALE:
        occasion = normal(seed, f"trial:occasion:{scale}", ids, np.arange(len(score), dtype=np.uint64)[:, None])
        score = score * np.exp(cohort.parameter("score.cadss_occasion") * occasion)
    if scale not in bounds:
        return score
    return np.clip(np.rint(score), *bounds[scale])
