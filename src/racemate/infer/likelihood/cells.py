"""Cells: one arm of one trial at one time, and everything about it that no unknown number can change.

A cell knows who was let in (rated baseline), which sessions came before it and in which setting, how long a new antidepressant has
been taken, and by which definitions its people count as better.  Crossovers are read in their first period: washout is taken as done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racemate.infer.targets.target import Target, Targets
from racemate.model import bind
from racemate.simulate.plan import Plan
from racemate.trial.conduct.enrol import enrol
from racemate.trial.conduct.treat import plan
from racemate.trial.design.arm import CONTEXTS, Arm
from racemate.trial.design.protocol import Protocol
from racemate.trial.world import ChainWorld

Floats = NDArray[np.float64]
_SEED = 0
"""Only the schedule is read from the one person enrolled per arm, so any seed gives the same cells."""


@dataclass(frozen=True, order=True)
class Cell:
    """One arm of one trial at one hour since its first session, read on one scale."""

    trial: str
    arm: str
    hour: float
    scale: str


@dataclass(frozen=True)
class Sheet:
    """All cells as arrays, one entry per cell unless said otherwise; times in hours, scores in points of ``entry_scale``."""

    cells: tuple[Cell, ...]
    trials: tuple[str, ...]
    scales: tuple[str, ...]
    """Scales in use; index 0 is the MADRS."""
    trial: NDArray[np.int64]
    scale: NDArray[np.int64]
    entry_scale: NDArray[np.int64]
    entry_mean: Floats
    entry_sd: Floats
    since_baseline: Floats
    """Since the baseline rating, when mood starts to wander."""
    antidepressant: Floats
    """Since the start of a new antidepressant; below zero where there is none."""
    context: Floats
    """Setting at that time, shape (cells, contexts), 0 or 1, in the order of `CONTEXTS`."""
    start: Floats
    """Start of each session before the cell, shape (cells, sessions); sessions that do not exist last no time."""
    length: Floats
    response: Floats
    remission: Floats
    """Largest score that counts as remission; nan where the trial names none."""
    stayed: Floats
    """Share of people who still count: below 1 only where leaving is counted as failure."""

    def index(self, trial: str, arm: str, hour: float, scale: str) -> int:
        """Place of a cell; raises ValueError when it is not there."""
        return self.cells.index(Cell(trial, arm, hour, scale))


def sheet(targets: Targets) -> Sheet:
    """The cells that the targets of all trials need."""
    wanted = _wanted(targets.targets)
    scales = ("madrs", *sorted({cell.scale for cell in wanted} | _entry_scales(targets)))
    scales = tuple(dict.fromkeys(scales))
    rows = [_row(cell, targets.protocols[cell.trial], plans) for cell, plans in _planned(wanted, targets.protocols)]
    longest = max(len(row["sessions"]) for row in rows)
    sessions = np.zeros((len(rows), longest, 2))
    for k, row in enumerate(rows):
        if row["sessions"]:
            sessions[k, longest - len(row["sessions"]) :] = row["sessions"]
            sessions[k, : longest - len(row["sessions"]), 0] = row["sessions"][0][0]

    def column(name: str) -> Floats:
        return np.array([row[name] for row in rows], dtype=np.float64)

    return Sheet(
        cells=tuple(wanted),
        trials=targets.trials,
        scales=scales,
        trial=np.array([targets.trials.index(cell.trial) for cell in wanted]),
        scale=np.array([scales.index(cell.scale) for cell in wanted]),
        entry_scale=np.array([scales.index(targets.protocols[cell.trial].baseline_scale) for cell in wanted]),
        context=np.array([row["context"] for row in rows]),
        start=sessions[:, :, 0],
        length=sessions[:, :, 1],
        **{
            name: column(name)
            for name in (
                "entry_mean",
                "entry_sd",
                "since_baseline",
                "antidepressant",
                "response",
                "remission",
                "stayed",
            )
        },
    )


def _wanted(targets: Iterable[Target]) -> list[Cell]:
    return sorted({Cell(o.trial, arm, hour, o.outcome) for o in targets for arm, _ in o.terms for hour in o.hours})


def _entry_scales(targets: Targets) -> set[str]:
    return {protocol.baseline_scale for protocol in targets.protocols.values()}


def _planned(
    wanted: list[Cell], protocols: Mapping[str, Protocol]
) -> Iterable[tuple[Cell, tuple[Plan, NDArray[np.int64]]]]:
    """Each cell with the plan of its trial, and the arm of each person in it (one person per arm)."""
    world = ChainWorld("", bind(), _SEED)
    found: dict[str, tuple[Plan, NDArray[np.int64]]] = {}
    for cell in wanted:
        if cell.trial not in found:
            protocol = protocols[cell.trial]
            enrolled = enrol(protocol, world, _SEED, 1, len(protocol.conditions) if protocol.crossover else 1)
            found[cell.trial] = plan(protocol, world, enrolled, _SEED), enrolled.arm[0]
        yield cell, found[cell.trial]


def _row(cell: Cell, protocol: Protocol, planned: tuple[Plan, NDArray[np.int64]]) -> dict[str, Any]:
    done, arms = planned
    arm = protocol.arm(cell.arm)
    person = int(np.argmax(arms == [one.name for one in protocol.conditions].index(cell.arm)))
    start = protocol.period_h(protocol.live_periods[0])
    now = start + cell.hour
    here = [c for c in done.conditions if c.value[person] > 0]
    sessions = [(c.start_h, min(c.end_h, now) - c.start_h) for c in here if c.name == "session" and c.start_h < now]
    return {
        "sessions": [(begin - now, length) for begin, length in sorted(sessions)],
        "context": [float(any(c.name == name and c.start_h <= now <= c.end_h for c in here)) for name in CONTEXTS],
        "antidepressant": now - done.antidepressant_start_h[person],
        "since_baseline": max(cell.hour - protocol.baseline_h, 0.0),
        "response": protocol.response,
        "remission": protocol.remission.get(cell.scale, np.nan),
        "stayed": _stayed(protocol, arm, cell.hour),
        **_entry(protocol, arm),
    }


def _entry(protocol: Protocol, arm: Arm) -> dict[str, float]:
    """Rated baseline of those let in; the evidence's typical person where the report gives none."""
    figure = arm.baseline or protocol.baseline
    if figure is not None:
        return {"entry_mean": figure.mean, "entry_sd": figure.sd}
    typical = bind().bound["severity.baseline"]
    assert isinstance(typical.typical, float)
    assert typical.between is not None
    return {"entry_mean": typical.typical, "entry_sd": typical.between.scale}


def _stayed(protocol: Protocol, arm: Arm, hour: float) -> float:
    """People leave at any time alike until the last visit."""
    if protocol.missing != "failure":
        return 1.0
    share = protocol.dropout if protocol.crossover else arm.dropout
    return 1.0 - share * min(hour / protocol.visit_h[-1], 1.0)
