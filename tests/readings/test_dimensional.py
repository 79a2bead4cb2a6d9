"""The unit-aware reading passes the chain as it stands and refuses it with a fault put in."""

import inspect
import textwrap
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import numpy as np
import pytest

from racemate.chain import (
    circuit,
    concentration,
    dose,
    laws,
    occupancy,
    plasticity,
    score,
    severity,
    whole,
)
from racemate.readings.dimensional import CHECKS, Aware, audit
from racemate.units import declared, registry

LINKS = (laws, dose, concentration, occupancy, circuit, plasticity, severity, score, whole)


@pytest.mark.parametrize("check", CHECKS)
def test_the_units_come_out(check: str, rng: np.random.Generator) -> None:
    faults = audit(rng, (check,))
    assert not faults, faults


def test_every_public_function_that_makes_a_signal_or_a_rate_is_walked() -> None:
    named = {"individual", "inputs", "transfers", "signal", "plasma", "relaxations", "noise", "flow", "reading"}
    here = {
        f"{link.__name__.rpartition('.')[2]}.{name}"
        for link in LINKS
        for name, value in vars(link).items()
        if inspect.isfunction(value) and value.__module__ == link.__name__ and name in named
    }
    assert here - {"whole.relaxations"} <= set(CHECKS)


@pytest.fixture
def mutate(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any, str, str, str], None]:
    """Replace a piece of a function's source, everywhere the function is known."""

    def do(link: Any, name: str, old: str, new: str) -> None:
        original = getattr(link, name)
        source = textwrap.dedent(inspect.getsource(original))
        assert source.count(old) >= 1, f"{link.__name__}.{name} no longer holds {old!r}"
        made: dict[str, Any] = {}
        exec(source.replace(old, new), vars(link), made)
        for other in LINKS:
            for known, value in list(vars(other).items()):
                if value is original:
                    monkeypatch.setattr(other, known, made[name])

    return do


SEEN = {
    "forgot to divide by volume": (concentration, "plasma", "s.central / p.v_central", "s.central"),
    "mass taken for amount of substance": (concentration, "signal", "(p.v_central * p.molar_mass)", "p.v_central"),
    "clearance taken for a rate": (concentration, "_naltrexone", "p.cl_naltrexone / p.v_naltrexone", "p.cl_naltrexone"),
    "lost amount without its rate": (laws, "transfer_slope", "move.rate * own", "own"),
    "share of an age without its slope": (concentration, "individual", "p.age_on_q_liver * older", "older"),
    "literal added to a concentration": (occupancy, "signal", "both = x.ketamine_s", "both = 1 + x.ketamine_s"),
    "exponential of a voltage": (occupancy, "magnesium_load", "-voltage / p.v_magnesium", "-voltage"),
    "exponential of a concentration": (occupancy, "nmda_block", "bound(load / (1 + magnesium))", "xp.exp(-x.hnk_s)"),
    "molar over mass": (occupancy, "signal", "x.methadone / p.kd_mor_methadone", "x.ketamine_s / p.kd_mor_methadone"),
    "square against its root": (laws, "hill2", "half * half", "half"),
    "time constant taken for a rate": (circuit, "relaxations", "1 / p.tau_homeostasis", "p.tau_homeostasis"),
    "time constant forgotten": (plasticity, "relaxations", "(p.tau_protein * loss)", "loss"),
    "dimensionless rate": (severity, "relaxations", "p.k_unblind", "p.tau_onset"),
    "logarithm of hours": (laws, "course", "elapsed / tau, 0", "elapsed, 0"),
    "load without its constant": (score, "signal", "/ p.ec50_sedation", ""),
    "points taken for pressure": (score, "signal", "p.pressure_max", "p.sedation_max"),
    "slope without its rate": (laws, "slope", "record.rate * ", ""),
}
"""Faults of source that units catch: module, function, what stands there, what is put in its place."""

BLIND = {
    "wrong sign of a loss": (laws, "slope", "record.target - y", "record.target + y"),
    "another target's constant": (occupancy, "signal", "x.ketamine_s / p.kd_kor_s", "x.ketamine_s / p.kd_mor_s"),
    "deep where shallow was meant": (concentration, "_ketamine", "p.q_shallow / p.v_central", "p.q_deep / p.v_central"),
    "gain added where it should take away": (
        circuit,
        "_gates",
        "1 - p.g_mor_gate_upstream",
        "1 + p.g_mor_gate_upstream",
    ),
    "a factor of two": (laws, "bound", "load / (1 + load)", "2 * load / (1 + load)"),
    "one state for another": (
        plasticity,
        "relaxations",
        "p.protein_per_mtorc1 * y.mtorc1",
        "p.protein_per_mtorc1 * y.bdnf",
    ),
}
"""Faults that no unit can see: the trials, the published curves and the facts of each link must catch these."""

DECLARED = {
    "1/min among 1/h": (concentration, "k_gut", "1/min"),
    "1/min in a slow state": (circuit, "k_tolerance", "1/min"),
    "days among hours": (plasticity, "tau_bdnf", "day"),
    "millilitres among litres": (concentration, "v_central", "mL"),
    "g/mol where mg/umol is meant": (concentration, "molar_mass", "g/mol"),
    "nmol/L used as umol/L": (occupancy, "kd_mor_s", "nmol/L"),
    "ng/mL used as mg/L": (occupancy, "kd_mor_naltrexone", "ng/mL"),
    "volt among millivolt": (occupancy, "v_rest", "V"),
    "percent used as a share": (severity, "emax", "percent"),
    "mass where molar is meant": (score, "ec50_pressure", "mg/L"),
}
"""Faults of declaration: module, field of its Par, and the unit the number really has."""


@pytest.mark.parametrize("fault", SEEN)
def test_a_fault_is_seen(fault: str, mutate: Callable[..., None], rng: np.random.Generator) -> None:
    mutate(*SEEN[fault])
    assert audit(rng)


@pytest.mark.parametrize("fault", BLIND)
def test_what_units_cannot_see(fault: str, mutate: Callable[..., None], rng: np.random.Generator) -> None:
    mutate(*BLIND[fault])
    assert not audit(rng), f"units now see {fault!r}: move it to SEEN"


@pytest.fixture
def afresh() -> Iterator[None]:
    declared.cache_clear()
    yield
    declared.cache_clear()


@pytest.mark.parametrize("fault", DECLARED)
def test_a_number_in_another_unit_is_seen(
    fault: str, afresh: None, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    link, field, unit = DECLARED[fault]
    monkeypatch.setitem(link.Par.__annotations__, field, Annotated[Any, unit])
    assert audit(rng)


def test_a_choice_between_two_dimensions_is_refused() -> None:
    import pint

    hour, litre = registry().Quantity(1.0, "h"), registry().Quantity(1.0, "L")
    with pytest.raises(pint.DimensionalityError):
        Aware.where(True, hour, litre)
    with pytest.raises(pint.DimensionalityError):
        Aware.maximum(hour, litre)


def test_a_fault_says_where_and_what(mutate: Callable[..., None], rng: np.random.Generator) -> None:
    mutate(*SEEN["time constant taken for a rate"])
    places = {fault.place for fault in audit(rng)}
    assert "circuit.relaxations homeostasis rate" in places
    told = next(fault for fault in audit(rng) if fault.place == "circuit.relaxations homeostasis rate")
    assert "hour" in told.found
