"""Equations: the whole chain as SBML takes it: transfers of amounts, slow states that change at a rate, and algebra.

Every link is read once on symbols, its arguments being the symbols of what the links before it hand on, so that each formula stays as
short as its link.
"""

from functools import cache
from typing import Any, NamedTuple

import sympy as sp

from racemate.chain import circuit, concentration, occupancy, plasticity, score, severity, whole
from racemate.chain.laws import slope
from racemate.exchange.sbml.formula import Part, Writer, share, tidy
from racemate.exchange.sbml.units import Powers, powers, product
from racemate.readings import symbolic
from racemate.readings.names import leaves, units

SINCE = sp.Symbol("hours_on_treatment", real=True)
"""Hours since a new antidepressant or enrolment; negative before it."""
SIGNALS = (
    concentration.Exposure,
    concentration.Plasma,
    occupancy.Occupancy,
    circuit.Circuit,
    plasticity.Plasticity,
    severity.Severity,
    score.Score,
)
"""What is algebra on states, in causal order; the names of its fields are readings of the engine."""


class Moved(NamedTuple):
    """A first-order transfer: ``flow`` (mg/h) leaves ``source``, unless it is kept, and enters ``sink`` if there is one."""

    source: Any
    sink: Any | None
    flow: Any
    keeps: bool


class Equations(NamedTuple):
    """The chain in symbols: ``amounts`` and ``slopes`` of the states, ``algebra`` in an order that can be computed, units of all."""

    amounts: tuple[Any, ...]
    moved: tuple[Moved, ...]
    slopes: tuple[Part, ...]
    algebra: tuple[Part, ...]
    writer: Writer
    unit: dict[Any, Powers]

    @property
    def parameters(self) -> dict[str, Any]:
        """Symbols of the parameters by dotted name."""
        return leaves(symbolic.symbols(whole.Par))


@cache
def read() -> Equations:
    """Read the chain, every edge on: an edge that a card leaves out has a gain of zero."""
    with sp.evaluate(False):
        return _read()


def _read() -> Equations:
    par, slow, setting = symbolic.par(), symbolic.symbols(whole.Slow), symbolic.symbols(severity.Setting)
    body, reference = symbolic.symbols(concentration.State), symbolic.symbols(severity.Reference)
    signal = {cls: symbolic.symbols(cls) for cls in SIGNALS}
    seen, held, net = signal[concentration.Exposure], signal[occupancy.Occupancy], signal[circuit.Circuit]
    synapses, latent = signal[plasticity.Plasticity], signal[severity.Severity]
    xp = symbolic.Algebra
    values: dict[Any, Any] = {
        concentration.Exposure: concentration.signal(body, par.concentration),
        concentration.Plasma: concentration.plasma(body, par.concentration),
        occupancy.Occupancy: occupancy.signal(seen, par.occupancy, xp),
        circuit.Circuit: circuit.signal(held, slow.circuit, par.circuit, xp),
        plasticity.Plasticity: plasticity.signal(net, slow.plasticity, par.plasticity),
        severity.Severity: severity.signal(
            slow.severity, reference, held.mor_blocked, SINCE, setting, par.severity, xp
        ),
        score.Score: score.signal(latent, seen, net.felt, par.score),
    }
    records = whole.Slow(
        circuit.relaxations(held, slow.circuit, par.circuit, xp),
        plasticity.relaxations(net, held.mtorc1_blocked, slow.plasticity, par.plasticity),
        severity.relaxations(synapses, net.felt, held.mor_blocked, setting, par.severity),
    )
    done: dict[Any, Any] = {}
    parts = [
        Part(one, tidy(sp.sympify(value), done))
        for cls in SIGNALS
        for one, value in zip(signal[cls], values[cls], strict=True)
    ]
    slopes = [
        Part(y, tidy(slope(y, record), done))
        for states, found in zip(slow, records, strict=True)
        for y, record in zip(states, found, strict=True)
    ]
    moved = tuple(one._replace(flow=tidy(one.flow, done)) for one in _moved(body, par))
    known = share(parts, [*(one.right for one in slopes), *(one.flow for one in moved)], "shared_{}".format)
    unit = _units(signal, slow, body, setting, reference, par)
    writer = Writer(known, unit)
    shared = [part for part in known.values() if part.shared]
    for part in shared:
        unit[part.symbol] = writer.units(part.right)
    return Equations(tuple(leaves(body).values()), moved, tuple(slopes), (*shared, *parts), writer, unit)


def _moved(body: Any, par: Any) -> list[Moved]:
    found: list[Moved] = []
    for name, moves in concentration.transfers(par.concentration).items():
        amounts = getattr(body, name)
        for move in moves:
            source = getattr(amounts, move.source)
            sink = None if move.sink is None else getattr(amounts, move.sink)
            found.append(Moved(source, sink, move.rate * source, move.keeps))
    return found


def _units(signal: dict[Any, Any], *records: Any) -> dict[Any, Powers]:
    """Unit of every symbol, as its record declares it."""
    found: dict[Any, Powers] = {SINCE: powers("h")}
    for record in (*signal.values(), *records):
        declared = units(type(record))
        found |= {one: powers(declared[name]) for name, one in leaves(record).items()}
    return found


def per_hour(unit: Powers) -> Powers:
    """Unit of a rate of change."""
    return product(unit, powers("1/h"))
