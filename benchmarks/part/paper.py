"""Paper: what a crowd would take on more workers than were measured, from what was measured on few."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from statistics import median
from typing import Any, NamedTuple

from racemate.spread.sums import FAN, height

NETWORK = 125e6
"""Bytes a second of a network, assumed: one gigabit, over which whatever is sent goes one after another."""
Data = Mapping[str, Any]


class Cost(NamedTuple):
    """What was measured: seconds where one process works for all, of a chunk, of handing out a job, of a worker's start; and bytes."""

    alone_s: float
    chunk_s: float
    task_s: float
    start_s: float
    told_bytes: int
    sum_bytes: int

    def parts(self, workers: int, chunks: int) -> tuple[float, float, float, float]:
        """Seconds alone, of handing out, of chunks, and of sending, as if no two of them went on at once.

        The scheduler hands out one job after another, sums of sums included; a worker does its chunks one after another; each worker
        is told once what all chunks have in common, and whoever asked hears of every sum at the top.
        """
        floors = height(chunks)
        jobs = chunks + sum(ceil(chunks / FAN**floor) for floor in range(1, floors + 1))
        sent = workers * self.told_bytes + ceil(chunks / FAN**floors) * self.sum_bytes
        return self.alone_s, jobs * self.task_s, ceil(chunks / workers) * self.chunk_s, sent / NETWORK

    def wall_s(self, workers: int, chunks: int) -> float:
        """Seconds in all, on workers that have done a chunk before."""
        return sum(self.parts(workers, chunks))

    def efficiency(self, workers: int, chunks: int) -> float:
        """Share of the workers' time that is spent on what one worker would have to do as well."""
        return self.wall_s(1, chunks) / (workers * self.wall_s(workers, chunks))


def cost(data: Data) -> Cost:
    """Of the row with most workers, where they disturb each other most."""
    row = data["rows"][-1]
    again = row["again"]
    chunk = median(again["chunks_s"])
    start = max(0.0, row["fresh"]["first_s"] - chunk)
    alone = again["before_s"] + again["after_s"]
    return Cost(alone, chunk, data["task_s"], start, again["told_bytes"], again["sum_bytes"])


def serial_s(data: Data) -> float:
    """The part of the wall time that more workers do not shorten: s of the line s + p / workers nearest to what was measured."""
    points = [(1 / row["workers"], row["again"]["wall_s"]) for row in data["rows"]]
    if len(points) == 1:
        return cost(data).alone_s
    x, y = (sum(values) / len(points) for values in zip(*points, strict=True))
    slope = sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points)
    return y - slope * x
