"""Parts made by processes of their own: the same bits, errors told, and nobody left behind."""

import io
import os
import pickle
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest

from racemate.model import inform
from racemate.report.replication.every import replicate_all
from racemate.report.replication.hand import Charge, Hand, LostError, serve
from racemate.report.replication.part import make_part
from racemate.simulate.grid import TRIAL_TOLERANCE
from racemate.trial.beside import Found, Size
from racemate.trial.world import ChainWorld
from tests.report.replication.small import write_two

SIZE = Size(2, 2, 1, 1)
NAMES: tuple[Any, Any] = (["a task"], ["a world", "another"])
NOBODY = pickle.dumps(Charge(*NAMES, SIZE))


class UnsendableError(Exception):
    """Cannot be made again from what it says."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"{one} and {other}")


def answers(make: Any, *asked: tuple[int, int]) -> list[Any]:
    """What comes back for what is asked; `serve` ends by itself where its input does."""
    out = io.BytesIO()
    serve(io.BytesIO(NOBODY + b"".join(map(pickle.dumps, asked))), out, make, lambda: None)
    out.seek(0)
    found = []
    while out.tell() < len(out.getvalue()):
        found.append(pickle.load(out))
    return found


def test_each_question_is_answered_in_turn_and_an_error_is_an_answer() -> None:
    def make(task: str, world: str, size: Size) -> str:
        if world == "another":
            raise FloatingPointError("found nan")
        return f"{task} under {world} for {size.people}"

    first, second, third = answers(make, (0, 0), (0, 1), (0, 0))
    assert first == third == "a task under a world for 2"
    assert isinstance(second, FloatingPointError)
    assert "in make" in "".join(second.__notes__)


def test_an_error_that_cannot_be_sent_is_told_in_words() -> None:
    def make(*_: Any) -> Any:
        raise UnsendableError("this", "that")

    (found,) = answers(make, (0, 0))
    assert isinstance(found, RuntimeError)
    assert "this and that" in str(found)


def test_who_asked_is_gone_and_it_is_noticed_while_a_part_is_made() -> None:
    source, sink = os.pipe()
    gone = Event()

    def make(*_: Any) -> str:
        os.close(sink)
        assert gone.wait(5), "nobody noticed"
        return "late"

    os.write(sink, NOBODY + pickle.dumps((0, 0)))
    with os.fdopen(source, "rb") as asked:
        serve(asked, io.BytesIO(), make, gone.set)
    assert gone.is_set()


@pytest.mark.slow
def test_a_process_tells_what_was_raised_in_it_and_that_it_was_ended() -> None:
    hand = Hand(pickle.dumps(Charge([], [], SIZE)))
    try:
        with pytest.raises(IndexError):
            hand.make(0, 0)
        hand._process.terminate()
        with pytest.raises(LostError, match=r"ended from outside \(exit -15\)"):
            hand.make(0, 0)
    finally:
        hand.end()
    hand.end()


@pytest.mark.slow
def test_processes_make_the_same_bits_as_this_one(tmp_path: Path) -> None:
    trials, cards = write_two(tmp_path), ("composite", "expectancy")
    done = replicate_all(trials, cards, people=2, replicates=2, courses=1, jobs=2)
    for trial, run in done.runs.items():
        for card in cards:
            part = done.parts.load(trial, card)
            assert isinstance(part, Found)
            world = ChainWorld(card, inform(card), 1, 1, 1, tolerance=TRIAL_TOLERANCE)
            here = make_part(_task(run), world, SIZE)
            for one, other in zip(part, here, strict=True):
                np.testing.assert_array_equal(one, other)


def _task(run: Any) -> Any:
    from racemate.report.replication.part import Task

    return Task(run.replication.trial, run.protocol, None, run.replication.asked)
