"""Cluster: jobs done by the workers of a Dask cluster, on this machine or on many.

A worker holds what all jobs have in common once.  A job whose worker is lost is done again by another, to the same answer, because an
answer depends on the job alone.  Workers have the code and the evidence of whoever asks, or are refused by ``ready``.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from racemate.evidence.finding import EvidenceError
from racemate.spread.charge import Charge, Raised
from racemate.spread.hand import ALONE, Answers, LostError

if TYPE_CHECKING:
    from distributed import Client, Future

EXTRA = "cluster"
LOCAL = "local"
_WAIT_S = 20
"""How long a scheduler may take to answer."""
_HELD: dict[str, Charge] = {}
"""In a worker: the charge that it works on, by its name."""
_ALLOWED = f"{LOCAL}, {LOCAL}:WORKERS, or the address of a scheduler, such as tcp://host:8786"


@contextmanager
def cluster(charge: Charge, jobs: Sequence[Any], scheduler: str) -> Iterator[Answers]:
    """All jobs given to a cluster: ``local`` (one worker per core), ``local:4``, or the address of a scheduler.

    Raises EvidenceError when the extra is not installed, when the address is no address, and when nobody answers there.
    """
    answers, told = Answers(), pickle.dumps(charge)
    with _client(scheduler, len(jobs)) as client:
        key = sha256(told).hexdigest()
        held = client.submit(_same, told, key=f"racemate-{key}", pure=True)
        futures = [client.submit(_do, key, held, job, priority=-place, pure=False) for place, job in enumerate(jobs)]

        def tell(place: int, future: Future) -> None:
            answers.put((place, _answer(future)))

        for place, future in enumerate(futures):
            future.add_done_callback(lambda done, place=place: tell(place, done))
        try:
            yield answers
        finally:
            client.cancel([*futures, held])


@contextmanager
def _client(scheduler: str, jobs: int) -> Iterator[Client]:
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise EvidenceError("--scheduler", EXTRA, "not installed", f"pip install 'racemate[{EXTRA}]'") from None
    name, _, count = scheduler.partition(":")
    if name == LOCAL:
        if count and not (count.isdecimal() and int(count)):
            raise EvidenceError("--scheduler", "workers", repr(count), _ALLOWED)
        many = min(int(count or os.cpu_count() or 1), jobs)
        # Whatever port is free: several clusters may run on one machine.
        here = LocalCluster(many, threads_per_worker=1, processes=True, dashboard_address=":0", env=ALONE)
        with here, Client(here) as client:
            yield client
        return
    if "://" not in scheduler:
        raise EvidenceError("--scheduler", "address", repr(scheduler), _ALLOWED)
    try:
        client = Client(scheduler, timeout=_WAIT_S)
    except (OSError, ValueError) as error:
        raise EvidenceError("--scheduler", "address", f"{scheduler}: {error}", "a scheduler that answers") from None
    with client:
        yield client


def _same(told: bytes) -> bytes:
    """The charge as it was sent: kept as bytes, for whatever a process makes of it while it works cannot be sent on."""
    return told


def _do(key: str, told: bytes, job: Any) -> Any:
    if key not in _HELD:
        _HELD.clear()
        _HELD[key] = pickle.loads(told)
    return _HELD[key].do(job)


def _answer(future: Future) -> Any:
    """What a job gave; a job that nobody could end is lost."""
    try:
        return future.result()
    except Exception as error:  # noqa: BLE001 whoever listens raises it
        return Raised(LostError(f"{type(error).__name__}: {error}"))
