"""Laws: the few forms every link is written in, each with its reference.

A link never writes a derivative.  A slow state *relaxes* to a target at a rate, and a drug *transfers* between compartments; from
these two records the engine, the symbolic reading and the independent solver each build their own equations.
"""

from typing import Annotated, Any, NamedTuple


class Person(NamedTuple):
    """What is known of a person before any dose; a cohort when the fields are arrays of equal length."""

    age: Annotated[Any, "year"]
    weight: Annotated[Any, "kg"]
    female: Annotated[Any, "1"]
    asian: Annotated[Any, "1"]
    japanese: Annotated[Any, "1"]
    oprm1_g: Annotated[Any, "1"]
    """1 for carriers of the minor allele of rs1799971, 0 otherwise."""


def switched(ratio: Any, carries: Any) -> Any:
    """Multiplier that is ``ratio`` for those who carry a trait (1) and one for those who do not (0)."""
    return 1 + carries * (ratio - 1)


class Relax(NamedTuple):
    """``dy/dt = rate * (target - y)``; ``rate`` per hour, ``target`` in the unit of the state."""

    target: Any
    rate: Any


class Transfer(NamedTuple):
    """First-order movement of an amount: the sink gains ``rate * source`` per hour.

    The source loses as much unless it ``keeps`` it (an effect site copies a concentration and takes no mass).  ``sink`` is None for
    what leaves the body.
    """

    source: str
    sink: str | None
    rate: Any
    keeps: bool = False


def slope(y: Any, record: Relax) -> Any:
    """Time derivative of a state from its record, in the unit of the state per hour."""
    return record.rate * (record.target - y)


def transfer_slope(compartment: str, amounts: Any, transfers: tuple[Transfer, ...]) -> Any:
    """Net rate of change of one compartment, in amount per hour, from the transfers that touch it (fields of ``amounts``)."""
    own = getattr(amounts, compartment)
    total: Any = None
    for move in transfers:
        gain = move.rate * getattr(amounts, move.source) if move.sink == compartment else None
        loss = move.rate * own if move.source == compartment and not move.keeps else None
        for part in (gain, None if loss is None else -loss):
            if part is not None:
                total = part if total is None else total + part
    return total


def bound(load: Any) -> Any:
    """Fraction of a site held at equilibrium by ligands of total load ``sum(C / Kd)`` (Langmuir 1918, Gaddum 1937)."""
    return load / (1 + load)


def hill2(c: Any, half: Any) -> Any:
    """Steep saturation with exponent two, exactly zero at ``c = 0``; ``half`` is the concentration of half effect (Hill 1910)."""
    return c * c / (c * c + half * half)


def rectify(x: Any, width: Any, xp: Any) -> Any:
    """Smooth ``max(0, x)``: exactly zero for ``x <= 0``, twice differentiable, equal to ``x`` well above ``width``.

    A softplus leaks at zero drug and slowly builds plasticity in placebo arms; this form cannot.
    """
    above = xp.maximum(x, 0 * x)
    return above * above * above / (above * above + width * width)


def grow(stimulus: Any, k_up: Any, k_down: Any) -> Relax:
    """A state that a stimulus fills towards one and that drains by itself: ``dy/dt = k_up*stimulus*(1 - y) - k_down*y``."""
    rate = k_up * stimulus + k_down
    return Relax(k_up * stimulus / rate, rate)


def permit(share: Any, half: Any) -> Any:
    """Permission given by a tone relative to its normal value: 0 without tone, 1 at normal tone, saturating above.

    ``share`` is tone over normal tone; ``half`` sets how fast permission is lost below it.
    """
    return (1 + half) * share * share / (half + share * share)


def course(elapsed: Any, tau: Any, shape: Any, xp: Any) -> Any:
    """Weibull course from 0 at the start to 1: ``1 - exp(-(elapsed/tau)**shape)``; zero before the start (Weibull 1951)."""
    started = elapsed > 0 * elapsed
    safe = xp.where(started, elapsed / tau, 0 * elapsed / tau + 1)
    return xp.where(started, 1 - xp.exp(-xp.exp(shape * xp.log(safe))), 0 * safe)
