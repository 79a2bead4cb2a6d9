"""Jobs: a list of them done by this process, by several, or by a cluster, and handed over in the order in which they end.

Threads will not do: programs of JAX that factorise matrices, run side by side in one process, can wait for each other for ever, and small
ones cost twice the processor time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from queue import Empty
from typing import Any, TypeVar

from racemate.spread.charge import Charge, Raised
from racemate.spread.cluster import cluster, local
from racemate.spread.hand import Answers, hands

Held = TypeVar("Held")
Job = TypeVar("Job")
Done = TypeVar("Done")
_WAKE_S = 0.5
"""How often ``heed`` is called while jobs are being done."""


def spread(
    task: Callable[[Held, Job], Done],
    held: Held,
    jobs: Sequence[Job],
    processes: int | None = None,
    scheduler: str | None = None,
    ready: Callable[[], None] | None = None,
    heed: Callable[[], None] | None = None,
) -> Iterator[tuple[Job, Done]]:
    """Each job with what ``task(held, job)`` gives for it, in the order in which they end; they are begun in the order given.

    ``task`` and ``ready`` are functions of a module, ``held`` and jobs can be pickled.  ``processes`` (default: one per core, at most one
    per job) is how many work; with 0 everything is done here.  ``scheduler`` names a cluster instead (`racemate.spread.cluster`).
    ``ready`` makes a process ready for the task and must be cheap when called again; ``heed`` is called now and then by who listens, and
    what it raises stops the work, as does whoever stops listening.  What a job raises is raised here.
    """
    count = here(len(jobs), processes)
    if not jobs:
        return
    if scheduler is None and not count:
        if ready is not None:
            ready()
        for job in jobs:
            if heed is not None:
                heed()
            yield job, task(held, job)
        return
    charge = Charge(task, held, ready)
    with hands(charge, jobs, count) if scheduler is None else cluster(charge, jobs, scheduler) as answers:
        for place, answer in heard(answers, len(jobs), heed):
            yield jobs[place], answer


def heard(answers: Answers, left: int, heed: Callable[[], None] | None) -> Iterator[tuple[int, Any]]:
    """So many answers with their places, as they come; ``heed`` is called now and then, and what a job raised is raised."""
    while left:
        if heed is not None:
            heed()
        try:
            place, answer = answers.get(timeout=_WAKE_S)
        except Empty:
            continue
        if isinstance(answer, Raised):
            raise answer.error
        left -= 1
        yield place, answer


def here(jobs: int, processes: int | None = None, scheduler: str | None = None) -> int:
    """How many processes of this machine work on so many jobs; 0 where all are done by this one, or by others elsewhere."""
    count = os.cpu_count() or 1
    if scheduler is not None:
        count = local(scheduler) or 0
    elif processes is not None:
        count = processes
    return min(count, jobs)
