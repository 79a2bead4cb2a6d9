"""Rules: what an event table must keep, cell by cell, row by row and person by person; the first fault is told."""

from __future__ import annotations

from racemate.exchange.dosing.sidecar import Codes
from racemate.exchange.dosing.table import COVARIATE, RESETTING, Row, Table
from racemate.trial.design.schedule import LONGEST_H, MOST_DOSES

MODELLED_DURATION = -2.0
MODELLED_RATE = -1.0
_MOST_ID = 1 << 32
"""An id and the number of a replicate make one 64-bit number."""
_LARGEST_MG = 1e6
"""A kilogram of drug is a slip of the pen."""
_WEIGHT_KG, _AGE_Y = (2.0, 650.0), (0.0, 130.0)
"""The lightest newborn and the heaviest person on record, rounded outwards; the oldest likewise."""


def check(table: Table) -> None:
    """Every rule of an event table, cell by cell and then person by person."""
    longest = LONGEST_H / table.sidecar.inside("time")
    heaviest = _LARGEST_MG / table.sidecar.inside("amount")
    for row in table.rows:
        _check_kind(table, row, longest)
        if row.doses:
            _check_dose(table, row, heaviest, longest)
        _check_covariates(table, row)
    _check_order(table)
    for name in COVARIATE:
        _check_constant(table, name)


def _whole(table: Table, row: Row, name: str, allowed: tuple[int, int], why: str, required: bool = False) -> None:
    value = row.number.get(name)
    if value is None:
        if required:
            table.refuse(row, name, "nothing", why)
        return
    if not value.is_integer() or not allowed[0] <= value <= allowed[1]:
        table.refuse(row, name, value, why)


def _check_kind(table: Table, row: Row, longest: float) -> None:
    _whole(table, row, "ID", (0, _MOST_ID - 1), f"a whole number from 0 to {_MOST_ID - 1}", required=True)
    time = row.number.get("TIME")
    if time is None or not 0 <= time <= longest:
        table.refuse(row, "TIME", "nothing" if time is None else time, f"a time from 0 to {longest:g}, twenty years")
    _whole(table, row, "EVID", (0, 4), "0 observation, 1 dose, 2 other, 3 reset, 4 reset and dose")
    _whole(table, row, "MDV", (0, 1), "0 or 1")
    _whole(table, row, "CMT", (-MOST_DOSES, MOST_DOSES), "a whole number")
    _whole(table, row, "ADDL", (0, MOST_DOSES), f"a whole number from 0 to {MOST_DOSES}")
    _whole(table, row, "SS", (0, 2), "0, 1 (steady state) or 2 (steady state on top of what is there)")
    if row.evid and row.number.get("MDV") == 0:
        table.refuse(row, "MDV", 0, "1, or nothing, on a row that is no observation")
    if not row.doses:
        for name in ("AMT", "RATE", "ADDL", "SS"):
            if row.get(name):
                table.refuse(row, name, row.get(name), f"0 or nothing where EVID is {row.evid}")


def _check_dose(table: Table, row: Row, heaviest: float, longest: float) -> None:
    amount, rate, gap = row.get("AMT"), row.get("RATE"), row.get("II")
    if row.number.get("AMT") is None or not 0 <= amount <= heaviest:
        table.refuse(row, "AMT", row.number.get("AMT"), f"an amount from 0 to {heaviest:g} {table.sidecar.amount}")
    if not 0 <= gap <= longest:
        table.refuse(row, "II", gap, f"an interval from 0 to {longest:g}")
    for name in ("ADDL", "SS"):
        if row.get(name) and gap <= 0:
            table.refuse(row, "II", gap, f"an interval above 0, as {name} is {row.get(name):g}")
    if row.get("TIME") + row.get("ADDL") * gap > longest:
        table.refuse(row, "ADDL", row.get("ADDL"), f"doses that end before {longest:g}, twenty years")
    if row.get("SS") and not amount:
        table.refuse(row, "AMT", amount, "an amount above 0 at steady state; an endless infusion is not simulated")
    number = int(row.get("CMT", 1))
    compartment = table.sidecar.cmt.get(number)
    if compartment is None:
        known = ", ".join(map(str, table.sidecar.cmt)) or "none yet"
        table.refuse(row, "CMT", number, f"a compartment that the sidecar names as [cmt.{number}]; it names {known}")
    _check_rate(table, row, rate, longest)


def _check_rate(table: Table, row: Row, rate: float, longest: float) -> None:
    compartment = table.sidecar.cmt[int(row.get("CMT", 1))]
    route = f"{compartment.drug} by {compartment.route}"
    if rate == MODELLED_RATE:
        table.refuse(row, "RATE", rate, f"no modelled rate: {route} has none; -2 asks for the duration of the route")
    if rate == MODELLED_DURATION:
        if not compartment.own_duration:
            table.refuse(row, "RATE", rate, f"0 or a rate above 0: {route} has no duration of its own")
    elif rate < 0:
        table.refuse(row, "RATE", rate, "0, a rate above 0, or -2 for the duration of the route")
    elif rate > 0:
        if not compartment.infused:
            table.refuse(row, "RATE", rate, f"0 or -2: {route} is no infusion")
        if row.get("AMT") / rate > longest:
            table.refuse(row, "RATE", rate, f"an infusion shorter than {longest:g}, twenty years")


def _check_covariates(table: Table, row: Row) -> None:
    for name, quantity, (low, high) in (("WT", "weight", _WEIGHT_KG), ("AGE", "age", _AGE_Y)):
        value = row.number.get(name)
        if value is None:
            continue
        if not getattr(table.sidecar, quantity):
            table.refuse(row, name, value, f'a sidecar that says {quantity} = "kg", or whatever unit it is')
        size = table.sidecar.inside(quantity)
        if not low <= value * size <= high:
            table.refuse(row, name, value, f"{low / size:g} to {high / size:g}")
    for name, codes in (("SEX", table.sidecar.sex), ("RACE", table.sidecar.race)):
        value = row.number.get(name)
        known = sorted(_codes(codes))
        if value is not None and value not in known:
            names = ", ".join(f"{code:g}" for code in known) or "none yet"
            table.refuse(row, name, value, f"a code that the sidecar explains in [{name.lower()}]; it explains {names}")


def _codes(codes: Codes) -> set[float]:
    return {value for listed in codes.model_dump().values() for value in listed}


def _check_order(table: Table) -> None:
    """All rows of a person stand together, and time does not run back but at a reset."""
    left: set[int] = set()
    before: Row | None = None
    for row in table.rows:
        if before is not None and row.person != before.person:
            left.add(before.person)
        if row.person in left:
            table.refuse(row, "ID", row.person, "all rows of a person together")
        same = before is not None and before.person == row.person
        if same and before is not None and row.get("TIME") < before.get("TIME") and row.evid not in RESETTING:
            table.refuse(row, "TIME", row.get("TIME"), f"{before.get('TIME'):g} or later, unless EVID is 3 or 4")
        before = row


def _check_constant(table: Table, name: str) -> None:
    seen: dict[int, float] = {}
    for row in table.rows:
        value = row.number.get(name)
        if value is not None and seen.setdefault(row.person, value) != value:
            table.refuse(row, name, value, f"{seen[row.person]:g} as in earlier rows: one value per person")
