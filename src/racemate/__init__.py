"""racemate: from dose to mood, with the rivals in the open.

The face of the package, in causal order; each name is imported when it is first asked for, so that importing racemate loads no engine.
"""

import sys
from importlib import import_module
from importlib.metadata import version
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from racemate.evidence.finding import EvidenceError
    from racemate.exchange.repeat import repeat as rerun
    from racemate.hypothesis import HypothesisError
    from racemate.model import bind
    from racemate.people.cohort import draw
    from racemate.report.characteristics.run import power
    from racemate.report.known import hypotheses, trials
    from racemate.report.numbers import evidence
    from racemate.report.replication.every import replicate_all
    from racemate.report.run.course import CourseRun, simulate
    from racemate.report.run.trial import TrialRun, replicate
    from racemate.simulate.plan import Condition, Dose, Plan
    from racemate.simulate.run import run
    from racemate.trial.design.protocol import Protocol

__all__ = [
    "Condition",
    "CourseRun",
    "Dose",
    "EvidenceError",
    "HypothesisError",
    "Plan",
    "Protocol",
    "TrialRun",
    "bind",
    "draw",
    "evidence",
    "hypotheses",
    "power",
    "replicate",
    "replicate_all",
    "rerun",
    "run",
    "simulate",
    "trials",
]

__version__ = version("racemate")

_PLACES = {
    "evidence": "report.numbers:evidence",
    "EvidenceError": "evidence.finding:EvidenceError",
    "trials": "report.known:trials",
    "hypotheses": "report.known:hypotheses",
    "HypothesisError": "hypothesis:HypothesisError",
    "bind": "model:bind",
    "draw": "people.cohort:draw",
    "Dose": "simulate.plan:Dose",
    "Condition": "simulate.plan:Condition",
    "Plan": "simulate.plan:Plan",
    "run": "simulate.run:run",
    "simulate": "report.run.course:simulate",
    "CourseRun": "report.run.course:CourseRun",
    "Protocol": "trial.design.protocol:Protocol",
    "power": "report.characteristics.run:power",
    "replicate": "report.run.trial:replicate",
    "replicate_all": "report.replication.every:replicate_all",
    "TrialRun": "report.run.trial:TrialRun",
    "rerun": "exchange.repeat:repeat",
}
_ROOMS = ("evidence", "simulate")
"""Names that are a room of the package and a verb of its face: the import system puts the room there, so the room answers a call."""


class _Room(ModuleType):
    """A subpackage that can be called as the function of the same name."""

    def __call__(self, *values: Any, **named: Any) -> Any:
        return _find(self.__name__.rpartition(".")[2])(*values, **named)


class _Face(ModuleType):
    """This package: it makes the rooms that share a name with a verb answer a call as soon as they are imported."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _ROOMS and isinstance(value, ModuleType):
            value.__class__ = _Room
        super().__setattr__(name, value)


def _find(name: str) -> Any:
    place, _, member = _PLACES[name].partition(":")
    return getattr(import_module(f"racemate.{place}"), member)


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"racemate.{name}")
    if name not in _PLACES:
        raise AttributeError(f"module 'racemate' has no attribute {name!r}")
    found = globals()[name] = _find(name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


sys.modules[__name__].__class__ = _Face
