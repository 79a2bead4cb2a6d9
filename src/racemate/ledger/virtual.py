"""The laboratory: the same virtual people in every arm of a scenario, under one hypothesis as the calibration trials have left it.

Parameters come from the shipped posterior of the card where there is one, as in every run, and from their priors elsewhere.

Each person is a replicate of their own, so that the spread over people holds the uncertainty of the parameters as well as the
differences between people.  A run is kept: checks share it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from racemate.evidence.finding import EvidenceError, nearest
from racemate.evidence.library import Library
from racemate.ledger.book import FILE, Book
from racemate.ledger.record import Arm, Given, Reckoned, Scenario

if TYPE_CHECKING:
    from racemate.people.cohort import Cohort
    from racemate.simulate.plan import Condition, Dose
    from racemate.simulate.trajectory import Trajectory

Array = NDArray[np.float64]
_LOW, _HIGH = 0.05, 0.95


@dataclass(frozen=True)
class Seen:
    """What was read of the people of every arm; `told` says which run it was."""

    scenario: Scenario
    trajectory: Trajectory
    told: str
    people: int
    fitted: bool
    """Whether calibration trials have informed the parameters."""

    def of(self, arm: str, reading: str) -> Array:
        """One reading of one arm, shape (visits, people)."""
        names = [one.name for one in self.scenario.arm]
        if arm not in names:
            raise EvidenceError(FILE, f"scenario.{self.scenario.name}.arm", repr(arm), nearest(arm, names))
        start = names.index(arm) * self.people
        return self.trajectory[reading][:, start : start + self.people]

    def at(self, arm: str, reading: str, hour: float) -> Array:
        """One reading of one arm at one visit, shape (people,)."""
        return self.of(arm, reading)[self.visit(hour)]

    def peak(self, arm: str, reading: str) -> Array:
        """The largest reading of each person, shape (people,)."""
        return self.of(arm, reading).max(axis=0)

    def visit(self, hour: float) -> int:
        """Index of the visit at an hour."""
        found = np.flatnonzero(np.isclose(self.trajectory.visits_h, hour))
        if not found.size:
            raise EvidenceError(
                FILE, f"scenario.{self.scenario.name}.visits_h", f"none at {hour:g} h", "the time of a visit"
            )
        return int(found[0])

    def peak_hour(self, arm: str, reading: str) -> float:
        """When the median person's reading is largest, hours."""
        return float(self.trajectory.visits_h[int(np.argmax(np.median(self.of(arm, reading), axis=1)))])


def summary(name: str, values: Array, unit: str = "1") -> Reckoned:
    """Median of the draws and the ends that hold nine tenths of them."""
    low, middle, high = np.quantile(values, (_LOW, 0.5, _HIGH))
    return Reckoned(name, float(middle), unit, float(low), float(high))


@dataclass
class Laboratory:
    """Runs scenarios of the book and keeps what it saw."""

    book: Book
    known: Library
    threads: int | None = None
    posterior: str | None = None
    """As `racemate.model.inform` takes it."""
    _kept: dict[tuple[str, str], Seen] = field(default_factory=dict[tuple[str, str], Seen])

    def see(self, scenario: str, hypothesis: str) -> Seen:
        """People of a scenario under a hypothesis, run once."""
        key = (scenario, hypothesis)
        if key not in self._kept:
            if scenario not in self.book.scenarios:
                raise EvidenceError(FILE, "scenario", repr(scenario), nearest(scenario, self.book.scenarios))
            self._kept[key] = self._run(self.book.scenarios[scenario], hypothesis)
        return self._kept[key]

    def _run(self, scenario: Scenario, hypothesis: str) -> Seen:
        from racemate.model import inform
        from racemate.people.cohort import draw
        from racemate.simulate.plan import Plan
        from racemate.simulate.run import run

        people, seed = self.book.virtual.people, self.book.virtual.seed
        ids = np.tile(np.arange(people), len(scenario.arm))
        carrier = np.repeat([float(arm.carrier) for arm in scenario.arm], people)
        model = inform(hypothesis, self.posterior, self.known)
        cohort = draw(model, seed, ids, ids, given={"oprm1_g": carrier})
        _take_away(cohort, scenario, people)
        device = model.typical.dose
        plan = Plan(
            people=len(ids),
            doses=tuple(_doses(scenario, cohort, people, device)),
            conditions=tuple(_conditions(scenario, people)),
            visits_h=np.asarray(scenario.visits_h),
            antidepressant_start_h=_starts(scenario, people),
        )
        seen = run(cohort, plan, threads=self.threads)
        origin = f"the {model.posterior.name} posterior" if model.posterior else "the priors"
        told = f"{scenario.name} under {hypothesis}, {people} people from {origin}, seed {seed}, evidence {self.known.hash[:12]}"
        return Seen(scenario, seen, told, people, model.posterior is not None)


def _take_away(cohort: Cohort, scenario: Scenario, people: int) -> None:
    """Set to nothing what an arm goes without."""
    for k, arm in enumerate(scenario.arm):
        for name in arm.without:
            if name not in cohort.model.rows:
                raise EvidenceError(
                    FILE, f"scenario.{scenario.name}.{arm.name}.without", repr(name), nearest(name, cohort.model.rows)
                )
            cohort.table[cohort.model.rows.index(name), k * people : (k + 1) * people] = 0.0


def _doses(scenario: Scenario, cohort: Cohort, people: int, device: object) -> Iterable[Dose]:
    """Every dose of every arm; arms that take the same thing at the same time share one dose."""
    from racemate.simulate.plan import Dose, nasal_session

    amounts: dict[tuple[float, str, str, float], Array] = {}
    for k, arm in enumerate(scenario.arm):
        here = slice(k * people, (k + 1) * people)
        for given in arm.gives:
            for hour in given.at_h:
                key = (hour, given.drug, given.route, given.over_h)
                amounts.setdefault(key, np.zeros(cohort.people))[here] += _milligrams(
                    given, arm, cohort.who.weight[here]
                )
    for (hour, drug, route, over), amount in sorted(amounts.items()):
        if route == "intranasal":
            yield from nasal_session(hour, drug, amount, device)  # pyright: ignore[reportArgumentType] the dose link's Par
        else:
            yield Dose(hour, drug, route, amount, over)


def _milligrams(given: Given, arm: Arm, weight: Array) -> Array:
    if (given.mg is None) == (given.mg_per_kg is None):
        raise EvidenceError(
            FILE,
            f"scenario arm {arm.name!r}",
            f"{given.drug} in {given.mg} mg and {given.mg_per_kg} mg/kg",
            "one of the two",
        )
    return np.full(weight.shape, given.mg) if given.mg is not None else np.asarray(given.mg_per_kg) * weight


def _conditions(scenario: Scenario, people: int) -> Iterable[Condition]:
    """Sessions, wakefulness and context; everybody is in the room at every session."""
    from racemate.simulate.plan import Condition

    awake = np.repeat([float(arm.awake) for arm in scenario.arm], people)
    first, last = min(scenario.sessions_h), scenario.visits_h[-1] + scenario.session_lasts_h
    for start in scenario.sessions_h:
        end = start + scenario.session_lasts_h
        yield Condition(start, end, "session", np.ones(awake.shape))
        yield Condition(start, end, "awake", awake)
    for context in dict.fromkeys(arm.context for arm in scenario.arm):
        inside = np.repeat([float(arm.context == context) for arm in scenario.arm], people)
        yield Condition(first, last, context, inside)


def _starts(scenario: Scenario, people: int) -> Array:
    never = scenario.visits_h[-1] + scenario.session_lasts_h
    return np.repeat([0.0 if arm.antidepressant else never for arm in scenario.arm], people)


def readable() -> tuple[str, ...]:
    """Dotted names of everything the model can be read for."""
    from racemate.simulate.step import reading_names

    return reading_names()
