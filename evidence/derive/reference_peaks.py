"""Derive the circuit's ``per_*`` and ``glutamate_per_excitation``: peaks of the typical person at the reference dose.

Typical means: every number at the median of its prior.  Kinetics are integrated here by scipy, apart from the package's own engine.
Each opioid edge is switched on alone, so that no number depends on a card.  Run it to print the numbers.
"""

import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from racemate.chain import circuit, concentration, occupancy
from racemate.chain.laws import transfer_slope
from racemate.evidence.library import evidence_root, read_library
from racemate.units import convert, declared

RECORD = Path(__file__).with_name("reference_dose.toml")
BODIES = ("ketamine_s", "ketamine_r")
DIGITS = 5


def typical(link: Any, without: tuple[str, ...] = ()) -> Any:
    """A link's Par at the medians of the evidence; the fields named in ``without`` are left at one."""
    known, name, values = read_library(evidence_root()), link.__name__.rpartition(".")[2], {}
    for field, unit in declared(link.Par).items():
        if field in without:
            values[field] = 1.0
            continue
        median = known.prior(f"{name}.{field}").median
        source = known.parameter(f"{name}.{field}").unit
        many = isinstance(median, tuple)
        values[field] = tuple(convert(v, source, unit) for v in median) if many else convert(median, source, unit)
    return link.Par(**values)


def exposure(record: dict[str, Any]) -> tuple[Any, concentration.Exposure]:
    """Hours of shape (steps,), and the free brain concentrations of the typical person over them."""
    p = typical(concentration)
    moves = concentration.transfers(p)
    dose, times = record["dose"], np.linspace(0, record["watch"]["hours"], record["watch"]["steps"] + 1)
    rate = dose["mg_per_kg"] * dose["kg"] / len(BODIES) / dose["hours"]
    bodies = {name: _amounts(getattr(_zero(), name), moves[name], rate, dose["hours"], times) for name in BODIES}
    return times, concentration.signal(_zero()._replace(**bodies), p)


def _zero() -> concentration.State:
    hints = concentration.State.__annotations__
    return concentration.State(*(part(*[0.0] * len(part._fields)) for part in hints.values()))


def _amounts(body: Any, moves: Any, rate: float, hours: float, times: Any) -> Any:
    """Amounts of one body over time for a constant infusion that stops after ``hours``."""
    kind = type(body)

    def slope(given: float) -> Any:
        def right(_: float, y: Any) -> list[Any]:
            now = kind(*y)
            return [transfer_slope(part, now, moves) + given * (part == "central") for part in kind._fields]

        return right

    during = solve_ivp(
        slope(rate), (0, hours), [0.0] * len(kind._fields), "BDF", dense_output=True, rtol=1e-9, atol=1e-11
    )
    after = solve_ivp(slope(0.0), (hours, times[-1]), during.y[:, -1], "BDF", dense_output=True, rtol=1e-9, atol=1e-11)
    both = np.where(times < hours, during.sol(np.minimum(times, hours)), after.sol(np.maximum(times, hours)))
    return kind(*both)


def peaks(record: dict[str, Any]) -> dict[str, float]:
    """The derived numbers, by field of circuit.Par."""
    derived = (*(name for name in circuit.Par._fields if name.startswith("per_")), "glutamate_per_excitation")
    off = tuple(name for name in circuit.Par._fields if name.startswith("g_"))
    _, x = exposure(record)
    held = occupancy.signal(x, typical(occupancy), np)
    p = typical(circuit, derived)._replace(mor_of_g_allele=1.0, **dict.fromkeys(off, 0.0))
    rest = circuit.State(0.0, 0.0, 0.0)

    def rise(edge: str) -> float:
        return float(np.max(circuit.opioid(held, rest, p._replace(**{edge: 1.0}))[1]))

    seen = circuit.signal(held, rest, p, np)
    unscaled = np.max(seen.glutamate - 1)
    return {
        "per_surge": float(np.max(seen.surge)),
        "per_mor_agonism": rise("g_mor_agonism"),
        "per_mor_potentiation": rise("g_mor_potentiation"),
        "per_opioid_release": rise("g_opioid_release"),
        "per_hnk": float(np.max(held.hnk)),
        "per_rest": float(np.max(held.nmda_rest)),
        "per_sigma1": float(np.max(held.sigma1)),
        "glutamate_per_excitation": float(record["glutamate"]["rise"] / unscaled),
    }


def read(path: Path = RECORD) -> dict[str, Any]:
    """The reference dose and the glutamate rise seen there."""
    return tomllib.loads(path.read_text())


if __name__ == "__main__":
    for field, value in peaks(read()).items():
        sys.stdout.write(f"{field} = {value:.{DIGITS}g}\n")
