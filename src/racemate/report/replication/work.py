"""Work: trials under cards, one after another on each of several threads, each result kept as soon as it is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from os import cpu_count
from threading import Lock
from time import monotonic
from typing import NamedTuple

from racemate.evidence.finding import EvidenceError
from racemate.evidence.record import Trial
from racemate.report.replication.store import Store
from racemate.trial.beside import Size, find
from racemate.trial.conduct.allocate import sizes
from racemate.trial.conduct.world import World
from racemate.trial.design.protocol import Protocol
from racemate.trial.design.schedule import ProtocolError
from racemate.trial.published import Asked
from racemate.trial.replicate import conduct

_WAKE_S = 0.5
"""How often the thread that waits tells what is done, and notices an interrupt."""


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

    def cost(self, size: Size) -> float:
        """About how long one card takes, in units that only compare: people carried, times what happens to each."""
        conditions = self.protocol.conditions
        groups = sizes(self.protocol, size.people)
        carried = sum(min(n, size.courses or n) for n in groups)
        given = max(sum(len(self.protocol.dose_h(dose)) for dose in arm.doses) for arm in conditions)
        return size.replicates * carried * (len(self.protocol.visit_h) + given + 1.0)


class Told(NamedTuple):
    """How far the work is: trials and virtual people done and in all, and about how many seconds are left (None: nobody knows yet)."""

    trials: int
    of_trials: int
    people: int
    of_people: int
    left_s: float | None


Follow = Callable[[Told], None]


class _StoppedError(Exception):
    """Somebody else has stopped the work."""


@dataclass
class Work:
    """The tasks under every world, those that take longest first."""

    tasks: Sequence[Task]
    worlds: Sequence[World]
    size: Size
    store: Store
    follow: Follow | None = None
    made: int = 0
    """Parts that were not there and have been made."""
    _trials: int = 0
    _people: int = 0
    _cost: float = 0.0
    """Cost of the parts made by this run, told by what is done of them."""
    _there: float = 0.0
    _stop: bool = False
    _begun: float = field(default_factory=monotonic)
    _lock: Lock = field(default_factory=Lock)

    def run(self, jobs: int | None) -> None:
        """Make every part that is not there; whatever ``follow`` raises stops all threads and is raised."""
        self._say()
        order = sorted(self.tasks, key=lambda task: (-task.cost(self.size), task.trial))
        with ThreadPoolExecutor(jobs or cpu_count()) as pool:
            try:
                left = {pool.submit(self._trial, task) for task in order}
                while left:
                    done, left = wait(left, _WAKE_S, FIRST_EXCEPTION)
                    for one in done:
                        one.result()
                    self._say()
            except BaseException:
                self._stop = True
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def _trial(self, task: Task) -> None:
        """One trial under one card after the other: they share the grid of the trial."""
        for world in self.worlds:
            if self._stop:
                raise _StoppedError
            if self.store.load(task.trial, world.name) is None:
                self._part(task, world)
            else:
                self._add(task, there=True)
        with self._lock:
            self._trials += 1

    def _part(self, task: Task, world: World) -> None:
        def heed(*_: object) -> None:
            if self._stop:
                raise _StoppedError

        try:
            data = conduct(task.protocol, world, self.size.seed, self.size.replicates, self.size.people, heed)
            part = find(data, task.asked)
        except (EvidenceError, ProtocolError, FloatingPointError) as error:
            part = str(error)
        self.store.keep(task.trial, world.name, part)
        self._add(task, there=False)

    def _add(self, task: Task, there: bool) -> None:
        with self._lock:
            self._people += task.people(self.size)
            if there:
                self._there += task.cost(self.size)
            else:
                self._cost += task.cost(self.size)
                self.made += 1

    def _say(self) -> None:
        if self.follow is None:
            return
        count = len(self.worlds)
        whole = sum(task.cost(self.size) for task in self.tasks) * count
        people = sum(task.people(self.size) for task in self.tasks) * count
        spent = monotonic() - self._begun
        left = spent * (whole - self._there - self._cost) / self._cost if self._cost else None
        self.follow(Told(self._trials, len(self.tasks), self._people, people, left))
