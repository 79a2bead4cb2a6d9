"""Course run: a dose, or a course of doses, given to virtual people: from concentration to mood, as bands over people.

A course is an open trial of one arm in which nobody leaves, so protocol and conduct are those of a trial.  Each person belongs to a
replicate of one: bands hold both how people differ and how little is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from racemate import hypothesis
from racemate.chain import dose as dosing
from racemate.evidence.finding import EvidenceError, nearest
from racemate.evidence.library import library
from racemate.model import Model, inform
from racemate.report.run.folder import Run
from racemate.report.run.manifest import Clock, describe, own_cards, stored_card
from racemate.trial.conduct.enrol import enrol
from racemate.trial.conduct.treat import plan
from racemate.trial.design import schedule as times
from racemate.trial.design.protocol import Protocol, build
from racemate.trial.design.schedule import DAY_H, ProtocolError
from racemate.trial.replicate import SEED, Report
from racemate.trial.world import ChainWorld
from racemate.units import convert

if TYPE_CHECKING:
    import altair
    import pandas as pd
    import xarray

Floats = NDArray[np.float64]
PEOPLE = 200
ARM = "open label"
LEVELS = (5.0, 25.0, 50.0, 75.0, 95.0)
"""Percentiles over people: the 90 % band, the 50 % band and the median."""
AFTER_H = 7 * DAY_H
PARENTERAL = ("iv", "im", "sc")
"""Routes whose doses are written per kg of body weight."""
INFUSED = ("iv", "sc")
_CLOSE_MIN = (5, 10, 15, 20, 30, 40, 50, 60, 75, 90, 120, 180, 240, 360, 480, 720, 960)
"""Minutes after the first and the last dose at which people are looked at; between them, once more per dose, and daily throughout."""
_PEAK_MIN = 40
_MOST_PEOPLE = 100_000
_MARGIN_H = 1 / 60
_MOOD = "score.madrs"
_READ = {
    "score.madrs": ("madrs", "point"),
    "score.cadss": ("cadss", "point"),
    "score.systolic_rise": ("systolic_rise", "mmHg"),
    "occupancy.nmda": ("occupancy_nmda", "percent"),
    "occupancy.mor": ("occupancy_mor", "percent"),
}
_FACTOR = {"percent": ("1", "percent"), "ng/mL": ("mg/L", "ng/mL")}


@dataclass(frozen=True)
class CourseRun(Run):
    """A course of doses in virtual people: data frame ``simulated``, ``trajectory`` of every person, and the ``manifest``."""

    trajectory: xarray.Dataset = field(repr=False)
    """Dimensions hypothesis, time (hours since the first dose) and person; units as attributes."""
    manifest: Mapping[str, Any] = field(repr=False)
    inputs: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @cached_property
    def simulated(self) -> pd.DataFrame:
        """One row per hypothesis, outcome and time: median over people, 90 % band (low, high) and 50 % band (low50, high50)."""
        import pandas as pd

        rows: list[dict[str, Any]] = []
        hours = self.trajectory["time"].to_numpy()
        for card in self.trajectory["hypothesis"].to_numpy():
            for name, values in self._told(card):
                ends = np.percentile(values, LEVELS, axis=1)
                unit = self.trajectory[name].attrs["units"]
                what = [("value", ends)]
                if name == "madrs":
                    what.append(("change", np.percentile(values - values[0], LEVELS, axis=1)))
                for statistic, (low, low50, median, high50, high) in what:
                    rows += [
                        {
                            "hypothesis": str(card),
                            "arm": ARM,
                            "outcome": name,
                            "statistic": statistic,
                            "time": hour / DAY_H,
                            "time_unit": "days",
                            "hours": hour,
                            "unit": unit,
                            "median": median[k],
                            "low": low[k],
                            "high": high[k],
                            "low50": low50[k],
                            "high50": high50[k],
                            "n": values.shape[1],
                        }
                        for k, hour in enumerate(hours)
                    ]
        return pd.DataFrame(rows)

    def _told(self, card: str) -> Iterable[tuple[str, Floats]]:
        """What is summarised under one card: everything but the analytes that this course never brings about."""
        for name in self.trajectory.data_vars:
            values = self.trajectory[name].sel(hypothesis=card).to_numpy()
            if values.any():
                yield str(name), values

    def tables(self) -> dict[str, pd.DataFrame]:
        """The data frames by name; nothing was observed."""
        import pandas as pd

        return {"observed": pd.DataFrame(), "simulated": self.simulated}

    def to_xarray(self) -> xarray.Dataset:
        """The trajectory of every person."""
        return self.trajectory

    def figure(self) -> altair.TopLevelMixin:
        """Concentration, occupancy and dissociation on the day of the first dose, and MADRS change over the course."""
        from racemate.report.figure.course import draw

        return draw(self)

    def figures(self) -> dict[str, altair.TopLevelMixin]:
        """The figure by its file name."""
        return {"figure": self.figure()}

    def _repr_html_(self) -> str:
        return self.simulated.to_html(index=False, max_rows=40)


def simulate(
    drug: str,
    route: str,
    dose: str,
    schedule: str = "once",
    duration: str | None = None,
    hypotheses: Iterable[str] | None = None,
    people: int = PEOPLE,
    seed: int = SEED,
    progress: Report | None = None,
    jobs: int | None = None,
    posterior: str | None = None,
) -> CourseRun:
    """Give a drug to virtual people and follow them until a week after the last dose.

    ``dose`` is an amount such as ``"84 mg"``, or ``"0.5 mg/kg"`` by iv, im or sc; ``schedule`` a text such as ``"once"`` or ``"twice
    weekly for 4 weeks"``; ``duration`` how long an infusion lasts (by iv left out: that of the reference dose).  ``hypotheses`` are names
    or paths of cards (default: the default card), ``posterior`` as in `replicate`.  Everybody knows what is given.  Raises EvidenceError and HypothesisError for what
    cannot be run.
    """
    clock = Clock()
    _allow(people, seed)
    protocol = course(drug, route, dose, schedule, duration)
    named = [hypotheses] if isinstance(hypotheses, str) else hypotheses
    names = [hypothesis.default()] if named is None else list(named)
    models = {name: inform(name, posterior) for name in names}
    cards = [model.hypothesis.name for model in models.values()]
    if not cards or len(set(cards)) < len(cards):
        raise EvidenceError("simulate", "hypotheses", ", ".join(cards) or "none", "at least one card, each once")
    found = [_follow(protocol, model, people, seed, progress, jobs) for model in models.values()]
    grids = {card: one.solved() for card, one in zip(cards, found, strict=True)}
    arguments = {"drug": drug, "route": route, "dose": dose, "schedule": schedule, "duration": duration}
    arguments |= {"hypotheses": names, "people": people, "seed": seed, "posterior": posterior}
    inputs = own_cards(names)
    manifest = describe("simulate", arguments, models.values(), [drug], [], inputs, clock)
    manifest |= {"given": protocol.conditions[0].doses[0].model_dump(exclude_none=True), "grid": grids}
    manifest["interval"] = "percentiles 5 to 95 and 25 to 75 over people, each with population parameters of their own"
    return CourseRun(_dataset(cards, found), manifest, inputs)


def repeat(manifest: Mapping[str, Any], folder: Path, progress: Report | None, jobs: int | None) -> CourseRun:
    """Run again what a manifest tells, from the copies of the user's own cards in its folder."""
    told = dict(manifest["arguments"])
    told["hypotheses"] = [stored_card(name, folder) for name in told["hypotheses"]]
    return simulate(**told, progress=progress, jobs=jobs)


def course(drug: str, route: str, dose: str, schedule: str = "once", duration: str | None = None) -> Protocol:
    """The open trial of one arm that a course is; raises EvidenceError naming the argument at fault."""
    if drug not in dosing.drugs():
        raise EvidenceError("simulate", "drug", repr(drug), nearest(drug, dosing.drugs()))
    if route not in dosing.routes(drug):
        raise EvidenceError("simulate", "route", f"{route!r} for {drug}", f"one of {', '.join(dosing.routes(drug))}")
    amount = _read("dose", times.amount, dose)
    if amount.per_kg and route not in PARENTERAL:
        raise EvidenceError("simulate", "dose", repr(dose), f"mg by {route}; per kg by {', '.join(PARENTERAL)} only")
    if duration is not None and route not in INFUSED:
        raise EvidenceError(
            "simulate", "duration", repr(duration), f"none by {route}; an infusion by {', '.join(INFUSED)} has one"
        )
    over = duration or (_reference_duration() if route == "iv" else "0 min")
    length = _read("duration", times.span, over)
    sessions = _read("schedule", lambda text: times.times(text, 1), schedule)
    gaps = np.diff(sessions)
    if gaps.size and length > gaps.min():
        raise EvidenceError("simulate", "duration", repr(over), f"at most the {gaps.min():g} h between two doses")
    given = {"drug": drug, "route": route, "amount": dose, "over": over, "schedule": schedule}
    table = {
        "id": "course",
        "context": "everyone_active",
        "arm": [{"name": ARM, "n": 1, "dose": [given]}],
        "rating": [{"scale": "madrs", "at": [f"{hour:.6f} h" for hour in looks(sessions)]}],
    }
    return build(table, "simulate")


def looks(sessions: Iterable[float]) -> list[float]:
    """Hours at which people are looked at, ascending, the first one before anything is given."""
    given = list(sessions)
    last = given[-1] + AFTER_H
    found = {float(hour) for hour in np.arange(0.0, last + DAY_H / 2, DAY_H)} | {*given, last}
    for start in given:
        minutes = _CLOSE_MIN if start in (given[0], given[-1]) else (_PEAK_MIN,)
        found |= {start + minute / 60 for minute in minutes}
    ascending = sorted(found)
    return [ascending[0], *(b for a, b in pairwise(ascending) if b - a > _MARGIN_H)]


def _read(name: str, read: Callable[[str], Any], text: str) -> Any:
    try:
        return read(text)
    except ProtocolError as fault:
        raise EvidenceError("simulate", name, fault.found, fault.allowed) from fault


def _reference_duration() -> str:
    parameter = library().parameter("people.reference_duration")
    minutes = convert(float(np.asarray(parameter.claims[0].value)), parameter.unit, "min")
    return f"{minutes:g} min"


def _allow(people: int, seed: int) -> None:
    for name, value, low, high in (("people", people, 1, _MOST_PEOPLE), ("seed", seed, 0, 2**63 - 1)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or not low <= value <= high:
            raise EvidenceError("simulate", name, repr(value), f"a whole number from {low} to {high}")


def _follow(protocol: Protocol, model: Model, people: int, seed: int, progress: Report | None, jobs: int | None) -> Any:
    """The trajectory of everybody under one card, each person a replicate of one."""
    from racemate.simulate.run import run
    from racemate.simulate.step import reading_names

    world = ChainWorld(model.hypothesis.name, model, seed)
    enrolled = enrol(protocol, world, seed, people, 1)
    told = None if progress is None else lambda done, total: progress(world.name, done, total)
    names = [*_READ, *(name for name in reading_names() if name.startswith("plasma."))]
    done = replace(plan(protocol, world, enrolled, seed), stops=False)
    return run(enrolled.cohort.drawn, done, names, progress=told, threads=jobs)  # pyright: ignore[reportAttributeAccessIssue] People


def _dataset(cards: list[str], found: list[Any]) -> xarray.Dataset:
    import xarray

    told = dict(_READ)
    told |= {name: (name.replace(".", "_"), "ng/mL") for name in found[0].readings if name.startswith("plasma.")}
    data = {}
    for name, (outcome, unit) in told.items():
        cube = np.stack([one[name] for one in found])
        scale = convert(1.0, *_FACTOR[unit]) if unit in _FACTOR else 1.0
        data[outcome] = (("hypothesis", "time", "person"), cube * scale, {"units": unit, "name": name})
    for outcome, *parts in (("plasma_ketamine", "plasma_ketamine_s", "plasma_ketamine_r"),):
        if all(data[part][1].any() for part in parts):
            data[outcome] = (
                data[parts[0]][0],
                sum(data[part][1] for part in parts),
                {"units": "ng/mL", "name": outcome},
            )
    hours = ("time", found[0].visits_h, {"units": "h"})
    return xarray.Dataset(data, {"hypothesis": cards, "time": hours}, {"simulated": 1})
