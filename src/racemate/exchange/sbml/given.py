"""Given: a plan of one person as changes of an SBML model at moments: doses that enter, inputs that start and end, settings that turn.

A dose enters as the chain says (`racemate.chain.dose.inputs`), its amount and duration being parameters of the file; nothing is fixed
in a formula.  Time in the file starts with the plan.
"""

from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

import sympy as sp

from racemate.chain import dose as dosing
from racemate.chain.severity import Setting
from racemate.exchange.sbml import ids
from racemate.exchange.sbml.formula import Writer, tidy
from racemate.exchange.sbml.units import PLAIN, Powers, powers
from racemate.readings import symbolic
from racemate.simulate.plan import Dose, Plan

_HOUR, _MG, _FLOW = "hour", powers("mg"), powers("mg/h")


class Quantity(NamedTuple):
    """A number that the regimen brings: id, unit, value and what it is."""

    id: str
    unit: Powers
    value: float
    label: str


class Happening(NamedTuple):
    """What happens at a moment: ``trigger`` is a formula, ``assigned`` a formula for each id that changes."""

    id: str
    label: str
    trigger: str
    assigned: dict[str, str]


@dataclass(frozen=True)
class Given:
    """A regimen in a file: its numbers, the compartments with an input at a constant rate (input by amount), and what happens."""

    quantities: tuple[Quantity, ...]
    inputs: dict[str, str]
    setting: dict[str, float]
    happenings: tuple[Happening, ...]


def given(plan: Plan, person: int) -> Given:
    """What a plan does to one person."""
    doses = [dose for dose in plan.doses if dose.amount_mg[person] > 0]
    kinds = list(dict.fromkeys(_kind(dose, person) for dose in doses))
    amounts = {kind: f"dose_{k}" for k, kind in enumerate(kinds, 1)}
    quantities: list[Quantity] = []
    for (drug, route, amount, hours), name in amounts.items():
        label = f"dose of {drug}, {route}"
        quantities.append(Quantity(f"{name}_amount", _MG, amount, label))
        if hours:
            quantities.append(Quantity(f"{name}_duration", powers("h"), hours, f"{label}: duration"))
    moments: dict[tuple[float, str], list[tuple[str, str]]] = {}
    inputs: dict[str, str] = {}
    for dose in doses:
        _enter(dose, amounts[_kind(dose, person)], plan.start_h, moments, inputs)
    happenings = [_dosed(k, moment, added) for k, (moment, added) in enumerate(sorted(moments.items()), 1)]
    first, turns = _settings(plan, person)
    return Given((*quantities, *map(port, inputs.values())), inputs, first, (*happenings, *turns))


def _kind(dose: Dose, person: int) -> tuple[str, str, float, float]:
    return dose.drug, dose.route, float(dose.amount_mg[person]), dose.duration_h


def port(name: str) -> Quantity:
    """The rate, at first zero, at which something enters a compartment."""
    return Quantity(name, _FLOW, 0.0, f"input at a constant rate into {name.removeprefix('input_')}")


def _enter(
    dose: Dose,
    name: str,
    start_h: float,
    moments: dict[tuple[float, str], list[tuple[str, str]]],
    inputs: dict[str, str],
) -> None:
    """Add what one dose changes, and when: at its time, and where it enters at a rate once more after that input's duration."""
    amount, duration = sp.Symbol(f"{name}_amount"), sp.Symbol(f"{name}_duration")
    writer = Writer({}, {})
    with sp.evaluate(False):
        ways = dosing.inputs(dose.drug, dose.route, dose.later, symbolic.par().dose)
        for way in ways:
            state = ids.plain(f"amount.{way.body}.{way.compartment}")
            hours = duration if way.hours is None else sp.sympify(way.hours)
            whole = sp.Mul(sp.sympify(way.fraction), amount)
            at = dose.time_h - start_h
            if hours == 0 or (way.hours is None and dose.duration_h == 0):
                moments.setdefault((at, ""), []).append((state, f" + {writer.formula(tidy(whole, {}))}"))
                continue
            rate = writer.formula(tidy(whole / hours, {}))
            entry = inputs.setdefault(state, entering(state))
            moments.setdefault((at, ""), []).append((entry, f" + {rate}"))
            moments.setdefault((at, ids.of(hours)), []).append((entry, f" - {rate}"))


def entering(state: str) -> str:
    """Id of the rate at which a compartment is filled, by that of its amount."""
    return state.replace("amount_", "input_", 1)


def _dosed(k: int, moment: tuple[float, str], added: list[tuple[str, str]]) -> Happening:
    (time_h, after), changed = moment, {}
    for (name, text), times in Counter(added).items():
        changed[name] = changed.get(name, name) + text * times
    when = f"{time_h!r} {_HOUR}" + (f" + {after}" if after else "")
    label = f"input ends, {after} after {time_h:g} h" if after else f"dose at {time_h:g} h"
    return Happening(f"given_{k}", label, f"time >= {when}", changed)


def _settings(plan: Plan, person: int) -> tuple[dict[str, float], list[Happening]]:
    """The setting at the start, and its turns, fields that turn together in one."""
    turns = sorted({t for c in plan.conditions for t in (c.start_h, c.end_h) if t > plan.start_h})
    first = now = setting_at(plan, person, plan.start_h)
    found: list[Happening] = []
    for time_h in turns:
        then = setting_at(plan, person, time_h)
        changed = {f"setting_{name}": f"{value!r} {PLAIN}" for name, value in then.items() if value != now[name]}
        at = time_h - plan.start_h
        if changed:
            found.append(
                Happening(f"turn_{len(found) + 1}", f"setting at {at:g} h", f"time >= {at!r} {_HOUR}", changed)
            )
        now = then
    return first, found


def setting_at(plan: Plan, person: int, time_h: float) -> dict[str, float]:
    """Every field of the setting of a person just after a time."""
    values = plan.conditions_at(time_h)
    return {name: float(value[person]) for name, value in zip(Setting._fields, values, strict=True)}
