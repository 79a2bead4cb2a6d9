"""Conduct: screen, randomise, dose, believe, drop out: what a protocol does to virtual people, before anybody rates them.

Every draw is keyed by seed, stream, person and index, so that a person's fate depends neither on the batch nor on the order.
Arrays run over people; a person's number is ``replicate << 24 | place`` with the replicates one after the other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import exp, gcd, log1p, sqrt
from typing import Any
from typing import Protocol as Shape

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from racemate.chain import dose as dosing
from racemate.people.random import normal, uniform
from racemate.simulate.plan import Condition, Dose, Plan, nasal_session
from racemate.trial.design import schedule
from racemate.trial.design.protocol import Arm, Figure, Protocol

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Ids = NDArray[np.uint64]
Progress = Callable[[int, int], None]
_PLACES = 24
_MARGIN_H = 1.0
_STEPS = 60
_DEEPEST = 3.0
"""How many standard deviations the mean of all who come may lie below the entry score."""


class Cohort(Shape):
    """What a trial asks of drawn people: parameters and covariates by name, shape (people,)."""

    def parameter(self, name: str) -> Floats:
        """Parameter by dotted name, such as ``score.rater_sd``."""
        ...

    def covariate(self, name: str) -> Floats:
        """Covariate by name, such as ``weight``."""
        ...

    def with_baseline(self, points: Floats) -> "Cohort":
        """The same people with this latent severity at entry, MADRS points."""
        ...


class World(Shape):
    """What a trial asks of one hypothesis: people, and what becomes of them under a plan."""

    @property
    def name(self) -> str:
        """Name of the hypothesis."""
        ...

    @property
    def dose(self) -> dosing.Par:
        """Typical dosing parameters: what a nasal device delivers, and how far apart devices are."""
        ...

    def draw(self, ids: Ids, replicate: Ids, known: Mapping[str, float]) -> Cohort:
        """People with the parameters of their replicate; ``known`` is what the trial says of its population."""
        ...

    def run(
        self, cohort: Any, plan: Plan, readings: tuple[str, ...], progress: Progress | None
    ) -> Mapping[str, Floats]:
        """Readings by dotted name, each of shape (visits, people)."""
        ...


@dataclass(frozen=True)
class Roll:
    """Who takes part: ``replicates`` copies of a trial of ``people`` people."""

    replicates: int
    people: int

    @cached_property
    def replicate(self) -> Ids:
        """Replicate of each person, shape (replicates * people,)."""
        return np.repeat(np.arange(self.replicates, dtype=np.uint64), self.people)

    @cached_property
    def ids(self) -> Ids:
        """Number of each person."""
        place = np.tile(np.arange(self.people, dtype=np.uint64), self.replicates)
        return (self.replicate << np.uint64(_PLACES)) | place

    def fold(self, values: NDArray[Any]) -> NDArray[Any]:
        """Turn (..., people of all replicates) into (..., replicates, people)."""
        return values.reshape(*values.shape[:-1], self.replicates, self.people)


@dataclass(frozen=True)
class Enrolled:
    """The people let in: whom they are, which arm they are in in each period, and until when they stay."""

    roll: Roll
    cohort: Cohort
    arm: Whole
    """Index into ``protocol.conditions``, shape (periods, people)."""
    screening: Floats
    """Rated score at screening, on the scale of eligibility or else of the baseline."""
    leaves_h: Floats
    """Hours from the first dose after which a person is not rated any more; infinite for who stays."""


def sizes(protocol: Protocol, people: int | None) -> tuple[int, ...]:
    """People per arm, or per sequence of a crossover; ``people`` overrides the published number per arm (or of the crossover)."""
    published = [group.n or 0 for group in protocol.sequences or protocol.conditions]
    if people is None:
        return tuple(published)
    if not protocol.crossover:
        return tuple(people for _ in published)
    share = np.floor(np.cumsum(published) * people / sum(published) + 0.5).astype(int)
    return tuple(int(n) for n in np.diff(share, prepend=0))


def enrol(protocol: Protocol, world: World, seed: int, replicates: int, people: int | None = None) -> Enrolled:
    """Draw people, screen them, allocate them and settle who will leave."""
    groups = sizes(protocol, people)
    roll = Roll(replicates, sum(groups))
    cohort = world.draw(roll.ids, roll.replicate, known(protocol))
    group = randomise(protocol, cohort, seed, roll, groups)
    arm = _arms(protocol, group)
    baseline, screening = screen(protocol, cohort, seed, roll.ids, arm[0])
    if baseline is not None:
        cohort = cohort.with_baseline(baseline)
    return Enrolled(roll, cohort, arm, screening, leaving(protocol, seed, roll.ids, arm[0]))


def known(protocol: Protocol) -> dict[str, float]:
    """What the trial says of its population, in the fields of `racemate.people.population.Population`."""
    found: dict[str, float] = {}
    if protocol.eligibility.age:
        found["age_low"], found["age_high"] = protocol.eligibility.age
    for name, figure in protocol.population.items():
        if name == "weight":
            spread = log1p((figure.sd / figure.mean) ** 2)
            found["weight_median"] = figure.mean * exp(-spread / 2)
            found |= {"weight_sd_log": sqrt(spread)} if figure.sd else {}
        elif name == "age":
            found["age_mean"] = figure.mean
            found |= {"age_sd": figure.sd} if figure.sd else {}
        else:
            found[f"{name}_share"] = figure.mean
    if "asian" in protocol.population:
        found.setdefault("japanese_share", 0.0)
    return found


def randomise(protocol: Protocol, cohort: Cohort, seed: int, roll: Roll, groups: tuple[int, ...]) -> Whole:
    """Group of each person by permuted blocks within replicate and stratum; without blocks the whole trial is one."""
    strata = roll.replicate.astype(np.int64)
    for name in protocol.randomise.strata:
        strata = 2 * strata + cohort.covariate(name).astype(np.int64)
    block = protocol.randomise.block or roll.people
    share = gcd(*groups) if protocol.randomise.block else 1
    pattern = np.repeat(np.arange(len(groups)), [n // share for n in groups])
    pattern = np.tile(pattern, -(-block // len(pattern)))[:block]
    turn = _count_within(strata)
    order = np.lexsort((uniform(seed, "trial:allocation", roll.ids), turn // block, strata))
    group = np.empty(roll.ids.shape, dtype=np.int64)
    group[order] = pattern[turn[np.lexsort((turn, strata))] % block]
    return group


def _count_within(codes: Whole) -> Whole:
    """How many earlier people share one's code."""
    order = np.argsort(codes, kind="stable")
    fresh = np.r_[True, np.diff(codes[order]) != 0]
    start = np.maximum.accumulate(np.where(fresh, np.arange(codes.size), 0))
    turn = np.empty(codes.size, dtype=np.int64)
    turn[order] = np.arange(codes.size) - start
    return turn


def _arms(protocol: Protocol, group: Whole) -> Whole:
    names = [arm.name for arm in protocol.conditions]
    if not protocol.crossover:
        return group[None, :]
    table = np.array([[names.index(name) for name in sequence.arms] for sequence in protocol.sequences])
    return table[group].T


def screen(protocol: Protocol, cohort: Cohort, seed: int, ids: Ids, arm: Whole) -> tuple[Floats | None, Floats]:
    """Latent severity at entry (MADRS; None where the trial states none) and the rated score at screening.

    Those who come are normal in severity; a score with the noise of mood and rater decides who enters, so that the people let in
    scored higher at screening than they are.  Mean and spread of those who come are set so that the rated baseline of those let in
    has the published mean and standard deviation.
    """
    figures = [target.baseline or protocol.baseline for target in protocol.conditions]
    rule = protocol.eligibility
    rater, fickle = cohort.parameter("score.rater_sd"), _wander(protocol, cohort)
    noise = np.hypot(rater, fickle)
    if any(figure is None for figure in figures):
        score = cohort.parameter("severity.baseline") + noise * normal(seed, "trial:screening", ids)
        return None, score * per_madrs(cohort, protocol.baseline_scale)
    mean, spread = _latent(figures, arm, per_madrs(cohort, protocol.baseline_scale), rater)
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


def per_madrs(cohort: Cohort, scale: str) -> Floats:
    """Points of a scale per point of the MADRS."""
    if scale == "madrs":
        return np.ones_like(cohort.parameter("score.rater_sd"))
    return cohort.parameter(f"score.{scale}_per_madrs")


def _wander(protocol: Protocol, cohort: Cohort) -> Floats:
    """How far mood moves between screening and the first session, standard deviation on the MADRS."""
    gap = schedule.span(protocol.eligibility.screened)
    return cohort.parameter("score.mood_sd") * np.sqrt(-np.expm1(-2 * gap / cohort.parameter("score.tau_mood")))


def _latent(figures: list[Figure | None], arm: Whole, link: Floats, rater: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of severity at entry: the published ones without the rater's error."""
    mean = np.array([figure.mean for figure in figures if figure])[arm] / link
    rated = np.array([figure.sd for figure in figures if figure])[arm] / link
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


def leaving(protocol: Protocol, seed: int, ids: Ids, arm: Whole) -> Floats:
    """Hours from the first dose after which a person is not rated: at random at the observed share, at any time alike."""
    share = np.array([one.dropout for one in protocol.conditions])[arm]
    if protocol.crossover:
        share = np.full(arm.shape, protocol.dropout)
    last = protocol.period_h(protocol.live_periods[-1]) + protocol.visit_h[-1]
    when = uniform(seed, "trial:leaving when", ids) * last
    return np.where(uniform(seed, "trial:leaving", ids) < share, when, np.inf)


def plan(protocol: Protocol, world: World, enrolled: Enrolled, seed: int) -> Plan:
    """Everything that is done to the people of every arm, as one plan on one time axis."""
    people = enrolled.roll.ids.size
    doses: dict[tuple[float, str, str, float], Floats] = {}
    setting: dict[tuple[float, float, str], Floats] = {}
    starts = [protocol.period_h(period) for period in protocol.live_periods]
    visits = np.unique([start + hour for start in starts for hour in protocol.visit_h])
    ends = [*(start + protocol.baseline_h for start in starts[1:]), float(visits[-1]) + _MARGIN_H]
    begin = starts[0] + protocol.baseline_h - _MARGIN_H
    for k, (start, end) in enumerate(zip(starts, ends, strict=True)):
        for index, arm in enumerate(protocol.conditions):
            here = (enrolled.arm[k] == index).astype(np.float64)
            _give(doses, protocol, arm, start, here, enrolled, seed)
            for spell in _believe(protocol, arm, (begin, start, end)):
                setting[spell] = setting.get(spell, 0.0) + here
        begin = end
    given: list[Dose] = []
    for (hour, drug, route, duration), amount in sorted(doses.items()):
        if route == "intranasal":
            given += nasal_session(hour, drug, amount, world.dose)
        else:
            given.append(Dose(hour, drug, route, amount, duration))
    never = float(visits[-1]) + _MARGIN_H
    new = np.array([arm.new_antidepressant for arm in protocol.conditions])[enrolled.arm[0]]
    antidepressant = np.where(new, starts[0], never)
    conditions = tuple(Condition(*spell, value) for spell, value in sorted(setting.items()))
    return Plan(people, tuple(given), conditions, visits, antidepressant)


def _give(
    doses: dict[tuple[float, str, str, float], Floats],
    protocol: Protocol,
    arm: Arm,
    start: float,
    here: Floats,
    enrolled: Enrolled,
    seed: int,
) -> None:
    for dose in arm.doses:
        usual = schedule.amount(dose.amount)
        other, share, after = usual, 0.0, np.inf
        if dose.flexible is not None:
            other, share = schedule.amount(dose.flexible.amount), dose.flexible.share
            after = protocol.at(dose.flexible.after)
        switched = uniform(seed, f"trial:flexible {dose.drug}", enrolled.roll.ids) < share
        mass = enrolled.cohort.covariate("weight") if usual.per_kg else np.ones_like(here)
        for hour in protocol.dose_h(dose):
            mg = np.where(switched & (hour >= after), other.mg, usual.mg) * mass * here
            key = (start + hour, dose.drug, dose.route, schedule.span(dose.over))
            doses[key] = doses[key] + mg if key in doses else mg


def _believe(protocol: Protocol, arm: Arm, spell: tuple[float, float, float]) -> list[tuple[float, float, str]]:
    """The setting of one arm: what is believed of the treatment, when sessions are held, and who is awake."""
    begin, start, end = spell
    length = schedule.span(protocol.session)
    times = [start + hour for hour in protocol.session_h(arm) if start + hour < end]
    sessions = [(t, min(t + length, *following, end)) for t, *following in _with_next(times)]
    edges = [begin] + ([] if arm.awake else [edge for session in sessions for edge in session]) + [end]
    awake = [(t, until, "awake") for t, until in zip(edges[::2], edges[1::2], strict=True) if t < until]
    return [(begin, end, arm.context or protocol.context), *((t, until, "session") for t, until in sessions), *awake]


def _with_next(times: list[float]) -> list[tuple[float, ...]]:
    return [tuple(times[k : k + 2]) for k in range(len(times))]
