"""Part: one trial under one card, and about how long it takes."""

from __future__ import annotations

from dataclasses import dataclass

from racemate.evidence.finding import EvidenceError
from racemate.evidence.record import Trial
from racemate.report.replication.store import Part
from racemate.trial.beside import Size, find
from racemate.trial.conduct.allocate import sizes
from racemate.trial.conduct.world import World
from racemate.trial.design.parts import Part as Stretch
from racemate.trial.design.parts import moments, parts
from racemate.trial.design.protocol import Protocol
from racemate.trial.design.schedule import ProtocolError
from racemate.trial.design.stage import NOTHING
from racemate.trial.published import Asked
from racemate.trial.replicate import conduct, needed


@dataclass(frozen=True)
class Task:
    """A trial to be run: its protocol, what its report says, and what is asked of it."""

    trial: str
    protocol: Protocol
    record: Trial | None
    asked: tuple[Asked, ...]

    def people(self, size: Size) -> int:
        """Virtual people of all replicates under one card."""
        return size.replicates * sum(sizes(self.protocol, size.people))

    def memory(self, size: Size) -> int:
        """Bytes that a process needs about, to make one card."""
        return needed(self.protocol, size, 1)

    def cost(self, size: Size) -> float:
        """About how long one card takes, in units that only compare: people carried, times what happens to each."""
        every = parts(self.protocol)
        ways = 1 + sum(map(_partings, every))
        groups = sizes(self.protocol, size.people)
        carried = sum(min(n, ways * (size.courses or n)) for n in groups)
        return size.replicates * carried * (1.0 + sum(map(_events, every)))


def _partings(part: Stretch) -> int:
    """How often a decision may part the ways of people who were treated alike."""
    return sum(len(moments(part.protocol, one)) for one in part.protocol.decisions if one.then != NOTHING)


def _events(part: Stretch) -> int:
    """About how many doses and visits a part has, at each of its starts."""
    given = [sum(len(part.protocol.dose_h(dose)) for dose in arm.doses) for arm in part.protocol.conditions]
    return len(part.starts) * (len(part.protocol.visit_h) + max(given, default=0))


def make_part(task: Task, world: World, size: Size) -> Part:
    """What a card makes of a trial, or why it cannot be run."""
    try:
        return find(conduct(task.protocol, world, size.seed, size.replicates, size.people), task.asked)
    except (EvidenceError, ProtocolError, FloatingPointError) as error:
        return str(error)
