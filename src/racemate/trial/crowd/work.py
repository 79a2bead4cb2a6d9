"""Work: a crowd in chunks of whole virtual trials, side by side, of which only counts are kept; a stopped run goes on from its file.

A chunk is made of the same replicates whatever the number of processors, so its counts are the same bits; and memory holds a chunk per
thread, however many people there are.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from racemate.evidence.finding import EvidenceError
from racemate.trial.conduct.allocate import sizes
from racemate.trial.conduct.world import World
from racemate.trial.crowd.tally import Counts, Sheet
from racemate.trial.design.protocol import Protocol
from racemate.trial.replicate import conduct

CHUNK = 8192
"""People of a chunk, about: the least whole number of virtual trials that has as many."""
Follow = Callable[[int, int], None]


def chunked(size: int) -> int:
    """Replicates of a chunk, where each has so many people."""
    return -(-CHUNK // size)


@dataclass(frozen=True)
class Crowd:
    """What is to be run: a protocol under one card, so many replicates of so many people (None: as published) from a seed."""

    protocol: Protocol
    world: World
    seed: int
    replicates: int
    people: int | None = None

    @property
    def size(self) -> int:
        """People of one virtual trial."""
        return sum(sizes(self.protocol, self.people))

    @property
    def together(self) -> int:
        """Replicates of a chunk."""
        return chunked(self.size)

    @property
    def chunks(self) -> int:
        """Number of chunks."""
        return -(-self.replicates // self.together)

    def chunk(self, number: int) -> Counts:
        """The counts of one chunk."""
        first = number * self.together
        count = min(self.together, self.replicates - first)
        data = conduct(self.protocol, self.world, self.seed, count, self.people, first=first)
        return Sheet(self.protocol).count(data)


class Ledger:
    """Counts so far and which chunks are in them; in a file, written whole or not at all, that a later run goes on from."""

    def __init__(self, crowd: Crowd, told: Mapping[str, Any], file: Path | None) -> None:
        """Begin, or go on from a file; raises EvidenceError for a file of another run, by what ``told`` says of it."""
        self._file = file
        self._told = json.dumps(told, sort_keys=True)
        self.done: NDArray[np.bool_] = np.zeros(crowd.chunks, dtype=bool)
        self.counts: Counts = np.zeros(Sheet(crowd.protocol).starts[-1], dtype=np.int64)
        if file is not None and file.is_file():
            self._read(file)

    def _read(self, file: Path) -> None:
        try:
            with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as held:
                told, done, counts = str(held["told"]), held["done"], held["counts"]
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise EvidenceError(
                str(file), "content", "no counts of a crowd", "a file of such a run, or none"
            ) from error
        if told != self._told or done.shape != self.done.shape or counts.shape != self.counts.shape:
            raise EvidenceError(str(file), "run", "counts of another run", "the run that began it, or another folder")
        self.done, self.counts = done, counts

    def add(self, chunk: int, counts: Counts) -> None:
        """Add a chunk; with a file it is on the disk when this returns."""
        self.done[chunk] = True
        self.counts += counts
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=self._file.parent, prefix=f".{self._file.name}", delete=False) as draft:
                np.savez_compressed(draft, told=np.array(self._told), done=self.done, counts=self.counts)
            Path(draft.name).replace(self._file)


def count(crowd: Crowd, ledger: Ledger, progress: Follow | None = None, threads: int | None = None) -> Counts:
    """Run what the ledger has not yet; ``progress`` is told people done and in all, and whatever it raises stops the run."""
    total, each = crowd.replicates * crowd.size, crowd.together * crowd.size
    ready = int(ledger.done.sum()) * each

    def tell() -> None:
        if progress is not None:
            progress(min(ready, total), total)

    tell()
    with ThreadPoolExecutor(max_workers=threads or os.cpu_count()) as pool:
        jobs = {pool.submit(crowd.chunk, int(number)): int(number) for number in np.flatnonzero(~ledger.done)}
        try:
            for job in as_completed(jobs):
                ledger.add(jobs[job], job.result())
                ready += each
                tell()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return ledger.counts
