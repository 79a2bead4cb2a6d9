"""Runs simons-2022 and the default chain after S-ketamine film and infusion: ``PYTHONPATH=. python <this file>``."""

from pathlib import Path

import numpy as np

from racemate.chain import concentration
from racemate.chain.laws import Transfer
from tests.published.folder import read, write
from tests.published.linear import Array, Given, amounts, area, session, state, together, typical

HERE = Path(__file__).parent
FILM_HOURS = 6.0
TIMES = np.unique(np.round(np.arange(0, 8.0001, 1 / 120), 6))
ANALYTES = {"ketamine": "ketamine_s", "norketamine": "norketamine_s", "hnk": "hnk_s"}
COMPARTMENTS: tuple[str, ...] = (
    "mucosa",
    "swallowed",
    "portal",
    "central",
    "shallow",
    "deep",
    "to_norketamine",
    "nearly_norketamine",
    "norketamine",
    "norketamine_deep",
    "to_hnk",
    "nearly_hnk",
    "hnk",
    "hnk_deep",
)


def parameters() -> dict[str, float]:
    """The paper's parameters in hours and litres."""
    rows = read(HERE / "parameters.csv")
    per_hour = {"1/min": 60.0, "L/min": 60.0, "min": 1 / 60}
    return {row["name"]: float(row["value"]) * per_hour.get(row["unit"], 1.0) for row in rows}


def judge(p: dict[str, float]) -> tuple[Transfer, ...]:
    """The paper's model as transfers, mg of S-ketamine throughout; what is swallowed reaches metabolism only."""
    to_nor, to_hnk = 2 / p["tau_norketamine"], 2 / p["tau_hnk"]
    return (
        Transfer("mucosa", "central", p["k_mucosa"]),
        Transfer("swallowed", "portal", p["k_swallowed"]),
        Transfer("portal", "to_norketamine", 1 / p["tau_gut"]),
        *_both_ways("central", p["v_central"], "shallow", p["v_shallow"], p["q_shallow"]),
        *_both_ways("central", p["v_central"], "deep", p["v_deep"], p["q_deep"]),
        Transfer("central", "to_norketamine", p["cl"] / p["v_central"]),
        Transfer("to_norketamine", "nearly_norketamine", to_nor),
        Transfer("nearly_norketamine", "norketamine", p["f_norketamine"] * to_nor),
        Transfer("nearly_norketamine", None, (1 - p["f_norketamine"]) * to_nor),
        *_both_ways("norketamine", p["v_central"], "norketamine_deep", p["v_norketamine_deep"], p["q_norketamine"]),
        Transfer("norketamine", "to_hnk", p["cl_norketamine"] / p["v_central"]),
        Transfer("to_hnk", "nearly_hnk", to_hnk),
        Transfer("nearly_hnk", "hnk", p["f_hnk"] * to_hnk),
        Transfer("nearly_hnk", None, (1 - p["f_hnk"]) * to_hnk),
        *_both_ways("hnk", p["v_hnk"], "hnk_deep", p["v_hnk_deep"], p["q_hnk"]),
        Transfer("hnk", None, p["cl_hnk"] / p["v_hnk"]),
    )


def _both_ways(inner: str, v_inner: float, outer: str, v_outer: float, flow: float) -> tuple[Transfer, Transfer]:
    return Transfer(inner, outer, flow / v_inner), Transfer(outer, inner, flow / v_outer)


def film(mg: float, p: dict[str, float]) -> list[Given]:
    """A film as the paper's model takes it in."""
    return [
        Given("mucosa", mg * p["f_mucosa"], 0.0, p["t_mucosa"]),
        Given("swallowed", mg * p["f_swallowed"], 0.0, p["t_swallowed"]),
    ]


def cases() -> dict[str, tuple[dict[str, Array], dict[str, Array]]]:
    """Curves (ng/mL of S-ketamine) by film dose, "0" for the infusion alone: the paper's model, then the default chain."""
    p, here = parameters(), typical()
    volumes = {"ketamine": p["v_central"], "norketamine": p["v_central"], "hnk": p["v_hnk"]}
    found = {}
    for mg in ("50", "100"):
        paper = [*film(float(mg), p), Given("central", 20.0, FILM_HOURS, 1 / 3)]
        chain = together(
            session("esketamine", "sublingual", float(mg), here.dose),
            session("esketamine", "iv", 20.0, here.dose, at=FILM_HOURS, hours=1 / 3),
        )
        found[mg] = paper, chain
    found["0"] = [Given("central", 35.0, 0.0, 2 / 3)], session("esketamine", "iv", 35.0, here.dose, hours=2 / 3)
    curves = {}
    for mg, (paper, chain) in found.items():
        solved = dict(zip(COMPARTMENTS, amounts(COMPARTMENTS, judge(p), paper, TIMES).T, strict=True))
        seen = concentration.plasma(state(chain, here.concentration, TIMES), here.concentration)
        curves[mg] = (
            {name: 1000 * solved["central" if name == "ketamine" else name] / volumes[name] for name in ANALYTES},
            {name: 1000 * getattr(seen, field) for name, field in ANALYTES.items()},
        )
    return curves


def read_off(curve: Array, case: str, quantity: str) -> float:
    """Cmax (ng/mL), Tmax (min) or AUC0-6 (ng min/mL) of the part of a curve that a case is about."""
    late = case.startswith("iv 20")
    part = TIMES >= FILM_HOURS if late else TIMES <= FILM_HOURS
    times, values = TIMES[part], curve[part]
    if quantity == "auc":
        return 60 * area(values, times)
    return float(values.max() if quantity == "cmax" else 60 * times[values.argmax()])


def compare() -> list[dict[str, str | float]]:
    """One row per published number: the paper's own model through our transfers, and the default chain."""
    curves = cases()
    rows: list[dict[str, str | float]] = []
    for row in read(HERE / "reference.csv"):
        published = float(row["value"])
        own, here = (read_off(c[row["analyte"]], row["case"], row["quantity"]) for c in curves[row["dose_mg"]])
        rows.append(
            {key: row[key] for key in ("case", "dose_mg", "analyte", "quantity", "unit")}
            | {"published": published, "paper_model": own, "paper_ratio": own / published}
            | {"chain": here, "chain_ratio": here / published}
        )
    return rows


if __name__ == "__main__":
    write(HERE / "comparison.csv", compare())
