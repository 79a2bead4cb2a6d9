"""Cluster: jobs done by the workers of a Dask cluster, on this machine or on many.

A worker holds what all jobs have in common once.  A job whose worker is lost is done again by another, to the same answer, because an
answer depends on the job alone.  Workers have the code and the evidence of whoever asks, or are refused by ``ready``.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from hashlib import sha256
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from racemate.evidence.finding import EvidenceError
from racemate.spread.charge import Charge, Raised
from racemate.spread.hand import ALONE, Answers, LostError

if TYPE_CHECKING:
    from distributed import Client, Future, LocalCluster

EXTRA = "cluster"
LOCAL = "local"
_WAIT_S = 20
"""How long a scheduler may take to answer, and a worker to start."""
_LOOK_S = 0.05
"""How often it is looked whether a worker has started."""
_HELD: dict[str, Charge] = {}
"""In a worker: the charge that it works on, by its name."""
_ALLOWED = f"{LOCAL}, {LOCAL}:WORKERS, or the address of a scheduler, such as tcp://host:8786"


@contextmanager
def cluster(charge: Charge, jobs: Sequence[Any], scheduler: str) -> Iterator[Answers]:
    """All jobs given to a cluster: ``local`` (one worker per core), ``local:4``, or the address of a scheduler.

    Raises EvidenceError when the extra is not installed, when the address is no address, and when nobody answers there.
    """
    with _client(scheduler, len(jobs)) as client:
        leaves = _begun(client, charge, jobs)
        yield _heard(leaves)


@contextmanager
def tree(
    charge: Charge,
    jobs: Sequence[Any],
    scheduler: str,
    add: Callable[[Any, Any], Any],
    shape: tuple[int, int],
    ended: Callable[[], None],
) -> Iterator[Answers]:
    """The same with sums in place of answers: of ``shape`` (fan, floors) neighbours at once, and so often.

    Workers add.  A worker that is lost takes answers with it that are not in a sum yet: their jobs are done again.  ``ended`` is called
    for each job that ends.
    """
    fan, floors = shape
    with _client(scheduler, len(jobs)) as client:
        leaves = sums = _begun(client, charge, jobs)
        for floor in range(floors):
            near = (sums[k : k + fan] for k in range(0, len(sums), fan))
            sums = [client.submit(_sum, add, *some, priority=1 + floor, pure=False) for some in near]

        def tell(leaf: Future) -> None:
            ended()
            leaf.release()  # who adds has it: nobody else keeps it

        for leaf in leaves:
            leaf.add_done_callback(tell)
        yield _heard(sums)


def _begun(client: Client, charge: Charge, jobs: Sequence[Any]) -> list[Future]:
    """The jobs in the order in which they are begun; workers leave them when the client is closed that asked."""
    told = pickle.dumps(charge)
    key = sha256(told).hexdigest()
    held = client.submit(_same, told, key=f"racemate-{key}", pure=True)
    return [client.submit(_do, key, held, job, priority=-place, pure=False) for place, job in enumerate(jobs)]


def _heard(wanted: Sequence[Future]) -> Answers:
    """Where what is wanted arrives, as it comes."""
    answers = Answers()

    def tell(place: int, future: Future) -> None:
        answers.put((place, _answer(future)))

    for place, future in enumerate(wanted):
        future.add_done_callback(lambda done, place=place: tell(place, done))
    return answers


@contextmanager
def _client(scheduler: str, jobs: int) -> Iterator[Client]:
    try:
        from distributed import Client
    except ImportError:
        raise EvidenceError("--scheduler", EXTRA, "not installed", f"pip install 'racemate[{EXTRA}]'") from None
    if (count := local(scheduler)) is not None:
        with workers(min(count, jobs)) as here, Client(here) as client:
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


@contextmanager
def workers(count: int) -> Iterator[LocalCluster]:
    """A cluster of so many processes of this machine, of one thread each; none of them is left when the context ends."""
    from distributed import LocalCluster

    # Whatever port is free: several clusters may run on one machine.
    here: Any = LocalCluster(n_workers=count, threads_per_worker=1, processes=True, dashboard_address=":0", env=ALONE)
    with here:
        try:
            yield here
        finally:
            _settle(here)


def _settle(here: Any) -> None:
    """Start no lost worker again, and wait for those that are just being started.

    Closed while it starts one, a nanny raises an error of its own, which would hide why the cluster is closed, and leaves the process
    behind (distributed 2026.8).
    """
    from distributed import Nanny, Status

    nannies = [nanny for nanny in here.workers.values() if isinstance(nanny, Nanny)]
    for nanny in nannies:
        if nanny.status == Status.running:
            here.loop.add_callback(nanny.close_gracefully)
    until = monotonic() + _WAIT_S
    while monotonic() < until and any(map(_starting, nannies)):
        sleep(_LOOK_S)


def _starting(nanny: Any) -> bool:
    """True while a nanny starts its worker; what it says of that itself may be about the one before, which died as soon as it was there."""
    from distributed import Status

    worker = nanny.process
    if worker is None:
        return False
    return worker.status == Status.starting or (worker.process is not None and worker.process.pid is None)


def local(scheduler: str) -> int | None:
    """Number of workers that a cluster of this machine is asked to have; None where an address is named.  Raises EvidenceError."""
    name, _, count = scheduler.partition(":")
    if name != LOCAL:
        return None
    if count and not (count.isdecimal() and int(count)):
        raise EvidenceError("--scheduler", "workers", repr(count), _ALLOWED)
    return int(count or os.cpu_count() or 1)


def _same(told: bytes) -> bytes:
    """The charge as it was sent: kept as bytes, for whatever a process makes of it while it works cannot be sent on."""
    return told


def _do(key: str, told: bytes, job: Any) -> Any:
    if key not in _HELD:
        _HELD.clear()
        _HELD[key] = pickle.loads(told)
    return _HELD[key].do(job)


def _sum(add: Callable[[Any, Any], Any], *answers: Any) -> Any:
    """What answers add up to, or what the first of them that raised did."""
    wrong = next((answer for answer in answers if isinstance(answer, Raised)), None)
    return reduce(add, answers) if wrong is None else wrong


def _answer(future: Future) -> Any:
    """What a job gave; a job that nobody could end is lost, and so is one that is called off, as all are when the scheduler goes."""
    if future.cancelled():
        return Raised(LostError("called off"))
    try:
        return future.result()
    except Exception as error:  # noqa: BLE001 whoever listens raises it
        return Raised(LostError(f"{type(error).__name__}: {error}"))
