"""Sums: jobs whose answers add up, in any order to the same; on a cluster the workers add them in a tree, so that few answers travel far."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from racemate.spread.charge import Charge
from racemate.spread.cluster import tree
from racemate.spread.jobs import heard, here, spread

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

    ``count`` processes work (default: one per core, at most one per job), and each job comes alone; where one would be enough, all is
    done here.  Or the workers of the cluster that ``scheduler`` names do it, who add the answers of neighbours.  ``follow`` is told now
    and then how many jobs are done, those included whose sum has not come yet; what it raises stops the work.  The rest is as in
    `racemate.spread.jobs.spread`.
    """
    done = 0

    def ended() -> None:
        nonlocal done
        done += 1

    heed = None if follow is None else lambda: follow(done)
    if scheduler is None:
        processes = here(len(jobs), count)
        for job, answer in spread(task, held, jobs, processes if processes > 1 else 0, ready=ready, heed=heed):
            yield (job,), answer
            ended()
    elif jobs:
        floors = height(len(jobs))
        size = FAN**floors
        with tree(Charge(task, held, ready), jobs, scheduler, add, (FAN, floors), ended) as answers:
            for place, answer in heard(answers, -(-len(jobs) // size), heed):
                yield jobs[place * size : (place + 1) * size], answer


def height(jobs: int) -> int:
    """How often sums are summed up on the way to whoever asks: as often as leaves them at most `HEARD`, and once at least."""
    floors = 1
    while jobs > HEARD * FAN**floors:
        floors += 1
    return floors
