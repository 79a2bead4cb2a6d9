"""Linear kinetics solved exactly by matrix exponential: a judge independent of the package's own engine, on purpose.

It shares with the package the equations (`Transfer` records), the numbers (the evidence) and nothing else.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm

from racemate.chain import concentration, dose
from racemate.chain.laws import Person, Transfer
from racemate.evidence.library import evidence_root, read_library
from racemate.units import convert, declared

Array = NDArray[np.float64]
CAUCASIAN = Person(age=45.0, weight=70.0, female=0.0, asian=0.0, japanese=0.0, oprm1_g=0.0)


class Given(NamedTuple):
    """An amount (mg) that enters a compartment from ``start`` (h) at a constant rate over ``hours``, or at once when 0."""

    compartment: str
    amount: float
    start: float
    hours: float


class Typical(NamedTuple):
    """Kinetic parameters of one person, in the units the chain declares."""

    dose: dose.Par
    concentration: concentration.Par


def typical(who: Person = CAUCASIAN) -> Typical:
    """Parameters of a person with typical values; kinetics need no hypothesis, so none is bound."""
    return Typical(
        dose.individual(_medians(dose.Par, "dose"), who),
        concentration.individual(_medians(concentration.Par, "concentration"), who, np),
    )


@cache
def _medians(cls: Any, link: str) -> Any:
    known = read_library(evidence_root().resolve())
    names = {field: f"{link}.{field}" for field in cls._fields}
    return cls(
        **{
            field: convert(float(known.prior(name).median), known.parameter(name).unit, declared(cls)[field])  # pyright: ignore[reportArgumentType] no kinetic parameter is a list
            for field, name in names.items()
        }
    )


def matrix(compartments: Sequence[str], moves: Iterable[Transfer]) -> Array:
    """Rate matrix per hour, ``d(amounts)/dt = matrix @ amounts``; shape (compartments, compartments)."""
    place = {name: k for k, name in enumerate(compartments)}
    rates = np.zeros((len(place), len(place)))
    for move in moves:
        source = place[move.source]
        if move.sink is not None:
            rates[place[move.sink], source] += move.rate
        if not move.keeps:
            rates[source, source] -= move.rate
    return rates


def amounts(compartments: Sequence[str], moves: Iterable[Transfer], given: Sequence[Given], times: Array) -> Array:
    """Amounts in mg at rising ``times`` (h), starting empty; shape (times, compartments)."""
    place = {name: k for k, name in enumerate(compartments)}
    rates = matrix(compartments, tuple(moves))
    ends = {g.start for g in given} | {g.start + g.hours for g in given}
    edges = np.array(sorted({0.0, *ends, *times.tolist()}))
    now, steps = np.zeros(len(place)), dict[tuple[float, bytes], Array]()
    out = np.empty((len(times), len(place)))
    wanted = {t: k for k, t in enumerate(times.tolist())}
    for start, stop in zip(edges, [*edges[1:], None], strict=True):
        for g in given:
            if g.hours == 0 and g.start == start:
                now[place[g.compartment]] += g.amount
        if float(start) in wanted:
            out[wanted[float(start)]] = now
        if stop is None:
            break
        inflow = np.zeros(len(place))
        for g in given:
            if g.hours > 0 and g.start <= start and stop <= g.start + g.hours:
                inflow[place[g.compartment]] += g.amount / g.hours
        span = round(float(stop - start), 12)
        key = (span, inflow.tobytes())
        if key not in steps:
            steps[key] = _step(rates, inflow, span)
        now = (steps[key] @ np.append(now, 1.0))[:-1]
    return out


def _step(rates: Array, inflow: Array, span: float) -> Array:
    size = len(inflow)
    whole = np.zeros((size + 1, size + 1))
    whole[:size, :size], whole[:size, size] = rates * span, inflow * span
    return np.asarray(expm(whole), dtype=np.float64)


def session(
    drug: str, route: str, mg: float, p: dose.Par, at: float = 0.0, hours: float = 0.0
) -> dict[str, list[Given]]:
    """What one dose puts where, by body; a nasal dose is split over devices, ``hours`` is the length of an infusion."""
    found: dict[str, list[Given]] = {}
    devices = round(mg / p.device) if route == "intranasal" else 1
    for k in range(devices):
        for way in dose.inputs(drug, route, k > 0, p):
            span = hours if way.hours is None else way.hours
            entry = Given(way.compartment, mg / devices * way.fraction, at + k * p.device_gap, span)
            found.setdefault(way.body, []).append(entry)
    return found


def together(*sessions: dict[str, list[Given]]) -> dict[str, list[Given]]:
    """Several doses as one, by body."""
    found: dict[str, list[Given]] = {}
    for one in sessions:
        for body, given in one.items():
            found.setdefault(body, []).extend(given)
    return found


def state(given: dict[str, list[Given]], p: concentration.Par, times: Array) -> concentration.State:
    """Amounts of every body at ``times``, each of shape (times,); bodies given nothing stay at 0."""
    moves = concentration.transfers(p)
    found: dict[str, Any] = {}
    for name, body in concentration.State.__annotations__.items():
        if name in given:
            found[name] = body(*amounts(body._fields, moves[name], given[name], times).T)
        else:
            found[name] = body(*np.zeros((len(body._fields), len(times))))
    return concentration.State(**found)


def area(values: Array, times: Array) -> float:
    """Area under a curve by the trapezoidal rule, in the unit of the curve times hours."""
    return float(np.trapezoid(values, times))
