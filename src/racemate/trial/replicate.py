"""Replicate: run a trial on virtual patients under rival mechanisms, and set what was observed beside what was simulated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from racemate.chain import whole
from racemate.evidence.finding import EvidenceError
from racemate.evidence.library import library
from racemate.evidence.record import Trial
from racemate.model import bind
from racemate.readings.names import build, leaves
from racemate.simulate.check import memory
from racemate.simulate.plan import Plan
from racemate.spread.jobs import here, spread
from racemate.trial.beside import Found, Replication, Size, find, gather
from racemate.trial.conduct.allocate import sizes
from racemate.trial.conduct.decide import rounds
from racemate.trial.conduct.enrol import enrol
from racemate.trial.conduct.leave import asked_h
from racemate.trial.conduct.rate import Data, rate, readings
from racemate.trial.conduct.treat import plan, same, visiting
from racemate.trial.conduct.world import Enrolled, Floats, World
from racemate.trial.design.parts import parts
from racemate.trial.design.protocol import Protocol
from racemate.trial.published import Asked, protocol_of, questions
from racemate.trial.world import ChainWorld, Watched

REPLICATES = 100
SEED = 1
_MOST_PEOPLE = 1 << 24
_UNSCALED = "systolic"
_SAME_H = 1e-3
"""Two times closer than four seconds are one, told in two ways."""
_READ = 6
"""How often a reading is held at the peak, beside once for each arm."""
Report = Callable[[str, int, int], None]


def replicate(
    trial: str | Trial | Protocol,
    hypotheses: Iterable[str] | None = None,
    people: int | None = None,
    replicates: int = REPLICATES,
    seed: int = SEED,
    progress: Report | None = None,
    worlds: Callable[[str], World] | None = None,
    courses: int | None = None,
    scheduler: str | None = None,
    ready: Callable[[], None] | None = None,
) -> Replication:
    """Run a trial ``replicates`` times under each hypothesis (default: every card).

    ``trial`` is the id of a published trial, its record, or a protocol of one's own.  ``people`` overrides the number per arm (of the
    whole trial for a crossover).  Parameters are drawn from their priors and study effects anew for each replicate.  ``progress`` is
    told hypothesis, people done and people in all; whatever it raises stops the run.  ``worlds`` makes a hypothesis from its name.
    ``courses`` is how many people of each treatment path are carried through the chain, the others following them (default: all).
    ``scheduler`` names a cluster whose workers take a hypothesis each, made ``ready`` first (`racemate.spread.jobs.spread`).
    Raises EvidenceError for an unknown trial or card and for numbers nobody can run.
    """
    protocol, record = _told(trial)
    size = Size(people, replicates, seed, courses)
    allow(size)
    names = list(hypotheses) if hypotheses is not None else _cards()
    if not names:
        raise EvidenceError("replicate", "hypotheses", "none", "at least one card")
    otherwise = "fewer people or replicates, or --summary, which keeps counts alone"
    total = replicates * sum(sizes(protocol, people))
    memory.allow("replicate", total, room(protocol, size, len(names), None, scheduler) or 0, otherwise)
    asked = questions(protocol, record.observations if record else ())
    make = worlds or (lambda name: ChainWorld(name, bind(name), seed, courses=courses))
    every = [make(name) for name in names]
    if scheduler is None:
        found = {
            world.name: find(conduct(protocol, world, seed, replicates, people, progress), asked) for world in every
        }
    else:
        found = _elsewhere(Given(protocol, asked, size), every, scheduler, ready, progress)
    return gather(protocol, record, asked, found, size)


class Given(NamedTuple):
    """What all hypotheses have in common: the trial, what is asked of it, and how much is run."""

    protocol: Protocol
    asked: tuple[Asked, ...]
    size: Size


def alone(given: Given, world: World) -> tuple[Found, Mapping[str, Any] | None]:
    """What one hypothesis makes of a trial, and how it was solved, if it is watched."""
    size = given.size
    found = find(conduct(given.protocol, world, size.seed, size.replicates, size.people), given.asked)
    return found, world.grids.get(world.name) if isinstance(world, Watched) else None


def _elsewhere(
    given: Given, every: Sequence[World], scheduler: str, ready: Callable[[], None] | None, progress: Report | None
) -> dict[str, Found]:
    """What each hypothesis makes of a trial, as the workers of a cluster find it; progress is told hypothesis by hypothesis."""
    total = given.size.replicates * sum(sizes(given.protocol, given.size.people))
    found: dict[str, Found] = {}

    def tell() -> None:
        if progress is not None:
            for world in every:
                progress(world.name, total if world.name in found else 0, total)

    for world, (one, solved) in spread(alone, given, every, scheduler=scheduler, ready=ready, heed=tell):
        found[world.name] = one
        if isinstance(world, Watched) and solved is not None:
            world.grids[world.name] = dict(solved)
    tell()
    return {world.name: found[world.name] for world in every}


def conduct(
    protocol: Protocol,
    world: World,
    seed: int,
    replicates: int,
    people: int | None = None,
    progress: Report | None = None,
    first: int = 0,
) -> Data:
    """One hypothesis: enrol, treat and rate everybody of every replicate, from one decision of the protocol to the next.

    Replicates are numbered from ``first``, and each is what it is whatever others are run beside it.
    """
    tell = None if progress is None else lambda ready, total: progress(world.name, ready, total)
    ranges = {name: library().scale(name).range for name in protocol.every_scale if name != _UNSCALED}

    names = readings(protocol)
    last: tuple[float, Plan, Mapping[str, Floats]] | None = None

    def run(enrolled: Enrolled, until_h: float) -> Data:
        nonlocal last
        if last is None or not last[0] == until_h < np.inf:  # what is decided at an hour changes nothing before it
            if last is not None and last[0] != until_h:
                last = None  # a plan of everybody is large: the one before is let go first
            asked = asked_h(protocol, enrolled, seed)
            done = replace(plan(protocol, world, enrolled, seed), decided_h=until_h, asked_h=asked)
            stands = last is not None and last[0] == until_h and same(done, last[1])
            last = (until_h, done, last[2] if stands and last else world.run(enrolled.cohort, done, names, tell))
        known = max(1, int(np.searchsorted(last[1].visits_h, until_h + _SAME_H)))
        found = {name: values[:known] for name, values in last[2].items()}
        return rate(protocol, enrolled, last[1].visits_h[:known], found, ranges, seed)

    return rounds(protocol, enrol(protocol, world, seed, replicates, people, first), seed, run)


def room(
    protocol: Protocol, size: Size, hypotheses: int, threads: int | None = None, scheduler: str | None = None
) -> int | None:
    """Bytes that a run of so many hypotheses needs about on this machine; None where others do the work."""
    if scheduler is None:
        return needed(protocol, size, threads)
    return here(hypotheses, scheduler=scheduler) * needed(protocol, size, 1) or None


def needed(protocol: Protocol, size: Size, threads: int | None = None) -> int:
    """Bytes that a run of one hypothesis needs about: parameters, what is done to a person, and readings as they become ratings by arm."""
    every = parts(protocol)
    numbers = memory.COPIES * len(leaves(build(whole.Par, lambda *_: 1.0)))
    numbers += sum(
        len(part.protocol.dose_h(dose)) for part in every for arm in part.protocol.arms for dose in arm.doses
    )
    read = len(visiting(every)) * len(readings(protocol))
    numbers += read * (_READ + len(protocol.conditions))
    numbers *= 2 if protocol.staged else 1  # courses that part are copies of what they part from
    return memory.estimate(size.replicates * sum(sizes(protocol, size.people)), numbers, threads)


def _told(trial: str | Trial | Protocol) -> tuple[Protocol, Trial | None]:
    if isinstance(trial, Protocol):
        return trial, None
    record = library().trial(trial) if isinstance(trial, str) else trial
    return protocol_of(record), record


def allow(size: Size, where: str = "replicate", most: int = 1_000_000) -> None:
    """Refuse numbers that nobody can run, more than ``most`` replicates among them; raises EvidenceError."""
    everybody = _MOST_PEOPLE // 64
    for name, value, low, high in (
        ("people", 1 if size.people is None else size.people, 1, everybody),
        ("replicates", size.replicates, 1, most),
        ("seed", size.seed, 0, 2**63 - 1),
        ("courses", 1 if size.courses is None else size.courses, 1, everybody),
    ):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or not low <= value <= high:
            raise EvidenceError(where, name, repr(value), f"a whole number from {low} to {high}")


def _cards() -> list[str]:
    from racemate.hypothesis import all_names

    return list(all_names())
