"""Workers: one piece of work after another done by several processes, each of which holds the same thing.

Threads will not do here: programs that factorise matrices, run side by side in one process, can wait for each other for ever.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from threading import Thread
from time import sleep
from typing import Any, TypeVar

from racemate.model import bind
from racemate.simulate.run import reference_plan
from racemate.simulate.solve import machine

Held = TypeVar("Held")
Job = TypeVar("Job")
Done = TypeVar("Done")


def spread(
    task: Callable[[Held, Job], Done], held: Held, jobs: Sequence[Job], processes: int | None = None
) -> Iterator[tuple[Job, Done]]:
    """Each job with what ``task(held, job)`` gives for it, in the order in which they end.

    ``processes`` (default: one per core, at most one per job) never changes a result; 1 works here, without another process.  ``task`` is
    a function of a module and ``held`` can be pickled.  Whoever stops listening ends the processes; a script of one's own that comes here asks under
    ``if __name__ == "__main__"``, because each process reads it again.
    """
    count = min(processes or os.cpu_count() or 1, len(jobs))
    if count <= 1:
        for job in jobs:
            yield job, task(held, job)
        return
    others = multiprocessing.active_children()
    with ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), _begin, (held,)) as pool:
        waiting = {pool.submit(_one, task, job): job for job in jobs}
        try:
            for done in as_completed(waiting):
                yield waiting[done], done.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in multiprocessing.active_children():
                if worker not in others:
                    worker.terminate()
            raise


_HELD: list[Any] = []


def _begin(held: Any) -> None:
    """In a new process: the engine's arithmetic, and an interrupt left to the process that asked."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    machine(bind(), reference_plan(1))
    _HELD[:] = [held]


def _end_with(parent: int) -> None:
    """End as soon as the process that asked is gone, however it ended."""
    while os.getppid() == parent:
        sleep(1)
    os._exit(1)


def _one(task: Callable[[Any, Any], Any], job: Any) -> Any:
    return task(_HELD[0], job)
