"""Stated: how sure a published number is, as far as its paper tells."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from statistics import NormalDist
from typing import Any

from racemate.report.words import missing

_SIDE = NormalDist().inv_cdf(0.975)
"""Standard errors from the middle to an end of a 95 % interval."""
_MEANS = ("observed-mean", "observed-change", "ls-mean", "ls-change", "locf-mean", "locf-change")
"""Statistics whose standard error is the spread between people over the root of their number."""
_INTERVALS = ("range95", "exact95")


def bound(row: Mapping[str, Any]) -> bool:
    """Whether a published row tells only an end of where its number lies, such as p < 0.05."""
    return row["spread_kind"] == "range" and row["value"] in (row["low"], row["high"])


def error(row: Mapping[str, Any]) -> float | None:
    """Standard error of a published row (an item of `observed`), None where its paper does not tell."""
    kind, spread = row["spread_kind"], row["spread"]
    if kind in _INTERVALS and not missing(row["low"]) and not missing(row["high"]):
        return (row["high"] - row["low"]) / (2 * _SIDE)
    if kind == "se" and not missing(spread):
        return spread
    if kind == "sd" and row["statistic"] in _MEANS and not missing(spread) and not missing(row["n"]):
        return spread / sqrt(row["n"])
    return None


def ends(row: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Ends of a 95 % interval of a published row: those that its paper states, else from its standard error; None where neither."""
    if not missing(row["low"]) and not missing(row["high"]):
        return row["low"], row["high"]
    known = error(row)
    return (None, None) if known is None else (row["value"] - _SIDE * known, row["value"] + _SIDE * known)
