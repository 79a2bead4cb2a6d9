"""Courses: what is done to the people of one arm, as PEtab tells a time course: moments, and what changes at each.

Time is in hours of the model, which begins with the plan of the trial.  Everybody is the typical person, so a dose per kilogram is one
dose.  Amounts and shares stay formulas; only *when* an input ends is a number, because PEtab's times are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import sympy as sp

from racemate.chain import dose as dosing
from racemate.exchange.sbml import ids
from racemate.exchange.sbml.export import TypicalWorld
from racemate.exchange.sbml.given import entering, setting_at
from racemate.infer.targets.target import Target
from racemate.model import Model
from racemate.readings import symbolic
from racemate.readings.names import leaves
from racemate.simulate.plan import Dose, Plan
from racemate.trial.conduct.enrol import enrol
from racemate.trial.conduct.treat import plan
from racemate.trial.design.protocol import Protocol

_SEED = 0
"""Everybody is typical and only the schedule is read, so any seed gives the same course."""


class Moment(NamedTuple):
    """An hour of the model, and the new value of each id that changes then, as a formula."""

    hour: float
    changes: dict[str, str]


class Course(NamedTuple):
    """One arm up to its last measurement: what happens, the hour of its first session and the hour its natural course begins."""

    moments: tuple[Moment, ...]
    first_session: float
    natural: float


def courses(model: Model, protocol: Protocol, targets: tuple[Target, ...]) -> dict[str, Course]:
    """The course of every arm of one trial that the targets measure, by arm."""
    last: dict[str, float] = {}
    for one in targets:
        for arm, _ in one.terms:
            last[arm] = max(last.get(arm, 0.0), one.hour)
    world = TypicalWorld(model.hypothesis.name, model, _SEED)
    enrolled = enrol(protocol, world, _SEED, 1, len(protocol.conditions) if protocol.crossover else 1)
    done, arms = plan(protocol, world, enrolled, _SEED), enrolled.arm[0]
    start, names = protocol.period_h(protocol.live_periods[0]), [arm.name for arm in protocol.conditions]
    found: dict[str, Course] = {}
    for arm, hour in last.items():
        person = int(np.argmax(arms == names.index(arm)))
        moments = _moments(model, done, person, start + hour)
        natural = float(done.antidepressant_start_h[person]) - done.start_h
        found[arm] = Course(tuple(moments), start - done.start_h, natural)
    return found


def _moments(model: Model, done: Plan, person: int, end_h: float) -> Iterator[Moment]:
    """What happens to a person from the start of a plan to an hour of it, in order."""
    added: dict[float, dict[str, list[str]]] = {}
    for dose in done.doses:
        if dose.amount_mg[person] > 0:
            for hour, name, formula in _entered(model, dose, float(dose.amount_mg[person])):
                added.setdefault(hour, {}).setdefault(name, []).append(formula)
    turns = {hour for one in done.conditions for hour in (one.start_h, one.end_h)}
    now: dict[str, float] = {}
    for hour in sorted({done.start_h, *added, *turns}):
        if hour >= end_h:
            return
        then = setting_at(done, person, hour)
        changes = {f"setting_{name}": repr(value) for name, value in then.items() if value != now.get(name, 0.0)}
        now = then
        for name, formulas in added.get(hour, {}).items():
            changes[name] = " + ".join([name, *formulas])
        if changes or hour == done.start_h:
            yield Moment(hour - done.start_h, changes)


def _entered(model: Model, dose: Dose, amount: float) -> Iterator[tuple[float, str, str]]:
    """When one dose changes which amount or input, and by what."""
    for way in dosing.inputs(dose.drug, dose.route, dose.later, symbolic.par().dose):
        state = ids.plain(f"amount.{way.body}.{way.compartment}")
        whole = sp.sympify(way.fraction) * sp.Float(amount)
        hours = dose.duration_h if way.hours is None else _typical(model, sp.sympify(way.hours))
        if not hours:
            yield dose.time_h, state, f"({_formula(whole)})"
            continue
        rate = _formula(whole / sp.Float(hours))
        yield dose.time_h, entering(state), f"({rate})"
        yield dose.time_h + hours, entering(state), f"(-({rate}))"


def _formula(one: Any) -> str:
    return str(one.xreplace({symbol: sp.Symbol(ids.of(symbol)) for symbol in one.free_symbols}))


def _typical(model: Model, one: Any) -> float:
    values = leaves(model.typical)
    names = {symbol: name for name, symbol in leaves(symbolic.par()).items()}
    return float(one.xreplace({symbol: sp.Float(values[names[symbol]]) for symbol in one.free_symbols}))
