"""Random cards that the product's own reader takes, random people under them and random courses of 28 days; all depend on a number only.

A card holds each edge with chance one half, believes in a gain of its own for every other one of them, and in numbers of its own for one
parameter in twenty.  What it says that ketamine moves is what ketamine moves under it.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np

from racemate.chain import dose as dosing
from racemate.chain import whole
from racemate.evidence.prior import Prior
from racemate.exchange.sbml.export import Course, typical
from racemate.hypothesis import Hypothesis, edges, places, read
from racemate.model import Bound, Model, bind
from racemate.people.random import uniform
from racemate.simulate.plan import Dose, nasal_session
from tests.exchange.sbml import judges

SEED = 20261121
MOVED = 1e-9
"""Difference that a dose must make to a state or signal to have moved it."""
GAINS = (
    "{ law = 'fixed', median = 1 }",
    "{ law = 'fixed', median = 0.4 }",
    "{ law = 'logit-normal', median = 0.7, scale = 0.8 }",
    "{ law = 'half-normal', scale = 0.5, range = [0, 1] }",
)
"""Never above one: a tolerance that takes more than there is turns a receptor's signal negative, and the equations have a pole there."""
AMOUNTS = {"iv": 40.0, "intranasal": 84.0, "oral": 120.0, "sublingual": 60.0, "im": 40.0, "sc": 40.0}
"""Middle of the amounts given by each route, mg of any ketamine."""
OTHERS = {
    ("naltrexone", "oral"): 50.0,
    ("naltrexone", "xr"): 380.0,
    ("buprenorphine", "sublingual"): 2.0,
    ("methadone", "oral"): 10.0,
    ("midazolam", "iv"): 3.0,
    ("midazolam", "oral"): 3.0,
    ("rapamycin", "oral"): 6.0,
}
SOON = 0.5
"""Hours after each dose at which all is read too, so that no drug is judged by its last traces."""
Item = TypeVar("Item")


def chance(number: int, stream: str) -> float:
    """A number between 0 and 1, of a card and a question."""
    return float(uniform(SEED, f"random card:{stream}", np.array([number], dtype=np.uint64))[0])


def one_of(number: int, stream: str, every: Sequence[Item]) -> Item:
    return every[int(chance(number, stream) * len(every))]


@cache
def card(number: int) -> Hypothesis:
    """A random card, written as a file and read as any card is."""
    moved = _moved(_read(number, places()[:1]))
    return _read(number, tuple(name for name in places() if name in moved))


def _read(number: int, moves: Sequence[str]) -> Hypothesis:
    with TemporaryDirectory() as folder:
        place = Path(folder) / f"random-{number}.toml"
        place.write_text(text(number, moves), encoding="utf-8")
        return read(place)


def chosen(number: int) -> list[str]:
    """Edges of a card, at least one."""
    return [edge for edge in edges() if chance(number, f"edge:{edge}") < 1 / 2] or [one_of(number, "edge", edges())]


def text(number: int, moves: Sequence[str]) -> str:
    """The file of a card."""
    on = chosen(number)
    gains = [
        f"[gain.{edge}]\nprior = {one_of(number, f'gain:{edge}', GAINS)}\nnote = 'Drawn.'"
        for edge in on
        if chance(number, f"own gain:{edge}") < 1 / 2
    ]
    instead = [
        f"[instead.\"{name}\"]\nprior = {_own(number, one, one.prior)}\nnote = 'Drawn.'"
        for name, one in bind().bound.items()
        if one.prior is not None and ".g_" not in name and chance(number, f"instead:{name}") < 1 / 20
    ]
    head = (
        f"name = 'random-{number}'",
        "claim = 'None: a card to judge solvers with.'",
        f"edges = {on}",
        f"moves = {list(moves)}",
        *gains,
        *instead,
        f"[[embarrassed_by]]\nwhat = 'nothing moves'\nmoves = {list(moves[:1])}",
    )
    return "\n".join(head) + "\n"


def _own(number: int, one: Bound, prior: Prior) -> str:
    """A belief of the evidence's law and range about another median, narrower than the evidence's."""
    median = float(one.quantile(np.array([0.1 + 0.8 * chance(number, f"median:{one.name}")]))[0])
    ends = [end * one.factor for end in (prior.low, prior.high)]
    held = f", range = {ends}" if np.isfinite(ends).all() else ""
    scale = abs(median) / 3 if prior.law == "normal" else 0.3
    return f"{{ law = '{prior.law}', median = {median!r}, scale = {scale!r}{held} }}"


def _moved(told: Hypothesis) -> set[str]:
    """States and signals that an infusion of ketamine moves in the typical person."""
    model = bind(told)
    dosed, empty = (
        judges.engine(judges.course_of(model, (Dose(0.0, "ketamine", "iv", judges.mg(amount), 2 / 3),)))
        for amount in (40.0, 0.0)
    )
    return {name.removeprefix("state.") for name, values in dosed.items() if np.abs(values - empty[name]).max() > MOVED}


def course(number: int) -> Course:
    """A random person under a random card, given a ketamine eight times in 28 days, often with another drug."""
    model = bind(card(number))
    drawn = {
        name: replace(one, typical=float(one.quantile(np.array([chance(number, f"number:{name}")]))[0]))
        for name, one in model.bound.items()
        if one.prior is not None and not isinstance(one.typical, tuple)
    }
    person = judges.on_ticks(Model(model.hypothesis, {**model.bound, **drawn}, model.evidence_hash))
    given = doses(number, typical(person))
    seen = {float(hour) for hour in judges.VISITS} | {dose.time_h + SOON for dose in given if not dose.later}
    return judges.course_of(person, given, np.array(sorted(seen)))


def doses(number: int, par: whole.Par) -> tuple[Dose, ...]:
    """Eight sessions, each with a ketamine by a route; after every other one another drug, at a quarter past an hour."""
    found: list[Dose] = []
    for k, time_h in enumerate(judges.TWICE_WEEKLY):
        drug = one_of(number, f"drug:{k}", tuple(dosing.ENANTIOMERS))
        route = one_of(number, f"route:{k}", tuple(dosing.KETAMINE_ROUTES))
        amount = judges.mg(AMOUNTS[route] * (0.5 + chance(number, f"amount:{k}")))
        if route == "intranasal":
            found.extend(nasal_session(time_h, drug, amount, par.dose))
        else:
            found.append(Dose(time_h, drug, route, amount, 2 / 3 if route == "iv" else 0.0))
        if chance(number, f"another:{k}") < 1 / 2:
            found.append(_other(number, k, time_h + 1.25 + int(20 * chance(number, f"later:{k}"))))
    return tuple(found)


def _other(number: int, k: int, time_h: float) -> Dose:
    drug, route = one_of(number, f"other:{k}", tuple(OTHERS))
    return Dose(time_h, drug, route, judges.mg(OTHERS[drug, route]), 2 / 3 if route == "iv" else 0.0)
