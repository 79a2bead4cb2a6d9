"""Work: every trial under every card, shared out part by part, each result kept as soon as it is there."""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import product
from os import cpu_count
from queue import SimpleQueue
from threading import Lock
from time import monotonic
from typing import NamedTuple, Protocol

from racemate.report.replication.hand import Charge, Hand
from racemate.report.replication.part import Task, make_part
from racemate.report.replication.store import Part, Store
from racemate.trial.beside import Size
from racemate.trial.conduct.world import World
from racemate.trial.world import ChainWorld

_WAKE_S = 0.5
"""How often the thread that waits tells what is done, and notices an interrupt."""


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


class _Maker(Protocol):
    """Who makes parts, one at a time."""

    def make(self, task: int, world: int) -> Part: ...
    def end(self) -> None: ...


@dataclass
class Work:
    """The tasks under every world; parts are made by processes of their own, or here where the worlds are the caller's own."""

    tasks: Sequence[Task]
    worlds: Sequence[World]
    size: Size
    store: Store
    follow: Follow | None = None
    made: int = 0
    """Parts that were not there and have been made."""
    _cards: Counter[str] = field(default_factory=Counter)
    """How many cards of each trial are done."""
    _people: int = 0
    _cost: float = 0.0
    """Cost of the parts made by this run, told by what is done of them."""
    _there: float = 0.0
    _stop: bool = False
    _begun: float = field(default_factory=monotonic)
    _lock: Lock = field(default_factory=Lock)

    def run(self, jobs: int | None) -> None:
        """Make every part that is not there; whatever ``follow`` raises stops all of it and is raised."""
        self._say()
        missing = self._missing()
        many = min(jobs or cpu_count() or 1, len(missing))
        if not many:
            return
        makers = self._makers(many)
        free = SimpleQueue[_Maker]()
        for maker in makers:
            free.put(maker)
        with ThreadPoolExecutor(many) as pool:
            try:
                left = {pool.submit(self._part, free, *places) for places in missing}
                while left:
                    done, left = wait(left, _WAKE_S, FIRST_EXCEPTION)
                    for one in done:
                        one.result()
                    self._say()
            finally:
                self._stop = True
                for maker in makers:
                    maker.end()
                pool.shutdown(wait=True, cancel_futures=True)

    def _missing(self) -> list[tuple[int, int]]:
        """Places of the parts that are not there: one card of each trial first, whose grid the others find, and long trials first."""
        costs = [task.cost(self.size) for task in self.tasks]
        found = list[tuple[int, int]]()
        for task, world in product(range(len(self.tasks)), range(len(self.worlds))):
            if self.store.load(self.tasks[task].trial, self.worlds[world].name) is None:
                found.append((task, world))
            else:
                self._add(task, there=True)
        first = dict(reversed(found))
        return sorted(found, key=lambda at: (first[at[0]] != at[1], -costs[at[0]], self.tasks[at[0]].trial, at[1]))

    def _makers(self, many: int) -> list[_Maker]:
        if not all(isinstance(world, ChainWorld) for world in self.worlds):
            return [self._here()] * many
        charge, makers = pickle.dumps(Charge(self.tasks, self.worlds, self.size)), list[_Maker]()
        try:
            while len(makers) < many:
                makers.append(Hand(charge))
        except BaseException:
            for maker in makers:
                maker.end()
            raise
        return makers

    def _here(self) -> _Maker:
        def heed() -> None:
            if self._stop:
                raise _StoppedError

        return _Here(self.tasks, self.worlds, self.size, heed)

    def _part(self, free: SimpleQueue[_Maker], task: int, world: int) -> None:
        if self._stop:
            raise _StoppedError
        maker = free.get()
        try:
            part = maker.make(task, world)
        finally:
            free.put(maker)
        self.store.keep(self.tasks[task].trial, self.worlds[world].name, part)
        self._add(task, there=False)

    def _add(self, place: int, there: bool) -> None:
        task = self.tasks[place]
        with self._lock:
            self._cards[task.trial] += 1
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
        done = sum(cards == count for cards in self._cards.values())
        self.follow(Told(done, len(self.tasks), self._people, people, left))


class _Here(NamedTuple):
    """This process makes the part itself."""

    tasks: Sequence[Task]
    worlds: Sequence[World]
    size: Size
    heed: Callable[[], None]

    def make(self, task: int, world: int) -> Part:
        return make_part(self.tasks[task], self.worlds[world], self.size, self.heed)

    def end(self) -> None:
        """Nothing is to be ended: who makes the part heeds that the work was stopped."""
