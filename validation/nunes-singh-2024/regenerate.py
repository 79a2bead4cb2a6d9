"""Fits the response curve of nunes-singh-2024 to one infusion, writes comparison.csv: ``PYTHONPATH=. python <this file>``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import curve_fit

from racemate import Condition, Plan, bind, draw, run
from racemate.people.population import typical_person
from racemate.simulate.run import reference_plan
from tests.published.folder import read, write

HERE = Path(__file__).parent
CARD = "composite"
DAYS, STEP_H = 21, 2.0
SESSION_H = 2.0
START = (0.5, 5.0, 0.1)
BOUNDS = ((-1.0, 0.3, 0.001), (1.0, 60.0, 0.29))


def response(t: Any, g: float, a: float, b: float) -> Any:
    """The printed curve: rises on ``b``, decays on ``a`` > ``b`` (both in the unit of ``t``), and peaks at ``g``."""
    top = (b / a) ** (b / (a - b)) - (b / a) ** (a / (a - b))
    return g * (np.exp(-t / a) - np.exp(-t / b)) / top


def peak(a: float, b: float) -> float:
    """Time at which the printed curve is highest."""
    return float(a * b / (a - b) * np.log(a / b))


def curves() -> tuple[Any, dict[str, Any]]:
    """Days, and the readings of the typical person who got the reference dose in front of an inert infusion's hope."""
    model = bind(CARD)
    given = {name: np.full(1, one.typical) for name, one in model.bound.items() if one.vary != "shared"}
    who = {name: np.full(1, value) for name, value in typical_person()._asdict().items()}
    person = draw(model, 0, np.arange(1), given=given | who, uncertain=False)
    last, one = DAYS * 24.0, np.ones(1)
    held = (
        Condition(0, SESSION_H, "session", one),
        Condition(0, last, "awake", one),
        Condition(0, last, "saline", one),
    )
    hours = np.arange(0, last + STEP_H, STEP_H)
    seen = run(person, Plan(1, reference_plan(1).doses, held, hours, np.full(1, 2 * last)))
    return hours / 24, {name: seen[f"severity.{name}"][:, 0] for name in ("improvement", "drug")}


def fit(days: Any, values: Any) -> Mapping[str, float]:
    """The three numbers of a course by least squares, what they imply, and what they leave over."""
    (g, a, b), _ = curve_fit(response, days, values, p0=START, bounds=BOUNDS)
    left = values - response(days, g, a, b)
    return {
        "g": g,
        "b_days": b,
        "a_minus_b_days": a - b,
        "rms_residual_per_g": float(np.sqrt(np.mean(left * left)) / g),
        "worst_residual_per_g": float(np.max(np.abs(left)) / g),
        "g_per_own_peak": float(g / np.max(values)),
        "t_peak_h": 24 * peak(a, b),
    }


def compare() -> list[dict[str, str | float]]:
    """One row per number of each curve: the range of the paper's own simulations, and the number here."""
    days, seen = curves()
    fitted = {name: fit(days, values) for name, values in seen.items()}
    rows: list[dict[str, str | float]] = []
    for row in read(HERE / "reference.csv"):
        here = fitted[row["curve"]][row["quantity"]]
        kept = {key: row[key] for key in ("curve", "quantity", "low", "high")}
        inside = "yes" if row["low"] and float(row["low"]) <= here <= float(row["high"]) else "no"
        rows.append({**kept, "here": float(here), "agrees": inside if row["low"] else "not judged"})
    return rows


if __name__ == "__main__":
    write(HERE / "comparison.csv", compare())
