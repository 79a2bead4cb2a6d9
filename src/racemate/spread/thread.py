"""Thread: jobs side by side in this process, which share what it has compiled.

Only for tasks whose programs may run side by side: small ones of JAX that factorise matrices can wait for each other for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from racemate.spread.charge import Charge, Raised
from racemate.spread.hand import Answers


@contextmanager
def threads(charge: Charge, jobs: Sequence[Any], count: int) -> Iterator[Answers]:
    """So many threads at work on the jobs; when the context ends, none begins another one."""
    answers = Answers()

    def work(place: int) -> None:
        try:
            answers.put((place, charge.do(jobs[place])))
        except BaseException as error:  # noqa: BLE001 whoever listens raises it
            answers.put((place, Raised(error)))

    pool = ThreadPoolExecutor(count)
    try:
        for place in range(len(jobs)):
            pool.submit(work, place)
        yield answers
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
