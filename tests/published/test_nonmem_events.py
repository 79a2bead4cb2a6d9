"""ADDL, II, SS, RATE and resets mean what NONMEM 7.4.3 makes of them: its printed concentrations, to their five digits.

The table is expanded into doses as for any user; a closed form of one compartment with absorption (CL 1.1, V 20, KA 1.5, as the data
set has it) takes the place of the chain, so that nothing but the reading of events is judged.
"""

from math import exp
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from racemate.exchange.dosing.expand import Given, Stretch, expand
from racemate.exchange.dosing.sidecar import Compartment, Sidecar
from racemate.exchange.dosing.table import Table, parse

PLACE = Path(__file__).parents[2] / "validation" / "nonmem-events" / "reference.csv"
CLEARANCE, VOLUME, ABSORPTION = 1.1, 20.0, 1.5
K = CLEARANCE / VOLUME
PRINTED = 0.5e-4
"""Half of the fifth digit, relative to a number that starts with a 1."""
SETTLED_H = 500.0
"""Twenty-seven and a half time constants: what is left of a dose is 1e-12 of it."""
DEPOT, CENTRAL = "esketamine", "midazolam"
"""Two drugs that can be infused stand for the two compartments of the data set."""
SIDECAR = Sidecar(
    time="h",
    amount="mg",
    cmt={1: Compartment(drug=DEPOT, route="iv"), 2: Compartment(drug=CENTRAL, route="iv")},
)


def central(dose: Given, since: float) -> float:
    """Amount in the central compartment so long after the start of a dose."""
    if since < 0:
        return 0.0
    rates = (
        {K: 1.0}
        if dose.drug == CENTRAL
        else {K: ABSORPTION / (ABSORPTION - K), ABSORPTION: -ABSORPTION / (ABSORPTION - K)}
    )
    if dose.hours == 0:
        return dose.mg * sum(weight * exp(-rate * since) for rate, weight in rates.items())
    last, after = min(since, dose.hours), max(since - dose.hours, 0.0)
    return (
        dose.mg
        / dose.hours
        * sum(weight * (1 - exp(-rate * last)) / rate * exp(-rate * after) for rate, weight in rates.items())
    )


def concentrations(table: Table) -> dict[int, float]:
    """Concentration at each row, thousandths of the unit of amount per unit of volume."""
    stretches: tuple[Stretch, ...] = expand(table, lambda *_: SETTLED_H)
    return {
        reading.row: 1000
        / VOLUME
        * sum(central(dose, table.rows[reading.row].get("TIME") - dose.hour) for dose in stretch.doses)
        for stretch in stretches
        for reading in stretch.readings
    }


def people() -> list[int]:
    reference: Any = pd.read_csv(PLACE)
    return sorted(reference["id"].unique().tolist())


@pytest.mark.parametrize("person", people())
def test_events_are_read_as_nonmem_reads_them(person: int) -> None:
    reference: Any = pd.read_csv(PLACE)
    rows = reference[reference["id"] == person]
    table = parse(rows.drop(columns="cp").to_csv(index=False), SIDECAR)
    found = concentrations(table)
    assert len(found) == len(rows)
    observed = rows["evid"].to_numpy() == 0
    printed = rows["cp"].to_numpy()
    for k in range(len(rows)):
        if observed[k]:
            assert found[k] == pytest.approx(printed[k], rel=PRINTED, abs=1e-9), (person, rows["time"].iloc[k])


def test_the_reference_holds_every_kind_of_event() -> None:
    reference: Any = pd.read_csv(PLACE)
    doses = reference[reference["evid"] != 0]
    assert set(doses["ss"]) == {0, 1, 2}
    assert set(doses["evid"]) == {1, 4}
    assert set(doses["cmt"]) == {1, 2}
    assert (doses["addl"] > 0).any()
    assert (
        doses["amt"] / doses["rate"].where(doses["rate"] > 0) > doses["ii"]
    ).any()  # an infusion longer than its interval
