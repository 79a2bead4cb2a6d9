"""Ready: a process that infers before it has simulated needs the engine's 64-bit arithmetic."""

from __future__ import annotations

from racemate.model import bind
from racemate.simulate.run import reference_plan
from racemate.simulate.solve import machine


def ready() -> None:
    """Set it up; cheap when it is there."""
    machine(bind(), reference_plan(1))
