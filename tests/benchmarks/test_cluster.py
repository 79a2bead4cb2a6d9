"""What a cluster is said to take on paper: the arithmetic, what is read of a scheduler's notes, and the page."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import page
from benchmarks.part.cluster import _done
from benchmarks.part.paper import NETWORK, Cost, cost, serial_s

KNOWN = Cost(alone_s=5.0, chunk_s=2.0, task_s=0.001, start_s=3.0, told_bytes=1_000_000, sum_bytes=40_000)


def row(workers: int, wall: float) -> dict[str, Any]:
    """A run of twenty chunks of two seconds, and the same on workers that have just started."""
    again = {
        "wall_s": wall, "before_s": 3.0, "after_s": 2.0, "chunks_s": [2.0] * 20, "first_s": 2.0, "sums": 3, "sums_s": 0.0,
        "sum_bytes": 40_000, "told_bytes": 1_000_000, "sent": 10**6,
    }  # fmt: skip
    return {"workers": workers, "again": again, "fresh": {**again, "wall_s": wall + 3, "first_s": 5.0}, "load": 0.5}


def data() -> dict[str, Any]:
    rows = [row(workers, 5 + 40 / workers) for workers in (1, 2, 4)]
    plain = {"processes": 4, "wall_s": 12.0, "load": 0.5}
    return {"people": 165_020, "chunks": 20, "rows": rows, "plain": plain, "task_s": 0.001, "empty": 4000}


def test_costs_are_those_of_the_row_with_most_workers() -> None:
    assert cost(data()) == KNOWN


def test_the_serial_part_is_where_the_line_begins() -> None:
    assert serial_s(data()) == pytest.approx(5.0)
    one = data()
    one["rows"] = one["rows"][:1]
    assert serial_s(one) == 5.0, "of one row the part that was measured"


def test_parts_are_counted_one_after_another() -> None:
    alone, handing, chunks, sending = KNOWN.parts(1000, 100_000)
    assert (alone, chunks) == (5.0, 200.0)
    assert handing == pytest.approx((100_000 + 12_500 + 1563 + 196) * 0.001), "eight answers a sum, until 256 are left"
    assert sending == pytest.approx((1000 * 1_000_000 + 196 * 40_000) / NETWORK)


def test_more_workers_than_chunks_are_of_no_use() -> None:
    enough, more = (KNOWN.wall_s(workers, 123) for workers in (123, 1000))
    assert more > enough
    assert KNOWN.efficiency(1, 123) == 1.0
    assert KNOWN.efficiency(1000, 123) < 0.1


def test_tasks_are_read_by_the_name_that_their_key_begins_with() -> None:
    compute = {"action": "compute", "start": 3.0, "stop": 4.5}
    events = [
        {"key": "_do-1", "worker": "b", "nbytes": 7, "startstops": [{**compute, "action": "transfer"}, compute]},
        {"key": "_do-2", "worker": "a", "nbytes": 7, "startstops": [{**compute, "start": 1.0}]},
        {"key": "_sum-1", "worker": "a", "nbytes": 7, "startstops": [compute]},
    ]
    assert _done(events, "_do") == [("a", (1.0, 4.5), 7), ("b", (3.0, 4.5), 7)]


def test_the_page_tells_what_was_measured_and_what_is_on_paper(tmp_path: Path) -> None:
    told = {
        "when": "2026",
        "load_before": 0.1,
        "load_after": 0.2,
        "quick": False,
        "machine": {"cpus": 4},
        "data": data(),
    }
    text = page.cluster(json.loads(json.dumps(told)), tmp_path, "x")
    assert "| 4 | 15.0 | 18.0 | 75% | 2.00 | 5.0 | 1.00 | 0.5 |" in text
    assert "5.0 s + 40.0 s / workers: 11% of one worker's time" in text
    assert "| 165,020 | 4 | 15.1 | 15.0 |" in text
    assert sum(line.startswith("| 1,0") for line in text.splitlines()) == 6


def test_a_cluster_that_is_not_installed_is_told(tmp_path: Path) -> None:
    assert "distributed is not installed" in page.cluster(
        {"data": {"failed": "distributed is not installed"}}, tmp_path, "x"
    )
