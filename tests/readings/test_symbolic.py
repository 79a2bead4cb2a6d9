"""The symbolic reading says what the chain says, in formulas a person can read."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import sympy as sp

from racemate.chain import circuit, concentration, dose, laws, occupancy, plasticity, score, severity, whole
from racemate.hypothesis import edges
from racemate.readings import symbolic
from racemate.readings.independent import Plain
from racemate.readings.names import leaves
from tests.readings.inputs import Numbers

LINKS = ("dose", "concentration", "occupancy", "circuit", "plasticity", "severity", "score")
SINCE = "hours_on_treatment"


def solved(found: list[symbolic.Equation], known: Mapping[str, float]) -> dict[str, float]:
    """Value of each formula, evaluated as soon as everything it names is known."""
    values = dict(known)
    out: dict[str, float] = {}
    waiting = list(found)
    while waiting:
        ready = [one for one in waiting if all(s.name in values for s in one.right.free_symbols)]
        assert ready, f"circular or unknown: {[one.name for one in waiting]}"
        for one in ready:
            names = sorted(one.right.free_symbols, key=str)
            number = sp.lambdify(names, one.right, "math")(*(values[s.name] for s in names))
            out[f"{one.kind} {one.left.name}"] = float(number)
            if one.kind in {"term", "signal"}:
                values[one.left.name] = float(number)
        waiting = [one for one in waiting if one not in ready]
    return out


def signals(cls: Any, record: Any) -> dict[str, float]:
    names = [one.name for one in leaves(symbolic.symbols(cls)).values()]
    return {f"signal {name}": float(v) for name, v in zip(names, leaves(record).values(), strict=True)}


def states(cls: Any, y: Any, records: Any) -> dict[str, float]:
    names = [one.name for one in leaves(symbolic.symbols(cls)).values()]
    return {f"state {n}": float(laws.slope(a, r)) for n, a, r in zip(names, y, records, strict=True)}


def persons(link: str, own: Any, changed: Any) -> dict[str, float]:
    before, after = leaves(own), leaves(changed)
    return {f"person {link}.Person.{name}": float(v) for name, v in after.items() if v != before[name]}


def _concentration(n: Numbers, p: whole.Par) -> dict[str, float]:
    y, own = n.record(concentration.State), p.concentration
    moves = concentration.transfers(own)
    slopes = {
        f"state concentration.State.{body}.{part}": laws.transfer_slope(part, amounts, moves[body])
        for body, amounts in zip(y._fields, y, strict=True)
        for part in amounts._fields
    }
    seen = signals(concentration.Exposure, concentration.signal(y, own))
    changed = concentration.individual(own, n.record(laws.Person), Plain)
    seen |= persons("concentration", own, changed) | signals(concentration.Plasma, concentration.plasma(y, own))
    return slopes | seen


def _occupancy(n: Numbers, p: whole.Par) -> dict[str, float]:
    held = occupancy.signal(n.record(concentration.Exposure), p.occupancy, Plain)
    return signals(occupancy.Occupancy, held)


def _circuit(n: Numbers, p: whole.Par) -> dict[str, float]:
    o, y = n.record(occupancy.Occupancy), n.record(circuit.State)
    seen = signals(circuit.Circuit, circuit.signal(o, y, p.circuit, Plain))
    seen |= persons("circuit", p.circuit, circuit.individual(p.circuit, n.record(laws.Person)))
    return seen | states(circuit.State, y, circuit.relaxations(o, y, p.circuit, Plain))


def _plasticity(n: Numbers, p: whole.Par) -> dict[str, float]:
    c, y = n.record(circuit.Circuit), n.record(plasticity.State)
    records = plasticity.relaxations(c, n.record(occupancy.Occupancy).mtorc1_blocked, y, p.plasticity)
    seen = signals(plasticity.Plasticity, plasticity.signal(c, y, p.plasticity))
    return seen | states(plasticity.State, y, records)


def _severity(n: Numbers, p: whole.Par) -> dict[str, float]:
    y, s, ref = n.record(severity.State), n.record(severity.Setting), n.record(severity.Reference)
    blocked, felt = n.record(occupancy.Occupancy).mor_blocked, n.record(circuit.Circuit).felt
    seen = severity.signal(y, ref, blocked, n(SINCE), s, p.severity, Plain)
    records = severity.relaxations(n.record(plasticity.Plasticity), felt, blocked, s, p.severity)
    changed = persons("severity", p.severity, severity.individual(p.severity, n.record(laws.Person)))
    return changed | signals(severity.Severity, seen) | states(severity.State, y, records)


def _score(n: Numbers, p: whole.Par) -> dict[str, float]:
    v, x = n.record(severity.Severity), n.record(concentration.Exposure)
    return signals(score.Score, score.signal(v, x, n.record(circuit.Circuit).felt, p.score))


CHAIN: dict[str, Callable[[Numbers, whole.Par], dict[str, float]]] = {
    "concentration": _concentration,
    "occupancy": _occupancy,
    "circuit": _circuit,
    "plasticity": _plasticity,
    "severity": _severity,
    "score": _score,
}
INSIDE = {
    "circuit": (circuit.Circuit,),
    "plasticity": (plasticity.Plasticity,),
    "severity": (severity.Severity,),
    "concentration": (concentration.Exposure,),
    "occupancy": (occupancy.Occupancy,),
    "score": (score.Score,),
}
"""Signals that a link computes itself: its formulas must find them, so they are not given."""


@pytest.mark.parametrize("since", [0.7, -0.7])
@pytest.mark.parametrize("link", CHAIN)
def test_the_formulas_give_the_chain_its_numbers(link: str, since: float, rng: np.random.Generator) -> None:
    numbers = Numbers(rng)
    numbers.drawn[SINCE] = since
    wanted = CHAIN[link](numbers, numbers.par())
    own = {one.name for cls in INSIDE[link] for one in leaves(symbolic.symbols(cls)).values()}
    found = solved(symbolic.equations(link), {k: v for k, v in numbers.drawn.items() if k not in own})
    kept = {name: value for name, value in found.items() if not name.startswith("term ")}
    missing = set(wanted) - set(kept)
    assert all("ketamine_r" in name for name in missing), missing
    for name, value in kept.items():
        assert value == pytest.approx(wanted[name], rel=1e-12, abs=1e-14), name


def test_shares_of_a_dose_are_those_of_the_chain(rng: np.random.Generator) -> None:
    numbers = Numbers(rng)
    p = numbers.par().dose
    changed = next(one for one in symbolic.equations("dose") if one.kind == "person")
    value = changed.right.subs({s: numbers(s.name) for s in changed.right.free_symbols})
    assert float(value) == pytest.approx(dose.individual(p, numbers.record(laws.Person)).f_nasal, rel=1e-12)
    found = {one.name: one for one in symbolic.equations("dose") if one.kind == "input"}
    for name, one in found.items():
        names = sorted(one.right.free_symbols, key=str)
        value = float(one.right.subs({s: numbers(s.name) for s in names}))
        drug, route = name.split()[0], name.split()[1].rstrip(",")
        ways = dose.inputs(drug, route, "later" in name, p)
        shares = {way.compartment.replace("_", " "): way.fraction for way in ways}
        assert value == pytest.approx(float(shares[name.rpartition(" to ")[2]]), rel=1e-12), name
    drugs = {(name.split()[0], name.split()[1].rstrip(",")) for name in found}
    assert drugs == {(d, r) for d in dose.drugs() if d not in {"ketamine", "arketamine"} for r in dose.routes(d)}


def test_what_r_shares_with_s_is_written_once() -> None:
    names = [one.name for one in symbolic.equations("concentration")]
    assert "ketamine_s.central" in names
    assert "ketamine_r.central" not in names
    assert "ketamine_r.liver" in names


def test_an_edge_that_is_off_leaves_no_trace() -> None:
    without = symbolic.equations("circuit", ["nmda_to_interneuron"])
    gains = {s.name for one in without for s in one.right.free_symbols if ".g_" in s.name}
    assert gains == {"circuit.Par.g_nmda_to_interneuron"}
    drive = next(one for one in symbolic.equations("circuit", []) if one.name == "drive")
    assert drive.right == 0


def test_an_unknown_edge_or_link_is_refused() -> None:
    with pytest.raises(ValueError, match=r"found mor_gates, allowed: .*mor_gate_upstream"):
        symbolic.par(["mor_gates"])
    with pytest.raises(ValueError, match="found 'moods', allowed: dose, "):
        symbolic.equations("moods")


@pytest.mark.parametrize("link", LINKS)
def test_every_formula_is_drawn_by_the_pages(link: str) -> None:
    from latex2mathml.converter import convert

    for one in symbolic.equations(link):
        assert convert(one.latex, display="block").startswith("<math"), one.name
        assert len(one.latex) < 2_500, f"{link} {one.name}: {len(one.latex)} characters are no formula to read"


def test_no_two_numbers_of_one_link_look_alike() -> None:
    for link in LINKS:
        drawn: dict[str, str] = {}
        for one in symbolic.equations(link):
            for s in (one.left, *one.right.free_symbols):
                glyph = symbolic.glyph_of(s).latex
                assert drawn.setdefault(glyph, s.name) == s.name, f"{link}: {glyph} is {s.name} and {drawn[glyph]}"


def test_the_edges_of_the_jacobian_are_the_edges_of_the_chain(rng: np.random.Generator) -> None:
    found = symbolic.jacobian(["felt_tolerance"])
    row, column = found.states.index("severity.unblinded"), found.states.index("circuit.tolerance")
    assert found.matrix[row, column] != 0
    assert symbolic.jacobian([]).matrix[row, column] == 0
    assert len(edges()) == len(set(edges()))
