"""The unit-aware reading: every function of the chain walked with quantities, checked for dimension and for scale.

The number that comes out of raw arithmetic must be the number that comes out of quantity arithmetic in the declared unit.  Dimension
alone would let 1/min pass among 1/h, and nmol/L where umol/L is meant.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from racemate.chain import circuit, concentration, dose, laws, occupancy, plasticity, score, severity, whole
from racemate.chain.laws import Relax
from racemate.readings.names import build, leaves, units
from racemate.units import declared, parse, registry

RTOL = 1e-12
"""Largest relative difference between the two arithmetics that rounding explains."""

Outcomes = dict[str, tuple[Any, str]]
"""What a function returned, by name: the value and the unit it must have."""


class Fault(NamedTuple):
    """One place where the units do not come out."""

    place: str
    unit: str
    found: str


class Aware:
    """The functions that equations ask of their number library, for quantities; each refuses units that make no sense."""

    @staticmethod
    def maximum(a: Any, b: Any) -> Any:
        """The larger of two quantities of one dimension."""
        return a if a >= b else b

    @staticmethod
    def where(condition: Any, a: Any, b: Any) -> Any:
        """``a`` where the condition holds, else ``b``; both must have one dimension."""
        return a + 0 * b if condition else b + 0 * a

    @staticmethod
    def exp(x: Any) -> float:
        """Exponential of a plain number."""
        return math.exp(_plain(x))

    @staticmethod
    def log(x: Any) -> float:
        """Logarithm of a plain number."""
        return math.log(_plain(x))


class Inputs:
    """Made-up inputs of a check: any positive number serves, because units hold for all; the same ones raw and as quantities."""

    def __init__(self, rng: np.random.Generator, aware: bool = False, drawn: dict[str, float] | None = None) -> None:
        self._rng = rng
        self._aware = aware
        self._drawn: dict[str, float] = {} if drawn is None else drawn

    def as_quantities(self) -> "Inputs":
        """The same numbers, each with its declared unit."""
        return Inputs(self._rng, True, self._drawn)

    def number(self, name: str, unit: str) -> Any:
        """One input by name and unit."""
        value = self._drawn.setdefault(name, float(self._rng.uniform(0.5, 1.5)))
        return registry().Quantity(value, parse(unit)) if self._aware else value

    def record(self, cls: Any) -> Any:
        """A record of the chain with every field filled."""
        return build(cls, self.number, f"{cls.__module__}.{cls.__name__}.")

    def rates(self, cls: Any) -> Any:
        """A record of inputs per hour to the states of ``cls``."""
        return build(
            cls, lambda name, unit: self.number(name, f"({unit})/h"), f"{cls.__module__}.{cls.__name__}.input."
        )


def _plain(x: Any) -> float:
    return float(x.to("").magnitude) if hasattr(x, "magnitude") else float(x)


def _fields(record: Any) -> Outcomes:
    declared_units = units(type(record))
    return {name: (value, declared_units[name]) for name, value in leaves(record).items()}


def _relaxations(state: type, records: Any) -> Outcomes:
    unit = declared(state)
    found: Outcomes = {}
    for name, record in zip(records._fields, records, strict=True):
        if not isinstance(record, Relax):
            raise TypeError(f"{state.__module__}.{name}: found {type(record).__name__}, allowed: Relax")
        found[f"{name} target"] = (record.target, unit[name])
        found[f"{name} rate"] = (record.rate, "1/h")
    return found


def _dose_individual(given: Inputs, _xp: Any) -> Outcomes:
    return _fields(dose.individual(given.record(dose.Par), given.record(laws.Person)))


def _dose_device(given: Inputs, xp: Any) -> Outcomes:
    p = given.record(dose.Par)
    return {"amount": (dose.device_amount(given.number("amount", "mg"), 1, p, xp), "mg")}


def _dose_inputs(given: Inputs, _xp: Any) -> Outcomes:
    p = given.record(dose.Par)
    found: Outcomes = {}
    for drug, route, later in ((d, r, k) for d in dose.drugs() for r in dose.routes(d) for k in (False, True)):
        for way in dose.inputs(drug, route, later, p):
            place = f"{drug} {route}{' later' * later} {way.body}.{way.compartment}"
            found[f"{place} fraction"] = (way.fraction, "1")
            if way.hours is not None:
                found[f"{place} hours"] = (way.hours, "h")
    return found


def _concentration_individual(given: Inputs, xp: Any) -> Outcomes:
    return _fields(concentration.individual(given.record(concentration.Par), given.record(laws.Person), xp))


def _concentration_transfers(given: Inputs, _xp: Any) -> Outcomes:
    moves = concentration.transfers(given.record(concentration.Par))
    return {
        f"{body} {move.source} to {move.sink or 'outside'}": (move.rate, "1/h")
        for body in moves
        for move in moves[body]
    }


def _concentration_signal(given: Inputs, _xp: Any) -> Outcomes:
    return _fields(concentration.signal(given.record(concentration.State), given.record(concentration.Par)))


def _concentration_plasma(given: Inputs, _xp: Any) -> Outcomes:
    return _fields(concentration.plasma(given.record(concentration.State), given.record(concentration.Par)))


def _occupancy_signal(given: Inputs, xp: Any) -> Outcomes:
    return _fields(occupancy.signal(given.record(concentration.Exposure), given.record(occupancy.Par), xp))


def _occupancy_channel(given: Inputs, xp: Any) -> Outcomes:
    p = given.record(occupancy.Par)
    return {"open": (occupancy.open_fraction(p, given.number("voltage", "mV"), xp), "1")}


def _circuit_individual(given: Inputs, _xp: Any) -> Outcomes:
    return _fields(circuit.individual(given.record(circuit.Par), given.record(laws.Person)))


def _circuit_given(given: Inputs) -> tuple[Any, Any, Any]:
    return given.record(occupancy.Occupancy), given.record(circuit.State), given.record(circuit.Par)


def _circuit_signal(given: Inputs, xp: Any) -> Outcomes:
    return _fields(circuit.signal(*_circuit_given(given), xp))


def _circuit_relaxations(given: Inputs, xp: Any) -> Outcomes:
    return _relaxations(circuit.State, circuit.relaxations(*_circuit_given(given), xp))


def _plasticity_signal(given: Inputs, _xp: Any) -> Outcomes:
    y, p = given.record(plasticity.State), given.record(plasticity.Par)
    return _fields(plasticity.signal(given.record(circuit.Circuit), y, p))


def _plasticity_relaxations(given: Inputs, _xp: Any) -> Outcomes:
    y, p = given.record(plasticity.State), given.record(plasticity.Par)
    records = plasticity.relaxations(given.record(circuit.Circuit), given.number("mtorc1_blocked", "1"), y, p)
    return _relaxations(plasticity.State, records)


def _severity_individual(given: Inputs, _xp: Any) -> Outcomes:
    return _fields(severity.individual(given.record(severity.Par), given.record(laws.Person)))


def _severity_relaxations(given: Inputs, _xp: Any) -> Outcomes:
    records = severity.relaxations(
        given.record(plasticity.Plasticity),
        given.number("felt", "1"),
        given.number("mor_blocked", "1"),
        given.record(severity.Setting),
        given.record(severity.Par),
    )
    return _relaxations(severity.State, records)


def _severity_signal(given: Inputs, xp: Any) -> Outcomes:
    return _fields(
        severity.signal(
            given.record(severity.State),
            given.record(severity.Reference),
            given.number("mor_blocked", "1"),
            given.number("on_antidepressant", "h"),
            given.record(severity.Setting),
            given.record(severity.Par),
            xp,
        )
    )


def _score_signal(given: Inputs, _xp: Any) -> Outcomes:
    p, x = given.record(score.Par), given.record(concentration.Exposure)
    return _fields(score.signal(given.record(severity.Severity), x, given.number("felt", "1"), p))


def _score_noise(given: Inputs, _xp: Any) -> Outcomes:
    return _fields(score.noise(given.record(score.Par)))


def _whole_individual(given: Inputs, xp: Any) -> Outcomes:
    return _fields(whole.individual(given.record(whole.Par), given.record(laws.Person), xp))


def _whole_flow(given: Inputs, xp: Any) -> Outcomes:
    y, p, s = given.record(whole.State), given.record(whole.Par), given.record(severity.Setting)
    slopes = whole.flow(y, p, s, given.rates(concentration.State), xp)
    return {name: (value, f"({unit})/h") for name, (value, unit) in _fields(slopes).items()}


def _whole_reading(given: Inputs, xp: Any) -> Outcomes:
    seen = whole.reading(
        given.record(concentration.Exposure),
        given.record(whole.Slow),
        given.record(whole.Par),
        given.record(severity.Setting),
        given.record(severity.Reference),
        given.number("on_antidepressant", "h"),
        xp,
    )
    return _fields(seen)


CHECKS: dict[str, Callable[[Inputs, Any], Outcomes]] = {
    "dose.individual": _dose_individual,
    "dose.device_amount": _dose_device,
    "dose.inputs": _dose_inputs,
    "concentration.individual": _concentration_individual,
    "concentration.transfers": _concentration_transfers,
    "concentration.signal": _concentration_signal,
    "concentration.plasma": _concentration_plasma,
    "occupancy.open_fraction": _occupancy_channel,
    "occupancy.signal": _occupancy_signal,
    "circuit.individual": _circuit_individual,
    "circuit.signal": _circuit_signal,
    "circuit.relaxations": _circuit_relaxations,
    "plasticity.signal": _plasticity_signal,
    "plasticity.relaxations": _plasticity_relaxations,
    "severity.individual": _severity_individual,
    "severity.relaxations": _severity_relaxations,
    "severity.signal": _severity_signal,
    "score.signal": _score_signal,
    "score.noise": _score_noise,
    "whole.individual": _whole_individual,
    "whole.flow": _whole_flow,
    "whole.reading": _whole_reading,
}
"""Each function of the chain that is walked, in causal order.  A link is checked on inputs of its own, so a fault stays where it is."""


def audit(rng: np.random.Generator, checks: Iterable[str] = tuple(CHECKS)) -> tuple[Fault, ...]:
    """Places where the unit-aware reading raises, or gives another number than raw arithmetic; empty when all is well."""
    return tuple(fault for name in checks for fault in _walk(name, rng))


def _walk(name: str, rng: np.random.Generator) -> list[Fault]:
    import pint

    given = Inputs(rng)
    raw = CHECKS[name](given, np)
    try:
        aware = CHECKS[name](given.as_quantities(), Aware)
    except pint.errors.PintError as error:
        return [Fault(name, "", str(error))]
    found: list[Fault] = []
    for outcome, (value, unit) in aware.items():
        told = _compare(float(raw[outcome][0]), value, unit)
        if told:
            found.append(Fault(f"{name} {outcome}", unit, told))
    return found


def _compare(raw: float, aware: Any, unit: str) -> str:
    import pint

    if not hasattr(aware, "to"):
        aware = registry().Quantity(aware, parse("1") if aware != 0 else parse(unit))
    try:
        number = float(aware.to(parse(unit)).magnitude)
    except pint.errors.PintError as error:
        return str(error)
    same = math.isclose(raw, number, rel_tol=RTOL, abs_tol=0.0)
    return "" if same else f"raw number {raw:.6g}, unit-aware {number:.6g}"
