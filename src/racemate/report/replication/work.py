"""Work: every trial under every card, shared out part by part, each result kept as soon as it is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import product
from time import monotonic
from typing import NamedTuple

from racemate.evidence.finding import EvidenceError
from racemate.evidence.library import library
from racemate.report.replication.part import Task, make_part
from racemate.report.replication.store import Part, Store
from racemate.report.run.code import code
from racemate.spread.jobs import spread
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
    """What all parts have in common: trials, worlds and size, and the code and evidence that whoever makes a part must have too."""

    tasks: Sequence[Task]
    worlds: Sequence[World]
    size: Size
    code: str
    evidence: str


def make(given: Given, places: tuple[int, int]) -> Part:
    """The part of a task and a world, by their places; raises EvidenceError where code or evidence differ from those of whoever asks."""
    for what, mine, asked in (("code", code(), given.code), ("evidence", library().hash, given.evidence)):
        if mine != asked:
            raise EvidenceError("a worker", what, mine[:12], f"{asked[:12]}, that of whoever asks")
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
        given = Given(tuple(self.tasks), tuple(self.worlds), self.size, code(), library().hash)
        for (task, world), part in spread(make, given, self._missing(), jobs, scheduler, heed=self._say):
            self.store.keep(self.tasks[task].trial, self.worlds[world].name, part)
            self._add(task, there=False)
        self._say()

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
