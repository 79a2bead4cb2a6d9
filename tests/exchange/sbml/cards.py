"""Random cards that say what moves under them, random people and random courses of 28 days; all depend on a number only.

What a card holds is drawn where the benchmarks draw it.  What it says that ketamine moves is what ketamine moves under it.
"""

from dataclasses import replace
from functools import cache

import numpy as np

from benchmarks.problem import cards
from benchmarks.problem.cards import chance, one_of
from racemate.chain import dose as dosing
from racemate.chain import whole
from racemate.exchange.sbml.export import Course, typical
from racemate.hypothesis import Hypothesis, places
from racemate.model import Model, bind
from racemate.simulate.plan import Dose, nasal_session
from tests.exchange.sbml import judges

MOVED = 1e-9
"""Difference that a dose must make to a state or signal to have moved it."""
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


@cache
def card(number: int) -> Hypothesis:
    """A random card that says what moves under it."""
    moved = _moved(cards.card(number))
    return cards.card(number, tuple(name for name in places() if name in moved))


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
