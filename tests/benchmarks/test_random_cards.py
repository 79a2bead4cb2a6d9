"""The benchmark of random cards: what it says of cards that were compared, of those that missed the aim, and of those that could not be."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import page
from benchmarks.measure.machine import cpus
from benchmarks.measure.worker import PeerError, Worker
from benchmarks.part.random_cards import AIM, _nearest, distribution
from benchmarks.part.versus import Case
from benchmarks.problem import composite, w1
from benchmarks.problem.told import Values


def row(number: int, ratio: float) -> dict[str, Any]:
    time = {"middle": 1e-3, "low": 1e-3, "high": 1e-3, "rounds": 3}
    spread = {"middle": ratio, "low": ratio - 1, "high": ratio + 1, "rounds": 3}
    return {"card": f"random-{number}", "edges": number + 1, "ours_s": time, "theirs_s": time, "ratio": spread}


def told(rows: list[dict[str, Any]]) -> dict[str, Any]:
    data = {
        "peer": "numbalsoda", "aim": AIM, "target": 1e-5, "states": 34, "judged_people": 24, "checked": 1, "reference_error": 1e-10,
        "size": {"rounds": 3}, "cards": rows,
    }  # fmt: skip
    return {
        "when": "2026",
        "load_before": 0.0,
        "load_after": 0.0,
        "quick": True,
        "machine": {"cpus": 4},
        "data": data,
    }


def test_ratios_spread_from_the_least_to_the_most() -> None:
    found = distribution(told([*(row(k, 10.0 + k) for k in range(11)), {"failed": "no"}])["data"])
    assert found == {"least": 10.0, "10 %": 11.0, "median": 15.0, "90 %": 19.0, "most": 20.0}
    assert distribution(told([{"failed": "no"}])["data"]) == {}


def test_cards_below_the_aim_and_cards_not_compared_are_named(tmp_path: Path) -> None:
    (tmp_path / "figure").mkdir()
    failed = {"card": "random-2", "edges": 3, "failed": "numbalsoda: PeerError: no"}
    text = page.random_cards(told([row(0, 12.0), row(1, AIM - 0.5), failed]), tmp_path, "x")
    assert "**not reached** under 1 of 2 cards" in text
    assert "| random-1 | 2 | 1 | 1 | 7.5 (6.5 to 8.5) |" in text
    assert "- random-2: numbalsoda: PeerError: no" in text
    assert (tmp_path / "figure" / "x.svg").is_file()
    good = page.random_cards(told([row(0, 12.0)]), tmp_path, "x")
    assert "Under no card is it less than the 8 times asked for" in good
    assert "Not compared" not in good


def test_nothing_compared_makes_no_figure(tmp_path: Path) -> None:
    text = page.random_cards(told([{"card": "random-0", "edges": 3, "failed": "no"}]), tmp_path, "x")
    assert "- random-0: no" in text


def test_what_is_furthest_from_the_reference_is_named() -> None:
    problem = composite.problem(2)
    reference = np.ones((2, 60, len(composite.watched_names(problem))))

    class Wrong:
        def solve(self, *_: object, **__: object) -> Any:
            values = reference.copy()
            values[1, 5, -1] += 1e-3
            return type("Ran", (), {"values": values})

    rungs = [{"tolerance": 1e-2, "error": 0.1}, {"tolerance": 1e-3, "error": 1e-3}]
    said = _nearest("racemate", Wrong(), Case(problem, reference, None), rungs)  # pyright: ignore[reportArgumentType]
    assert said == " at a tolerance of 1e-03, in severity_State_unblinded"
    assert _nearest("racemate", Wrong(), Case(problem, reference, None), []) == ""  # pyright: ignore[reportArgumentType]


def test_a_worker_takes_up_another_problem() -> None:
    def solved(worker: Worker) -> Values:
        found = worker.solve(0, 1, 1e-4, keep=True).values
        assert found is not None
        return found

    short, long = w1.problem(1, 2), w1.problem(1, 3)
    with Worker("scipy", short, cpus()[:1]) as worker:
        assert solved(worker).shape[2] == len(short.states)
        worker.turn(long)
        assert solved(worker).shape[2] == len(long.states)
    with Worker("nobody", short, cpus()[:1]) as worker, pytest.raises(PeerError, match="nobody"):
        worker.turn(long)
