"""Words: how outcomes, statistics and numbers are written where a person reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

DISCLAIMER = "Research and teaching only; no dosing advice."

_OUTCOMES = {
    "madrs": "MADRS",
    "hamd17": "HAM-D17",
    "hamd6": "HAM-D6",
    "bdi2": "BDI-II",
    "qids": "QIDS",
    "phq9": "PHQ-9",
    "ssi": "SSI",
    "cssrs": "C-SSRS",
    "cadss": "CADSS (dissociation)",
    "systolic": "systolic pressure",
    "dropout": "left early",
    "occupancy_nmda": "NMDA receptors blocked",
    "occupancy_mor": "mu opioid receptors held",
    "systolic_rise": "rise of systolic pressure",
}
_PLASMA = "plasma_"
_ANALYTES = {
    "ketamine": "ketamine, both",
    "ketamine_s": "esketamine",
    "ketamine_r": "arketamine",
    "norketamine_s": "noresketamine",
    "norketamine_r": "norarketamine",
    "hnk_s": "S-hydroxynorketamine",
    "hnk_r": "R-hydroxynorketamine",
}
_STATISTICS = {
    "observed-mean": "mean",
    "observed-change": "change",
    "observed-percent-change": "percent change",
    "ls-mean": "adjusted mean",
    "ls-change": "adjusted change",
    "ls-difference": "adjusted difference",
    "locf-mean": "mean, last carried forward",
    "locf-change": "change, last carried forward",
    "response": "responders",
    "remission": "remitters",
}
_EVERYONE = ("", "everyone")
_LARGE = 10
"""From here on the end of an interval is told without a decimal."""
_LEAST = 5e-4
"""A smaller number is told as zero, without a sign."""


def outcome(name: str) -> str:
    """An outcome as the field writes it."""
    if name.startswith(_PLASMA):
        drug = name.removeprefix(_PLASMA)
        return f"{_ANALYTES.get(drug, drug)} in plasma"
    return _OUTCOMES.get(name, name.replace("_", " "))


def statistic(name: str) -> str:
    """A statistic in plain words."""
    return _STATISTICS.get(name, name.replace("-", " "))


def quantity(name: str, what: str, group: str = "") -> str:
    """What a row of a table is about: outcome, statistic and, where it is not everybody, the group."""
    return f"{outcome(name)} {statistic(what)}" + ("" if group in _EVERYONE else f", {group}")


def moment(time: Any, unit: str) -> str:
    """A time as the trial writes it; empty for a quantity without one."""
    if missing(time):
        return ""
    return f"day {time:g}" if unit == "day" else f"{time:.3g} {unit}"


def missing(value: Any) -> bool:
    """True for nothing, in any of the shapes a table holds it."""
    return value is None or value != value or str(value) == "<NA>"


def number(value: Any, unit: str = "") -> str:
    """A number to the precision that simulated trials deserve: percentages whole, p values to three places, points to one."""
    if missing(value) or not isfinite(float(value)):
        return "–"
    value = float(value) if abs(float(value)) >= _LEAST else 0.0
    if unit == "percent":
        return f"{value:.0f} %"
    if unit == "1":
        return f"{value:.3f}" if abs(value) < 1 else f"{value:.2f}"
    return f"{value:.1f}".replace("-0.0", "0.0")


def ends(low: Any, high: Any, unit: str) -> str:
    """An interval in brackets; whole numbers where they are large."""

    def end(value: Any) -> str:
        plain = number(value, unit).removesuffix(" %")
        large = unit != "1" and not missing(value) and round(abs(float(value)), 1) >= _LARGE
        return f"{float(value):.0f}" if large else plain

    return f"[{end(low)}, {end(high)}]"


def interval(row: Any) -> str:
    """Median, and low and high in brackets, of a simulated row."""
    unit = str(row["unit"])
    return "–" if missing(row["median"]) else f"{number(row['median'], unit)} {ends(row['low'], row['high'], unit)}"


def stated(row: Any) -> str:
    """A published row as its paper states it: a value with its spread, a count, or a bound."""
    unit = str(row["unit"])
    kind, low, high = row["spread_kind"], row["low"], row["high"]
    if kind == "range" and row["value"] in (low, high):
        return f"{'<' if row['value'] == high else '>'} {row['value']:g}"
    text = number(row["value"], unit)
    if not missing(row["count"]) and not missing(row["n"]):
        text = f"{row['count']:.0f}/{row['n']:.0f}, {text}"
    if not missing(low) and not missing(high):
        return f"{text} {ends(low, high, unit)}"
    return text if missing(row["spread"]) else f"{text} ({kind} {number(row['spread'], unit)})"


def unfitted(models: Sequence[Mapping[str, Any]]) -> list[str]:
    """How often mixed models did not converge, a sentence for each that failed at least once; nothing where none was fitted.

    ``models`` are the ``mixed_models`` of a manifest.
    """
    failed = [one for one in models if one["not_converged"]]
    if models and not failed:
        return ["Every mixed model converged in every virtual trial."]
    return [_unfitted(one) for one in failed]


def _unfitted(one: Mapping[str, Any]) -> str:
    stage = f", stage {one['stage']}" if one["stage"] else ""
    reasons = "; ".join(f"{reason} ({count})" for reason, count in one["reasons"].items())
    return (
        f"{one['hypothesis']}, {quantity(one['outcome'], one['of'], one['population'])}{stage}: the mixed model did not converge in "
        f"{one['not_converged']} of {one['replicates']} virtual trials, which are left out of the numbers of "
        f"{', '.join(one['arms'])}: {reasons}."
    )
