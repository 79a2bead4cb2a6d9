"""Runs 0.5 mg/kg racemate over 40 min, and three rising infusions, beside other models: ``PYTHONPATH=. python <this file>``."""

from pathlib import Path

import numpy as np

from racemate.chain import concentration
from racemate.chain.laws import Transfer
from tests.published.folder import read, write
from tests.published.linear import Array, Given, amounts, session, state, together, typical

HERE = Path(__file__).parent
PER_KG, HOURS = 0.5, 2 / 3
TIMES = np.unique(np.round(np.arange(0, 12.001, 1 / 60), 6))
READINGS = {
    "S-ketamine": ("ketamine_s",),
    "R-ketamine": ("ketamine_r",),
    "ketamine": ("ketamine_s", "ketamine_r"),
    "S-norketamine": ("norketamine_s",),
    "R-norketamine": ("norketamine_r",),
    "HNK": ("hnk_s", "hnk_r"),
}


def other(model: str, weight: float) -> Array:
    """Total ketamine (ng/mL) of a published racemate model after the infusion."""
    p = {row["name"]: _converted(row, weight) for row in read(HERE / "models.csv") if row["model"] == model}
    for k in (2, 3):
        if f"q{k}" in p:
            p |= {f"k1{k}": p[f"q{k}"] / p["v1"], f"k{k}1": p[f"q{k}"] / p[f"v{k}"], "k10": p["cl"] / p["v1"]}
    outer = [k for k in ("2", "3") if f"k1{k}" in p]
    moves = [Transfer("1", None, p["k10"])]
    for k in outer:
        moves += [Transfer("1", k, p[f"k1{k}"]), Transfer(k, "1", p[f"k{k}1"])]
    found = amounts(("1", *outer), moves, [Given("1", PER_KG * weight, 0.0, HOURS)], TIMES)
    return 1000 * found[:, 0] / p["v1"]


def _converted(row: dict[str, str], weight: float) -> float:
    """Litres and hours at a body weight; clearances and volumes printed at 70 kg scale with it."""
    scale = {"L": weight / 70, "L/h": weight / 70, "L/kg": weight, "1/min": 60.0}
    return float(row["value"]) * scale[row["unit"]]


def chain(weight: float) -> dict[str, Array]:
    """Curves (ng/mL) of the default chain after the infusion, by analyte."""
    p = typical()
    return _seen(session("ketamine", "iv", PER_KG * weight, p.dose, hours=HOURS))


def steps(drug: str, rates: str, weight: float) -> dict[str, Array]:
    """Curves (ng/mL) of the default chain during infusions of one hour each, at rising rates in mg/kg/h."""
    p = typical()
    hourly = [
        session(drug, "iv", float(rate) * weight, p.dose, at=float(k), hours=1.0)
        for k, rate in enumerate(rates.split())
    ]
    return _seen(together(*hourly))


def _seen(given: dict[str, list[Given]]) -> dict[str, Array]:
    p = typical().concentration
    seen = concentration.plasma(state(given, p, TIMES), p)
    return {
        name: 1000 * np.sum([getattr(seen, field) for field in fields], axis=0) for name, fields in READINGS.items()
    }


def compare() -> list[dict[str, str | float]]:
    """Published, expected and computed concentrations, one row each, at 70 kg unless the row says otherwise."""
    rows: list[dict[str, str | float]] = []
    models = {name: other(name, 70) for name in ("kamp", "domino", "clements")}
    for row in read(HERE / "reference.csv"):
        if row["what"] == "observed":
            rows += [_row(row, f"chain at {kg} kg", chain(kg)["ketamine"].max()) for kg in (70, 75, 80)]
            rows += [_row(row, name, curve.max()) for name, curve in models.items()]
            continue
        curve = chain(70)[row["analyte"]] if row["what"] == "chain" else models[row["what"]]
        rows.append(_row(row, row["what"], np.interp(float(row["time_min"]) / 60, TIMES, curve)))
    p = typical().concentration
    for row in read(HERE / "steps.csv"):
        moles = p.molar_mass_norketamine if "norketamine" in row["analyte"] else p.molar_mass
        here = steps(row["drug"], row["rates_mg_per_kg_h"], 70)[row["analyte"]].max() / (1000 * moles)
        published = {"what": f"steps of {row['drug']}", "time_min": "peak", "low": "", "value": row["peak"], "high": ""}
        rows.append(_row(row | published, "chain at 70 kg", here))
    return rows


def _row(row: dict[str, str], model: str, here: float) -> dict[str, str | float]:
    keys = ("what", "analyte", "time_min", "low", "value", "high", "unit")
    return {key: row[key] for key in keys} | {"model": model, "here": float(here)}


if __name__ == "__main__":
    write(HERE / "comparison.csv", compare())
