"""Fits the models of SAS's listings on the FEV data, writes comparison.csv: ``PYTHONPATH=. python <this file>``."""

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from racemate.trial.analysis.mmrm.fit import Fit, fit, terms
from tests.published.folder import read, write

HERE = Path(__file__).parent
FIXED = {
    "mean": (),
    "arm": ("ARMCD",),
    "arm+sex": ("ARMCD", "SEX"),
    "full": terms("ARMCD", "AVISIT", ("RACE", "SEX")),
}
REFERENCES = {
    "ARMCD": ["PBO", "TRT"],
    "SEX": ["Male", "Female"],
    "RACE": ["Asian", "Black or African American", "White"],
}
"""Levels, the reference of SAS first."""
SUBJECTS = 200
"""SAS counts, in its BIC, three people without a single outcome."""
ROUNDING = 1e-8
"""Of the printed log-likelihood."""
ARITHMETIC = 1e-12
"""Relative error of long sums, larger than the last of SAS's fifteen digits."""
NEWTON = 4
"""Newton steps followed, one more than SAS took in any listing."""
STEP = 1e-4
"""Of a numerical derivative, in standard errors of the covariance parameter."""


class Model(NamedTuple):
    """One model of the listings."""

    fixed: str
    structure: str
    likelihood: str
    df: str


def model(row: dict[str, str]) -> Model:
    """The model that a row of reference.csv is about."""
    return Model(*(row[key] for key in ("model", "structure", "likelihood", "df")))


@cache
def data() -> pd.DataFrame:
    """The 800 rows, 537 of them with an outcome."""
    frame = pd.read_csv(HERE / "fev_data.csv")
    return frame.assign(**{name: pd.Categorical(frame[name], levels) for name, levels in REFERENCES.items()})


@cache
def fitted(one: Model) -> Fit:
    """The model at the greatest likelihood."""
    reml = one.likelihood == "reml"
    return fit(data(), "FEV1", "USUBJID", "AVISIT", FIXED[one.fixed], one.structure, reml, one.df)


@cache
def sas_steps(one: Model) -> list[Fit]:
    """The steps of PROC MIXED for an unstructured covariance: minimum variance quadratic estimates, then Newton's method.

    The former are one step of Fisher scoring from equal variances and no covariance (the first element returned).
    """
    import jax

    from racemate.trial.analysis.mmrm.likelihood import parts
    from racemate.trial.analysis.mmrm.sums import moments

    found = fitted(one)
    sums: Any = found.sums
    own = jax.jit(lambda at: parts(found.setting, at, sums.seen, sums.people[0], sums.products[0]))
    variance = np.trace(moments(sums)[0][0]) / len(found.visits)
    theta = variance * np.eye(len(found.visits))[np.tril_indices(len(found.visits))]
    path: list[Fit] = []
    for k in range(1 + NEWTON):
        now = own(theta)
        curved = now.observed if k else now.expected
        theta = theta - np.linalg.solve(np.asarray(curved), np.asarray(now.gradient))
        path.append(found.at(theta))
    return path


_TABLES: dict[tuple[int, str, int], tuple[Fit, pd.DataFrame]] = {}


def table(found: Fit, kind: str, names: int) -> Any:
    """Effects, means or differences of a fit, made once; the fit is kept so that its identity stays its own."""
    key = (id(found), kind, names)
    if key not in _TABLES:
        within = ("AVISIT",) if names > 1 + (kind == "difference") else ()
        made = {
            "mean": lambda: found.means("ARMCD", *within),
            "difference": lambda: found.differences("ARMCD", *within),
        }
        _TABLES[key] = found, made.get(kind, found.effects)()
    return _TABLES[key][1]


def value(found: Any, quantity: str) -> float:
    """A quantity by the name it has in reference.csv."""
    kind, *rest = quantity.split(":")
    if kind in ("effect", "mean", "difference"):
        name = ":".join(rest[:-1]) if kind == "effect" else tuple(rest[:-1])
        told = table(found, kind, len(rest) - 1)
        return float(told[rest[-1]].to_numpy()[list(told.index).index(name)])
    if kind == "test":
        return float(found.test(":".join(rest[:-1]))[rest[-1]])
    if kind == "covariance":
        return float(found.covariance[rest[0]][rest[1]])
    if kind == "theta":
        return float(found.parameters[rest[0]])
    if kind == "residual":
        return float(found.parameters["variance"] - found.parameters["covariance"])
    whole = found.minus_two_log_likelihood
    return {"-2ll": whole, "aic": found.aic, "bic": whole + (found.aic - whole) / 2 * np.log(SUBJECTS)}[quantity]


def meets(here: float, printed: str) -> bool:
    """Whether a number rounds to the printed one."""
    mantissa, _, exponent = printed.lower().partition("e")
    half = 0.5 * 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    return abs(here - float(printed)) <= half + ARITHMETIC * abs(here)


def reach(found: Fit, quantity: str, gap: float) -> float:
    """How far a quantity can move where minus twice the log-likelihood is ``gap`` above its least value, to first order.

    With W the covariance of the parameters and g the gradient of the quantity this is sqrt(gap g'Wg).
    """
    theta, spreads = found.found.theta[0], found.found.spreads[0]
    step = STEP * np.sqrt(np.diag(spreads))
    moved = [value(around(found, k), quantity) for k in range(len(theta))]
    gradient = (np.array(moved) - value(found, quantity)) / step
    return float(np.sqrt(max(gap, 0.0) * gradient @ spreads @ gradient))


_AROUND: dict[tuple[int, int], Fit] = {}


def around(found: Fit, k: int) -> Fit:
    """The model with its k-th covariance parameter a small step up."""
    if (id(found), k) not in _AROUND:
        step = STEP * np.sqrt(found.found.spreads[0, k, k])
        _AROUND[id(found), k] = found.at(found.found.theta[0] + step * np.eye(len(found.found.theta[0]))[k])
    return _AROUND[id(found), k]


def verdict(row: dict[str, str], stopped: float) -> str:
    """``digits``: rounds to the print; ``step``: does so where SAS stopped; ``near``: within reach of a stop so high; else ``no``.

    ``stopped`` is minus twice the log-likelihood that SAS printed.
    """
    found, quantity = fitted(model(row)), row["quantity"]
    here = value(found, quantity)
    if meets(here, row["printed"]):
        return "digits"
    if row["structure"] == "us":
        last = min(sas_steps(model(row)), key=lambda step: abs(step.minus_two_log_likelihood - stopped))
        return "step" if meets(value(last, quantity), row["printed"]) else "no"
    gap = stopped - found.minus_two_log_likelihood + ROUNDING
    # The log-likelihood is flat at its least value, so it moves by the gap itself and by nothing of first order.
    far = gap if quantity == "-2ll" else reach(found, quantity, gap)
    allowed = abs(here - float(row["printed"])) - far
    return "near" if meets(float(row["printed"]) + max(allowed, 0.0), row["printed"]) else "no"


def compare(rows: list[dict[str, str]] | None = None) -> list[dict[str, str | float]]:
    """One row per printed number: what is here, and the verdict on it."""
    rows = read(HERE / "reference.csv") if rows is None else rows
    stopped = {model(row): float(row["printed"]) for row in rows if row["quantity"] == "-2ll"}
    return [
        {**row, "here": value(fitted(model(row)), row["quantity"]), "agrees": verdict(row, stopped[model(row)])}
        for row in rows
    ]


if __name__ == "__main__":
    write(HERE / "comparison.csv", compare())
