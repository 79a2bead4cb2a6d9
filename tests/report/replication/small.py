"""Two tiny trials and worlds whose answers are known, so that many runs take a second."""

from pathlib import Path
from typing import Any

from racemate.model import Model
from racemate.report.replication.every import EveryTrial, replicate_all
from tests.cli.small import OUTCOMES, PROTOCOL, write_trial
from tests.trial.fake import FakeWorld

CARDS = ("nmda-disinhibition", "expectancy")
EFFECT = {"nmda-disinhibition": 0.9, "expectancy": 0.0}
PARTS = 4


def write_two(folder: Path) -> list[Path]:
    """Folders of two trials of one's own: a calibration trial by one row, and a context trial."""
    calibration = PROTOCOL.replace('use      = "context"', 'use      = "calibration"').replace("day 4", "day 8")
    read = OUTCOMES.replace("nowhere,assumed", "nowhere,abstract")
    return [
        write_trial(folder / "first", PROTOCOL, read),
        write_trial(folder / "second", calibration, read),
    ]


def world(model: Model) -> FakeWorld:
    """The world of a card."""
    return FakeWorld(model.hypothesis.name, effect=EFFECT[model.hypothesis.name])


def run(trials: list[Path], out: Path | None = None, **asked: Any) -> EveryTrial:
    """Both trials under two cards."""
    return replicate_all(trials, CARDS, **{"replicates": 8, "jobs": 1, "worlds": world, "out": out, **asked})
