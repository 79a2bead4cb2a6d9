"""Work: every trial under every card, shared out part by part, each result kept as soon as it is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import product
from time import monotonic
from typing import NamedTuple

from racemate.report.replication.part import Task, make_part
from racemate.report.replication.store import Part, Store
from racemate.report.run.agree import agreed
from racemate.simulate.check import memory
from racemate.spread.jobs import here, spread
from racemate.trial.beside import Size
from racemate.trial.conduct.world import World
from racemate.trial.world import ChainWorld


class Told(NamedTuple):
    """How far the work is: trials and virtual people done and in all, and about how many seconds are left (None: nobody knows yet)."""

    trials: int
    of_trials: int
    people: int
    of_people: int
    left_s: float | None


Follow = Callable[[Told], None]


class Given(NamedTuple):
    """What all parts have in common: trials, worlds and size."""

    tasks: Sequence[Task]
    worlds: Sequence[World]
    size: Size


def make(given: Given, places: tuple[int, int]) -> Part:
    """The part of a task and a world, by their places."""
    task, world = places
    return make_part(given.tasks[task], given.worlds[world], given.size)


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
    memory: int | None = None
    """Bytes that were needed about, on this machine; None where nothing was to be made on it."""
    _cards: Counter[str] = field(default_factory=Counter)
    """How many cards of each trial are done."""
    _people: int = 0
    _cost: float = 0.0
    """Cost of the parts made by this run, told by what is done of them."""
    _there: float = 0.0
    _begun: float = field(default_factory=monotonic)

    def run(self, jobs: int | None, scheduler: str | None = None) -> None:
        """Make every part that is not there; whatever ``follow`` raises stops all of it and is raised.

        ``scheduler`` names a cluster, as `racemate.spread.jobs.spread` does; worlds of the caller's own are run here.
        """
        self._say()
        if not all(isinstance(world, ChainWorld) for world in self.worlds):
            jobs, scheduler = 0, None
        missing = self._missing()
        self.memory = self._room([task for task, _ in missing], jobs, scheduler)
        given = Given(tuple(self.tasks), tuple(self.worlds), self.size)
        for (task, world), part in spread(make, given, missing, jobs, scheduler, agreed(), self._say):
            self.store.keep(self.tasks[task].trial, self.worlds[world].name, part)
            self._add(task, there=False)
        self._say()

    def _room(self, missing: Sequence[int], jobs: int | None, scheduler: str | None) -> int | None:
        """Bytes that the processes of this machine need about, if all are at the largest parts; refused where they are not free."""
        at_once = here(len(missing), jobs, scheduler) or (scheduler is None)
        if not (missing and at_once):
            return None
        each = {task: self.tasks[task].memory(self.size) for task in set(missing)}
        largest = sorted(missing, key=each.__getitem__)[-at_once:]
        found = sum(each[task] for task in largest)
        people = sum(self.tasks[task].people(self.size) for task in largest)
        otherwise = "fewer people or replicates" if at_once == 1 else "fewer --jobs or workers"
        memory.allow(f"the {at_once} largest parts at once", people, found, otherwise)
        return found

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

    def _add(self, place: int, there: bool) -> None:
        task = self.tasks[place]
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
