"""Whole: the links joined.  One State, one Par, one flow; the only place that hands a later state to an earlier link."""

from typing import Any, NamedTuple

from racemate.chain import circuit, concentration, dose, occupancy, plasticity, score, severity
from racemate.chain.laws import Person, Relax, slope, transfer_slope


class Slow(NamedTuple):
    """Every state that relaxes, in causal order."""

    circuit: circuit.State
    plasticity: plasticity.State
    severity: severity.State


class State(NamedTuple):
    """Amounts and slow states of one person, or of a cohort."""

    concentration: concentration.State
    circuit: circuit.State
    plasticity: plasticity.State
    severity: severity.State


class Par(NamedTuple):
    """Parameters of every link, by the link's name."""

    dose: dose.Par
    concentration: concentration.Par
    occupancy: occupancy.Par
    circuit: circuit.Par
    plasticity: plasticity.Par
    severity: severity.Par
    score: score.Par


class Signals(NamedTuple):
    """What each link hands on at one time."""

    exposure: concentration.Exposure
    occupancy: occupancy.Occupancy
    circuit: circuit.Circuit
    plasticity: plasticity.Plasticity


class Reading(NamedTuple):
    """What can be seen of a person at one time."""

    severity: severity.Severity
    score: score.Score


def individual(p: Par, who: Person, xp: Any) -> Par:
    """Parameters of one person from those of the population and the person's covariates."""
    return p._replace(
        dose=dose.individual(p.dose, who),
        concentration=concentration.individual(p.concentration, who, xp),
        circuit=circuit.individual(p.circuit, who),
        severity=severity.individual(p.severity, who),
    )


def signals(x: concentration.Exposure, y: Slow, p: Par, xp: Any) -> Signals:
    """Signals of every link from exposure and slow states."""
    held = occupancy.signal(x, p.occupancy, xp)
    network = circuit.signal(held, y.circuit, p.circuit, xp)
    return Signals(x, held, network, plasticity.signal(network, y.plasticity, p.plasticity))


def relaxations(x: concentration.Exposure, y: Slow, p: Par, s: severity.Setting, xp: Any) -> Slow:
    """Record (target, rate) of every slow state from exposure, slow states and setting."""
    now = signals(x, y, p, xp)
    return Slow(
        circuit.relaxations(now.occupancy, y.circuit, p.circuit, xp),
        plasticity.relaxations(now.circuit, now.occupancy.mtorc1_blocked, y.plasticity, p.plasticity),
        severity.relaxations(now.plasticity, now.circuit.felt, now.occupancy.mor_blocked, s, p.severity),
    )


def reading(
    x: concentration.Exposure,
    y: Slow,
    p: Par,
    s: severity.Setting,
    ref: severity.Reference,
    on_antidepressant: Any,
    xp: Any,
) -> Reading:
    """Severity and expected scores from exposure, slow states, setting and the reference of the hypothesis."""
    now = signals(x, y, p, xp)
    latent = severity.signal(y.severity, ref, now.occupancy.mor_blocked, on_antidepressant, s, p.severity, xp)
    return Reading(latent, score.signal(latent, x, now.circuit.felt, p.score))


def flow(y: State, p: Par, s: severity.Setting, infusion: concentration.State, xp: Any) -> State:
    """Time derivative of every state per hour; ``infusion`` is the zero-order input into each compartment, mg/h.

    The engine never calls this: it solves the same records in closed form.  The independent readings do.
    """
    moves = concentration.transfers(p.concentration)
    amounts = concentration.State(
        *(_body_slope(name, y.concentration, infusion, moves) for name in concentration.State._fields)
    )
    slow = Slow(y.circuit, y.plasticity, y.severity)
    records = relaxations(concentration.signal(y.concentration, p.concentration), slow, p, s, xp)
    return State(amounts, *(_slopes(now, then) for now, then in zip(slow, records, strict=True)))


def _body_slope(name: str, y: concentration.State, infusion: concentration.State, moves: dict[str, Any]) -> Any:
    body, given = getattr(y, name), getattr(infusion, name)
    return type(body)(*(transfer_slope(part, body, moves[name]) + getattr(given, part) for part in body._fields))


def _slopes(states: Any, records: Any) -> Any:
    return type(states)(
        *(slope(value, record) for value, record in zip(states, records, strict=True) if isinstance(record, Relax))
    )
