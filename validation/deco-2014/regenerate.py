"""Runs the deco-2014 node to rest, writes reference.csv and comparison.csv: ``PYTHONPATH=. python <this file>``.

The fit in evidence/derive finds roots of the steady state; here the node runs from silence until it stands still, so that the two
ways share nothing but the fifteen constants.
"""

import tomllib
from pathlib import Path

import numpy as np
from evidence.derive.reference_peaks import typical
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from racemate.chain import circuit
from tests.published.folder import read, write

HERE = Path(__file__).parent
RECORD = HERE.parents[1] / "evidence" / "derive" / "deco_node.toml"
LOSSES = np.linspace(0, 1, 9)
SECONDS = 60.0
STILL_HZ_PER_S = 1e-7
Array = NDArray[np.float64]


def constants() -> tuple[dict[str, float], float]:
    """Constants by name, and the rate in Hz that feedback inhibition is set to."""
    found = tomllib.loads(RECORD.read_text())
    return {k: v["value"] for k, v in found["node"]["constant"].items()}, found["target"]["rate_hz"]


def rate(drive: float, shape: float) -> float:
    return drive / (1 - np.exp(-shape * drive))


def derivative(c: dict[str, float], strength: float, e: float, i: float, s: Array) -> tuple[float, float, float]:
    """Slopes of the two gatings per second, and the excitatory rate in Hz."""
    current_e = c["recurrent"] * c["coupling"] * (1 - e) * s[0] - strength * s[1] + c["external_e"] * c["current"]
    current_i = c["coupling"] * (1 - i) * s[0] - s[1] + c["external_i"] * c["current"]
    rate_e = rate(c["gain_e"] * current_e - c["threshold_e"], c["shape_e"])
    rate_i = rate(c["gain_i"] * current_i - c["threshold_i"], c["shape_i"])
    return (
        -s[0] / c["decay_e"] + (1 - s[0]) * c["kinetic_e"] * rate_e,
        -s[1] / c["decay_i"] + c["kinetic_i"] * rate_i,
        rate_e,
    )


def settle(c: dict[str, float], strength: float, e: float, i: float) -> float:
    """Excitatory rate after the node has run from silence; refuses a node that still moves."""
    run = solve_ivp(
        lambda _, s: derivative(c, strength, e, i, s)[:2], (0, SECONDS), (0.0, 0.0), "LSODA", rtol=1e-11, atol=1e-13
    )
    end = run.y[:, -1]
    slope_e, slope_i, found = derivative(c, strength, e, i, end)
    if max(abs(slope_e), abs(slope_i)) > STILL_HZ_PER_S:
        raise RuntimeError(f"e={e}, i={i}: found slopes {slope_e:.1e}, {slope_i:.1e} per second after {SECONDS} s")
    return found


def settled(losses: Array = LOSSES) -> list[dict[str, str | float]]:
    """Steady rate in Hz for every pair of losses."""
    c, target = constants()
    strength = float(np.asarray(brentq(lambda j: settle(c, float(j), 0, 0) - target, 0.8, 1.3, xtol=1e-9)))
    return [{"loss_e": e, "loss_i": i, "rate_hz": settle(c, strength, e, i)} for e in losses for i in losses]


def compare() -> list[dict[str, str | float]]:
    """Per pair of losses: rate over its drug-free value in the node and in the chain, and the error in its log."""
    p, rows = typical(circuit), []
    for row in read(HERE / "reference.csv"):
        e, i, published = float(row["loss_e"]), float(row["loss_i"]), float(row["rate_hz"]) / constants()[1]
        here = float(circuit.node(p, e, i, np))
        rows.append(
            {"loss_e": e, "loss_i": i, "node": published, "here": here, "log_error": float(np.log(here / published))}
        )
    return rows


if __name__ == "__main__":
    write(HERE / "reference.csv", settled())
    write(HERE / "comparison.csv", compare())
