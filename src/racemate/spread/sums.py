"""Sums: jobs whose answers add up, in any order to the same; on a cluster the workers add them in a tree, so that few answers travel far."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from racemate.spread.charge import Charge
from racemate.spread.cluster import tree
from racemate.spread.jobs import heard
from racemate.spread.thread import threads

Held = TypeVar("Held")
Job = TypeVar("Job")
Done = TypeVar("Done")
FAN = 8
"""Answers that a worker adds at once."""
HEARD = 256
"""Sums that whoever asks hears of at most: so often can a stopped run have written down how far it is."""


def sums(
    task: Callable[[Held, Job], Done],
    add: Callable[[Done, Done], Done],
    held: Held,
    jobs: Sequence[Job],
    count: int | None = None,
    scheduler: str | None = None,
    ready: Callable[[], None] | None = None,
    follow: Callable[[int], None] | None = None,
) -> Iterator[tuple[Sequence[Job], Done]]:
    """Some jobs at a time with what their answers add up to, in the order in which they end; they are begun in the order given.

    ``count`` threads of this process work (default: one per core), and each job comes alone; or the workers of the cluster that
    ``scheduler`` names, who add the answers of neighbours.  ``follow`` is told now and then how many jobs are done, those included
    whose sum has not come yet; what it raises stops the work.  The rest is as in `racemate.spread.jobs.spread`.
    """
    if not jobs:
        return
    charge, done = Charge(task, held, ready), list[None]()
    heed = None if follow is None else lambda: follow(len(done))
    if scheduler is None:
        with threads(charge, jobs, min(count or os.cpu_count() or 1, len(jobs))) as answers:
            for place, answer in heard(answers, len(jobs), heed):
                yield jobs[place : place + 1], answer
                done.append(None)
        return
    floors = height(len(jobs))
    size = FAN**floors
    with tree(charge, jobs, scheduler, add, (FAN, floors), lambda: done.append(None)) as answers:
        for place, answer in heard(answers, -(-len(jobs) // size), heed):
            yield jobs[place * size : (place + 1) * size], answer


def height(jobs: int) -> int:
    """How often sums are summed up on the way to whoever asks: as often as leaves them at most `HEARD`, and once at least."""
    floors = 1
    while jobs > HEARD * FAN**floors:
        floors += 1
    return floors
