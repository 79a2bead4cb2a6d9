"""Cluster: the same crowd on one worker of this machine, on two and on four: where the time goes, and what is sent."""

from __future__ import annotations

import operator
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Any

from benchmarks.crowd import SIZE, TRIAL
from benchmarks.measure.machine import cpus, load
from benchmarks.timing import seconds

WORKERS = (1, 2, 4)
_FEW = 8
"""Empty jobs of the run that tells what asking costs beside the jobs."""


def cluster(say: Callable[[str], None], chunks: int, empty: int) -> dict[str, Any]:
    """So many chunks of people on local workers of one thread each, and on processes without a cluster; and so many jobs that do nothing."""
    from racemate.trial.crowd.work import CHUNK

    together = -(-CHUNK // SIZE)
    job = ["replicate", TRIAL, "--summary", "--json", "--quiet", "--replicates"]
    seconds([*job, "1"])  # what can be kept on the disk is there
    job.append(str(chunks * together))
    counts = [count for count in WORKERS if count <= len(cpus())]
    rows = [_row(count, job, say) for count in counts]
    plain = {"processes": counts[-1], "wall_s": seconds([*job, "--jobs", str(counts[-1])]), "load": load()}
    say(f"  {counts[-1]} processes without a cluster  {plain['wall_s']:7.2f} s")
    told = {"people": chunks * together * SIZE, "chunks": chunks, "rows": rows, "plain": plain}
    return told | {"task_s": _task_s(counts[-1], empty, say), "empty": empty}


def _row(count: int, job: Sequence[str], say: Callable[[str], None]) -> dict[str, Any]:
    """The job on workers that have just started, and again on the same workers."""
    with _workers(count) as client:
        fresh, again = (_run(client, job) for _ in range(2))
    say(
        f"  {count} workers  {again['wall_s']:7.2f} s, just started {fresh['wall_s']:7.2f} s; {again['sent']} bytes sent"
    )
    return {"workers": count, "fresh": fresh, "again": again, "load": load()}


@contextmanager
def _workers(count: int) -> Iterator[Any]:
    """A client of so many workers, which end with it."""
    from distributed import Client

    from racemate.spread.cluster import workers

    with workers(count) as there, Client(there) as client:
        client.get_task_stream()  # from now on the scheduler notes what it did
        yield client


def _run(client: Any, job: Sequence[str]) -> dict[str, Any]:
    """Wall time of the command, what of it passed before the first chunk and after the last one, each chunk's time, and bytes."""
    before, begun = _sent(client), time.time()
    wall = seconds([*job, "--scheduler", client.scheduler.address])
    events = client.get_task_stream(start=begun)
    chunks, sums = (_done(events, name) for name in ("_do", "_sum"))
    spans = [span for _, span, _ in chunks]
    firsts = {worker: stop - start for worker, (start, stop), _ in reversed(chunks)}
    return {
        "wall_s": wall,
        "before_s": min(start for start, _ in spans) - begun,
        "after_s": begun + wall - max(stop for _, stop in spans),
        "chunks_s": [stop - start for start, stop in spans],
        "first_s": median(firsts.values()),
        "sums": len(sums),
        "sums_s": sum(stop - start for _, (start, stop), _ in sums),
        "sum_bytes": max(size for _, _, size in sums),
        "told_bytes": max(size for _, _, size in _done(events, "racemate")),
        "sent": _sent(client) - before,
    }


def _done(events: Sequence[Mapping[str, Any]], name: str) -> list[tuple[str, tuple[float, float], int]]:
    """Worker, beginning and end, and bytes of the answer of each task whose key begins with a name, in the order of beginning."""
    found = [
        (event["worker"], (span["start"], span["stop"]), int(event["nbytes"]))
        for event in events
        if event["key"].partition("-")[0] == name
        for span in event["startstops"]
        if span["action"] == "compute"
    ]
    return sorted(found, key=lambda one: one[1])


def _sent(client: Any) -> int:
    """Bytes that all workers have sent so far, to each other and to whoever asked."""
    told = client.run(lambda dask_worker: dask_worker.transfer_outgoing_bytes_total)
    return sum(told.values())


def _task_s(count: int, empty: int, say: Callable[[str], None]) -> float:
    """Seconds that a job takes of whoever asks and of the scheduler, by jobs that do nothing."""
    from racemate.spread.sums import sums

    def wall(jobs: int) -> float:
        begun = time.perf_counter()
        for _ in sums(operator.add, operator.add, 0, range(jobs), scheduler=client.scheduler.address):
            pass
        return time.perf_counter() - begun

    with _workers(count) as client:
        wall(_FEW)
        few = wall(_FEW)
        found = (wall(empty) - few) / (empty - _FEW)
    say(f"  {found * 1e3:.2f} ms a job that does nothing")
    return found
