"""Sidecar: what an event table does not say of itself: units, which compartment is which drug and route, which code is which person."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from racemate.chain import dose as dosing
from racemate.evidence.files import read_record, read_toml
from racemate.evidence.finding import EvidenceError, nearest, refuse
from racemate.evidence.record import Number, Record, Text
from racemate.trial.design.protocol import CONTEXTS
from racemate.units import UnitError, factor

OPEN = "everyone_active"
"""What people believe unless the sidecar says otherwise: everybody knows what is given."""
_INSIDE = {"time": "h", "amount": "mg", "weight": "kg", "age": "year", "concentration": "mg/L"}
"""The unit that each quantity is carried in once it has been read."""
ALLOWED = 'a TOML file beside the table with time = "h", amount = "mg" and a table [cmt.1] with drug and route'


class Compartment(Record):
    """What a compartment number of the table stands for: a drug and the route it is given by."""

    drug: Text
    route: Text

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.drug not in dosing.drugs():
            raise ValueError(f"drug {self.drug!r}: {nearest(self.drug, dosing.drugs())}")
        if self.route not in dosing.routes(self.drug):
            raise ValueError(f"route {self.route!r}: {self.drug} is given by {', '.join(dosing.routes(self.drug))}")
        return self

    @property
    def infused(self) -> bool:
        """True when a dose by this route may last as long as the table says."""
        return any(way.hours is None for way in self._ways())

    @property
    def own_duration(self) -> bool:
        """True when the route has an input at a constant rate whose duration is the chain's own."""
        return any(way.hours not in (None, 0) for way in self._ways())

    def _ways(self) -> tuple[dosing.Input, ...]:
        """The ways in, every number of the route set to one: only which numbers there are matters here."""
        return dosing.inputs(self.drug, self.route, False, dosing.Par(*(1.0 for _ in dosing.Par._fields)))


class Codes(Record):
    """The numbers that a column of the table writes for a trait of people."""

    female: tuple[Number, ...] = ()
    male: tuple[Number, ...] = ()
    asian: tuple[Number, ...] = ()
    japanese: tuple[Number, ...] = ()
    other: tuple[Number, ...] = ()


class Sidecar(Record):
    """Units and meanings of an event table; without ``time`` and ``amount`` no table is read."""

    time: Text
    amount: Text
    weight: str = ""
    age: Text = "year"
    concentration: Text = "ng/mL"
    """Unit in which plasma concentrations are written."""
    context: Text = OPEN
    """What people believe of their treatment, a context of `docs/chain/severity.md`."""
    cmt: Mapping[int, Compartment] = Field(default_factory=dict)
    sex: Codes = Codes()
    race: Codes = Codes()

    @model_validator(mode="after")
    def _read(self) -> Self:
        for name, inside in _INSIDE.items():
            unit = getattr(self, name)
            try:
                size = factor(unit, inside) if unit else 1.0
            except UnitError as fault:
                raise ValueError(f"{name}: {fault}") from fault
            if not size > 0:
                raise ValueError(f"{name}: {unit!r} is no size")
        if self.context not in CONTEXTS:
            raise ValueError(f"context {self.context!r}: {nearest(self.context, CONTEXTS)}")
        return self

    def inside(self, quantity: str) -> float:
        """What a number of the table is multiplied by: hours, mg, kg, years; concentrations the other way, from mg/L."""
        unit = getattr(self, quantity)
        if quantity == "concentration":
            return factor(_INSIDE[quantity], unit)
        return factor(unit, _INSIDE[quantity])


def read_sidecar(place: str | Path) -> Sidecar:
    """Read a sidecar; raises EvidenceError with file, field, found and allowed, also when there is none."""
    path = Path(place)
    if not path.is_file():
        raise EvidenceError(str(path), "units", "no such file", ALLOWED)
    data, findings = read_toml(path, str(path))
    refuse(findings)
    record, faults = read_record(Sidecar, data, str(path))
    refuse(faults)
    assert record is not None
    return record
