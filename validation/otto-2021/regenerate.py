"""Runs otto-2021 and the default chain after 10 mg S-ketamine over 30 min: ``PYTHONPATH=. python <this file>``."""

from pathlib import Path

import numpy as np

from racemate.chain import concentration
from racemate.chain.laws import Transfer
from tests.published.folder import read, write
from tests.published.linear import Array, Given, amounts, area, matrix, session, state, typical

HERE = Path(__file__).parent
DOSE, HOURS = 10.0, 0.5  # mg, h
# Fine to 12 h, so that 1.38 h shows; long enough that nothing is left beyond.
TIMES = np.unique(np.round(np.concatenate([np.arange(0, 12, 0.01), np.arange(12, 150, 0.25)]), 6))
COMPARTMENTS = ("central", "deep", "shallow", "norketamine", "norketamine_deep")


def judge() -> tuple[Transfer, ...]:
    """The paper's model as transfers: three compartments of S-ketamine, two of S-norketamine."""
    p = {row["name"]: float(row["value"]) for row in read(HERE / "parameters.csv")}
    return (
        Transfer("central", "deep", p["q_deep"] / p["v_central"]),
        Transfer("deep", "central", p["q_deep"] / p["v_deep"]),
        Transfer("central", "shallow", p["q_shallow"] / p["v_central"]),
        Transfer("shallow", "central", p["q_shallow"] / p["v_shallow"]),
        Transfer("central", "norketamine", p["cl"] / p["v_central"]),
        Transfer("norketamine", "norketamine_deep", p["q_norketamine"] / p["v_norketamine"]),
        Transfer("norketamine_deep", "norketamine", p["q_norketamine"] / p["v_norketamine_deep"]),
        Transfer("norketamine", None, p["cl_norketamine"] / p["v_norketamine"]),
    )


def judged() -> tuple[dict[str, Array], float]:
    """Curves of the paper's model (mg/L) and the terminal half-life of S-ketamine (h)."""
    p = {row["name"]: float(row["value"]) for row in read(HERE / "parameters.csv")}
    found = amounts(COMPARTMENTS, judge(), [Given("central", DOSE, 0.0, HOURS)], TIMES)
    curves = {"ketamine": found[:, 0] / p["v_central"], "norketamine": found[:, 3] / p["v_norketamine"]}
    return curves, half_life(matrix(COMPARTMENTS, judge())[:3, :3])


def half_life(rates: Array) -> float:
    """Longest half-life (h) of a rate matrix."""
    return float(np.log(2) / np.min(-np.linalg.eigvals(rates).real))


def defaults() -> tuple[dict[str, Array], float]:
    """The same two curves and half-life from the default chain."""
    p = typical()
    seen = concentration.plasma(
        state(session("esketamine", "iv", DOSE, p.dose, hours=HOURS), p.concentration, TIMES), p.concentration
    )
    parts = ("central", "liver", "shallow", "deep")
    moves = [m for m in concentration.transfers(p.concentration)["ketamine_s"] if m.source in parts and not m.keeps]
    inside = [m if m.sink in parts else m._replace(sink=None) for m in moves]
    return {"ketamine": seen.ketamine_s, "norketamine": seen.norketamine_s}, half_life(matrix(parts, inside))


def read_off(curve: Array, half: float, quantity: str, time: str) -> float:
    """One quantity of a curve over ``TIMES``."""
    values = {
        "cmax": curve.max,
        "tmax": lambda: TIMES[curve.argmax()],
        "auc": lambda: area(curve, TIMES),
        "half-life": lambda: half,
        "concentration": lambda: np.interp(float(time), TIMES, curve),
    }
    return float(values[quantity]())


def compare() -> list[dict[str, str | float]]:
    """One row per published number: the paper's own model through our transfers, and the default chain."""
    (paper, paper_half), (chain, chain_half) = judged(), defaults()
    rows: list[dict[str, str | float]] = []
    for row in read(HERE / "reference.csv"):
        published = float(row["value"])
        ask = (row["quantity"], row["time_h"])
        own = read_off(paper[row["analyte"]], paper_half, *ask)
        here = read_off(chain[row["analyte"]], chain_half, *ask)
        rows.append(
            {key: row[key] for key in ("kind", "analyte", "quantity", "time_h", "unit")}
            | {"published": published, "paper_model": own, "paper_ratio": own / published}
            | {"chain": here, "chain_ratio": here / published}
        )
    return rows


if __name__ == "__main__":
    write(HERE / "comparison.csv", compare())
