"""Schedule: the stretches of a table as one plan for the engine: a lane per stretch, an amount of zero where a lane gets nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from racemate.chain import dose as dosing
from racemate.exchange.dosing.expand import Given, Stretch, snap
from racemate.simulate.plan import Condition, Dose, Plan, nasal_session
from racemate.trial.design import schedule as times
from racemate.trial.design.protocol import Protocol

Floats = NDArray[np.float64]
_MARGIN_H = 1.0
SESSION_H = times.span(Protocol.model_fields["session"].default)
"""How long a session keeps a person's attention, as protocols have it."""


def plan(stretches: Sequence[Stretch], par: dosing.Par, context: str) -> Plan:
    """Everything that is done to every lane, and every moment at which some lane is read."""
    visits = np.unique([reading.hour for stretch in stretches for reading in stretch.readings])
    end = float(visits[-1]) + _MARGIN_H
    return Plan(
        len(stretches), tuple(_doses(stretches, par)), tuple(_settings(stretches, context, end)), visits,
        np.full(len(stretches), end), stops=False,
    )  # fmt: skip


def _doses(stretches: Sequence[Stretch], par: dosing.Par) -> list[Dose]:
    amounts: dict[tuple[float, str, str, float], Floats] = {}
    for lane, stretch in enumerate(stretches):
        for given in stretch.doses:
            key = (given.hour, given.drug, given.route, given.hours)
            amounts.setdefault(key, np.zeros(len(stretches)))[lane] += given.mg
    found: list[Dose] = []
    for (hour, drug, route, hours), mg in sorted(amounts.items()):
        nasal = route == "intranasal"
        found += nasal_session(hour, drug, mg, par) if nasal else (Dose(hour, drug, route, mg, hours),)
    return found


def _settings(stretches: Sequence[Stretch], context: str, end: float) -> list[Condition]:
    """What is believed from a lane's first moment on; people are awake; a dose of ketamine is a session."""
    spells: dict[tuple[float, float, str], Floats] = {}

    def hold(lane: int, start: float, until: float, name: str) -> None:
        spells.setdefault((start, until, name), np.zeros(len(stretches)))[lane] = 1.0

    for lane, stretch in enumerate(stretches):
        hold(lane, stretch.start_h - _MARGIN_H, end, context)
        hold(lane, stretch.start_h - _MARGIN_H, end, "awake")
        for start, until in sessions(stretch.doses):
            hold(lane, start, until, "session")
    return [Condition(*spell, value) for spell, value in sorted(spells.items())]


def sessions(doses: Sequence[Given]) -> list[tuple[float, float]]:
    """Start and end of every session: a session ends where the next one starts."""
    starts = sorted({given.hour for given in doses if given.drug in dosing.ENANTIOMERS and given.mg > 0})
    return [
        (start, min(start + snap(SESSION_H), following))
        for start, following in zip(starts, [*starts[1:], np.inf], strict=False)
    ]
