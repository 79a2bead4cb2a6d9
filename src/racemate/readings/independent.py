"""The independent reading: the whole flow of one person handed to scipy's stiff solvers, restarted at everything that happens.

It shares the chain's equations with the engine and nothing else: no matrix exponential, no grid of ticks, no collocation.  So it
judges the engine, slowly.
"""

import math
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from racemate.chain import concentration, dose, severity, whole
from racemate.readings.names import build, leaves

RTOL = 1e-10
"""Relative tolerance of the solver, so that its own error stays well under the 1e-6 it judges."""
ATOL = 1e-13
"""Absolute tolerance, in mg for amounts and in each state's unit else."""

Values = NDArray[np.float64]


class Given(Protocol):
    """A dose as a plan holds it; ``amount_mg`` has one entry per person."""

    @property
    def time_h(self) -> float:
        """When it is given."""
        ...

    @property
    def drug(self) -> str:
        """What is given."""
        ...

    @property
    def route(self) -> str:
        """Which way."""
        ...

    @property
    def amount_mg(self) -> Values:
        """How much."""
        ...

    @property
    def duration_h(self) -> float:
        """Over how long; 0 for a bolus."""
        ...

    @property
    def later(self) -> bool:
        """True for the second and further nasal devices of a session."""
        ...


class Held(Protocol):
    """A stretch of time in which a field of the setting holds."""

    @property
    def start_h(self) -> float:
        """First moment."""
        ...

    @property
    def end_h(self) -> float:
        """First moment after it."""
        ...


class Planned(Protocol):
    """What is done to people, and when they are looked at; `racemate.simulate.plan.Plan` is one."""

    @property
    def doses(self) -> Sequence[Given]:
        """Every dose."""
        ...

    @property
    def conditions(self) -> Sequence[Held]:
        """Every stretch of a setting."""
        ...

    @property
    def visits_h(self) -> Values:
        """Times of reading, ascending."""
        ...

    @property
    def start_h(self) -> float:
        """First moment anything happens or is read."""
        ...

    def conditions_at(self, time_h: float) -> severity.Setting:
        """Setting just after a time, one entry per person in each field."""
        ...


class Course(NamedTuple):
    """States of one person at the visits, just before whatever happens then: each array of shape (visits,), by dotted name."""

    visits_h: Values
    amounts: dict[str, Values]
    exposure: dict[str, Values]
    slow: dict[str, Values]


class Plain:
    """The functions that equations ask of their number library, for Python's own floats; many times faster than numpy on scalars."""

    maximum = staticmethod(max)
    exp = staticmethod(math.exp)
    log = staticmethod(math.log)

    @staticmethod
    def where(condition: bool, a: float, b: float) -> float:
        """``a`` where the condition holds, else ``b``."""
        return a if condition else b


class _Event(NamedTuple):
    """A change at a time: an amount added at once, or a constant input that starts (or, negative, ends)."""

    time_h: float
    state: str
    added_mg: float
    added_mg_per_h: float


def solve(par: whole.Par, plan: Planned, person: int = 0, method: Literal["LSODA", "Radau", "BDF"] = "LSODA") -> Course:
    """Course of one person, ``par`` holding a float in every field (the person's own parameters).

    A visit at the moment of a dose is read before the dose.  Raises RuntimeError when the solver gives up, naming the time.
    """
    events = sorted(event for given in plan.doses for event in _events(given, par.dose, person))
    first, last = plan.start_h, float(plan.visits_h[-1])
    changes = {t for c in plan.conditions for t in (c.start_h, c.end_h)} | {event.time_h for event in events}
    cuts = sorted({first, last, *map(float, plan.visits_h), *(t for t in changes if first < t < last)})
    body = _Body(par, events)
    seen: dict[float, Values] = {}
    y = np.zeros(len(body.names))
    infusion = dict.fromkeys(body.amounts, 0.0)
    for now, after in zip(cuts, [*cuts[1:], None], strict=True):
        seen[now] = y
        if after is None:
            break
        y = y.copy()
        for event in (one for one in events if one.time_h == now):
            y[body.names.index(event.state)] += event.added_mg
            infusion[event.state] += event.added_mg_per_h
        setting = severity.Setting(*(float(value[person]) for value in plan.conditions_at((now + after) / 2)))
        y = body.carry(y, setting, infusion, now, after, method)
    return body.course(plan.visits_h, np.array([seen[float(t)] for t in plan.visits_h]))


def _events(given: Given, p: dose.Par, person: int) -> list[_Event]:
    found: list[_Event] = []
    for way in dose.inputs(given.drug, given.route, given.later, p):
        amount = float(way.fraction) * float(given.amount_mg[person])
        hours = given.duration_h if way.hours is None else float(way.hours)
        state = f"{way.body}.{way.compartment}"
        if hours == 0:
            found.append(_Event(given.time_h, state, amount, 0.0))
        else:
            found.append(_Event(given.time_h, state, 0.0, amount / hours))
            found.append(_Event(given.time_h + hours, state, 0.0, -amount / hours))
    return found


class _Body:
    """The states that move, in the order of the chain: amounts of the drugs that are given, and every slow state."""

    def __init__(self, par: whole.Par, events: Sequence[_Event]) -> None:
        given = {event.state.partition(".")[0] for event in events}
        self._par = par
        self._still = build(concentration.State, lambda _name, _unit: 0.0)
        self._moving = [name for name in concentration.State._fields if name in given]
        self._slow = [type(part) for part in build(whole.Slow, lambda _name, _unit: 0.0)]
        self.amounts = tuple(leaves(self._still))
        slow = leaves(build(whole.Slow, lambda _name, _unit: 0.0))
        self.names = (*(name for name in self.amounts if name.partition(".")[0] in given), *slow)

    def _state(self, y: list[float]) -> whole.State:
        values = iter(y)

        def filled(cls: Any) -> Any:
            return cls(*(next(values) for _ in cls._fields))

        amounts = self._still._replace(**{name: filled(type(getattr(self._still, name))) for name in self._moving})
        return whole.State(amounts, *(filled(cls) for cls in self._slow))

    def _flat(self, state: whole.State) -> list[float]:
        amounts = (getattr(state.concentration, name) for name in self._moving)
        return [value for part in (*amounts, *state[1:]) for value in part]

    def carry(
        self, y: Values, setting: severity.Setting, infusion: dict[str, float], now: float, after: float, method: str
    ) -> Values:
        """States at ``after`` from states at ``now``, nothing happening between."""
        from scipy.integrate import solve_ivp

        given = build(concentration.State, lambda name, _: infusion[name])

        def slopes(_t: float, values: Values) -> list[float]:
            return self._flat(whole.flow(self._state(values.tolist()), self._par, setting, given, Plain))

        solved: Any = solve_ivp(slopes, (now, after), y, method=method, rtol=RTOL, atol=ATOL, t_eval=(after,))
        if not solved.success:
            raise RuntimeError(f"{method} stopped between {now:g} and {after:g} h: {solved.message}")
        return np.asarray(solved.y[:, -1])

    def course(self, visits_h: Values, found: Values) -> Course:
        """Everything named, from states of shape (visits, states)."""
        states = [self._state(row.tolist()) for row in found]
        exposure = [leaves(concentration.signal(state.concentration, self._par.concentration)) for state in states]
        amounts = [leaves(state.concentration) for state in states]
        slow = [leaves(whole.Slow(*state[1:])) for state in states]
        return Course(visits_h, _columns(amounts), _columns(exposure), _columns(slow))


def _columns(rows: Sequence[dict[str, float]]) -> dict[str, Values]:
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}
