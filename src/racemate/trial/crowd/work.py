"""Work: a crowd in chunks of whole virtual trials, side by side, of which only counts are kept; a stopped run goes on from its file.

A chunk is made of the same replicates whatever the number of processors, so its counts are the same bits; and memory holds a chunk for each
process or worker, however many people there are.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from racemate.evidence.finding import EvidenceError
from racemate.spread.sums import sums
from racemate.trial.conduct.allocate import sizes
from racemate.trial.conduct.world import World
from racemate.trial.crowd.kept import Kept, add, kept, nothing
from racemate.trial.crowd.tally import Sheet
from racemate.trial.design.protocol import Protocol
from racemate.trial.replicate import conduct
from racemate.trial.world import Watched

CHUNK = 4096
"""People of a chunk, at least: few enough to stay in memory, many enough to fill batches."""
Follow = Callable[[int, int], None]


@dataclass(frozen=True)
class Crowd:
    """What is to be run: a protocol under one card, so many replicates of so many people (None: as published) from a seed."""

    protocol: Protocol
    world: World
    seed: int
    replicates: int
    people: int | None
    least: int = CHUNK
    """People of a chunk, at least."""

    @property
    def size(self) -> int:
        """People of one virtual trial."""
        return sum(sizes(self.protocol, self.people))

    @property
    def together(self) -> int:
        """Replicates of a chunk: the least number that has so many people."""
        return min(self.replicates, -(-self.least // self.size))

    @property
    def chunks(self) -> int:
        """Number of chunks."""
        return -(-self.replicates // self.together)

    def chunk(self, number: int) -> Kept:
        """What is kept of one chunk."""
        first = number * self.together
        replicates = min(self.together, self.replicates - first)
        solved: dict[str, dict[str, Any]] = {}
        world = replace(self.world, grids=solved) if isinstance(self.world, Watched) else self.world
        data = conduct(self.protocol, world, self.seed, replicates, self.people, first=first)
        return kept(Sheet(self.protocol).count(data), solved.get(world.name))


class Ledger:
    """What is kept so far and which chunks are in it; in a file, written whole or not at all, that a later run goes on from."""

    def __init__(self, crowd: Crowd, told: Mapping[str, Any], file: Path | None) -> None:
        """Begin, or go on from a file; raises EvidenceError for a file of another run, by what ``told`` says of it."""
        self._file = file
        self._told = json.dumps(told, sort_keys=True)
        self.done: NDArray[np.bool_] = np.zeros(crowd.chunks, dtype=bool)
        self.kept = nothing(Sheet(crowd.protocol).starts[-1])
        if file is not None and file.is_file():
            self._read(file)

    def _read(self, file: Path) -> None:
        try:
            with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as held:
                told, done, counts = str(held["told"]), held["done"], held["counts"]
                solved = (held[name].item() for name in Kept._fields[1:])
                found = Kept(counts, *solved)
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise EvidenceError(
                str(file), "content", "no counts of a crowd", "a file of such a run, or none"
            ) from error
        if told != self._told or done.shape != self.done.shape or counts.shape != self.kept.counts.shape:
            raise EvidenceError(str(file), "run", "counts of another run", "the run that began it, or another folder")
        self.done, self.kept = done, found

    def add(self, chunks: Sequence[int], found: Kept) -> None:
        """Add what is kept of some chunks; with a file it is on the disk when this returns."""
        self.done[list(chunks)] = True
        self.kept = add(self.kept, found)
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=self._file.parent, prefix=f".{self._file.name}", delete=False) as draft:
                np.savez_compressed(draft, told=np.array(self._told), done=self.done, **self.kept._asdict())
            Path(draft.name).replace(self._file)


def count(
    crowd: Crowd,
    ledger: Ledger,
    progress: Follow | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    ready: Callable[[], None] | None = None,
) -> Kept:
    """Run what the ledger has not yet; ``progress`` is told people done and in all, and whatever it raises stops the run.

    ``jobs`` processes work (default: one per core), who are given the crowd as a pickle, or the workers of the cluster that
    ``scheduler`` names, each made ``ready`` first (`racemate.spread.sums`).
    """
    total, each = crowd.replicates * crowd.size, crowd.together * crowd.size
    missing = [int(number) for number in np.flatnonzero(~ledger.done)]
    before = crowd.chunks - len(missing)

    def follow(done: int) -> None:
        if progress is not None:
            progress(min((before + done) * each, total), total)

    follow(0)
    for chunks, found in sums(Crowd.chunk, add, crowd, missing, jobs, scheduler, ready, follow):
        ledger.add(chunks, found)
    follow(len(missing))
    return ledger.kept
