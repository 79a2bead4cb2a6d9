"""Derive circuit.node_above and circuit.node_below from the fifteen published constants of the deco-2014 node.

The isolated node is solved at steady state, on its lower branch, for every pair of losses of NMDA drive on the excitatory (e) and the
inhibitory population (i).  log(rate / drug-free rate) is then fitted by a rational function.  Run it to print the coefficients.
"""

import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, least_squares

Array = NDArray[np.float64]
RECORD = Path(__file__).with_suffix(".toml")
SCAN_HZ = np.geomspace(1e-3, 200, 600)
REWEIGHTINGS = 60


def read(path: Path = RECORD) -> dict[str, Any]:
    """The record: constants as plain numbers under ``constant``, target and fit as they stand."""
    found = tomllib.loads(path.read_text())
    constants = {name: entry["value"] for name, entry in found["node"]["constant"].items()}
    return {"constant": constants, "target": found["target"], "fit": found["fit"]}


def transfer(current: float, gain: float, threshold: float, shape: float) -> float:
    """Firing rate, Hz, of a population from its input current, nA."""
    drive = gain * current - threshold
    return drive / -np.expm1(-shape * drive) if abs(shape * drive) > 1e-9 else 1 / shape


def _root(imbalance: Callable[[float], float], low: float, high: float) -> float:
    return float(np.asarray(brentq(imbalance, low, high, xtol=1e-14)))


def _inhibition(c: dict[str, float], gating_e: float, i: float) -> float:
    """Gating of the inhibitory population at its own steady state."""
    drive = (1 - i) * c["coupling"] * gating_e + c["external_i"] * c["current"]

    def imbalance(gating: float) -> float:
        rate = transfer(drive - gating, c["gain_i"], c["threshold_i"], c["shape_i"])
        return c["kinetic_i"] * c["decay_i"] * rate - gating

    return _root(imbalance, 0, 5)


def imbalance(c: dict[str, float], strength: float, rate: float, e: float, i: float) -> float:
    """Rate that the excitatory population would take, less the rate it has; zero at a steady state."""
    load = c["kinetic_e"] * c["decay_e"] * rate
    gating = load / (1 + load)
    current = (
        (1 - e) * c["recurrent"] * c["coupling"] * gating
        - strength * _inhibition(c, gating, i)
        + c["external_e"] * c["current"]
    )
    return transfer(current, c["gain_e"], c["threshold_e"], c["shape_e"]) - rate


def inhibition_strength(c: dict[str, float], rate_hz: float) -> float:
    """Strength of feedback inhibition, nA, at which the drug-free node fires at a rate."""
    return _root(lambda strength: imbalance(c, strength, rate_hz, 0, 0), 0.5, 2)


def steady_rate(c: dict[str, float], strength: float, e: float, i: float) -> float:
    """Excitatory rate, Hz, at the lowest stable steady state."""
    values = [imbalance(c, strength, rate, e, i) for rate in SCAN_HZ]
    first = next(k for k in range(len(values) - 1) if values[k] > 0 >= values[k + 1])
    low, high = SCAN_HZ[first], SCAN_HZ[first + 1]
    return _root(lambda rate: imbalance(c, strength, rate, e, i), low, high)


def table(record: dict[str, Any], points: int) -> tuple[Array, Array, Array]:
    """Losses e and i on a square grid, and the log of the rate over its drug-free value; each of shape (points**2,)."""
    c, rate = record["constant"], record["target"]["rate_hz"]
    strength = inhibition_strength(c, rate)
    axis = np.linspace(0, 1, points)
    e, i = (part.ravel() for part in np.meshgrid(axis, axis, indexing="ij"))
    logs = [np.log(steady_rate(c, strength, a, b) / rate) for a, b in zip(e, i, strict=True)]
    return e, i, np.array(logs)


def terms(e: Array, i: Array) -> Array:
    """The nine terms of each polynomial, in the order of circuit.node; shape (pairs, 9)."""
    return np.stack([i, i * i, i**3, e, e * i, e * i * i, e * e, e * e * i, e**3], axis=1)


def fit(e: Array, i: Array, logs: Array) -> Array:
    """Eighteen coefficients: least squares, started from the linearised iteration of Sanathanan and Koerner (1963)."""
    t = terms(e, i)
    weight, start = np.ones_like(logs), np.zeros(18)
    for _ in range(REWEIGHTINGS):
        design = np.hstack([t, -t * logs[:, None]]) * weight[:, None]
        start = np.linalg.lstsq(design, logs * weight, rcond=None)[0]
        weight = 1 / np.abs(1 + t @ start[9:])
    return least_squares(lambda p: t @ p[:9] / (1 + t @ p[9:]) - logs, start, method="lm", max_nfev=5000).x


if __name__ == "__main__":
    known = read()
    p = fit(*table(known, known["fit"]["points"]))
    for name, part in (("node_above", p[:9]), ("node_below", p[9:])):
        sys.stdout.write(f"{name} = [{', '.join(f'{value:.8g}' for value in part)}]\n")
