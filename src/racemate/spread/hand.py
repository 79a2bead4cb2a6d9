"""Hand: a process of its own that does one job after another, so that jobs share neither an interpreter nor a compiled program.

A window of time is too little work to share: with one thread per program it costs half the processor time, and only a process can say
so.  A hand is started by its own command, not by a copy of the caller, and so works from a script, a notebook or a prompt alike.  What
it is told and what it answers are pickles, on its standard input and output.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from queue import Queue, SimpleQueue
from subprocess import PIPE, Popen
from threading import Thread
from typing import Any, BinaryIO

from racemate.spread.charge import Charge, Raised

Answers = Queue[tuple[int, Any]]
"""Answers by the place of their job."""
_THREADS = ("PJRT_NPROC", "NPROC", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
ALONE = dict.fromkeys((*_THREADS, "MALLOC_ARENA_MAX"), "1")
"""One thread per process for XLA (by its new and its old name) and for the libraries of linear algebra; and one heap, so that what a
thread gives back is there for the next: with a heap per thread a process that runs trials holds some 35 MiB more."""


class LostError(Exception):
    """A worker was ended from outside."""

    def __init__(self, how: str) -> None:
        """``how`` tells how it ended."""
        super().__init__(
            f"a process that worked was ended from outside ({how}), as a system does that is short of memory; "
            "start again, or with fewer --jobs: what is already written is kept"
        )


class Hand:
    """The process, as the one who started it sees it."""

    def __init__(self, charge: bytes) -> None:
        """Start a process; ``charge`` is a pickled Charge."""
        command = [sys.executable, "-m", "racemate.spread.hand"]
        # A session of its own: an interrupt from the keyboard goes to whoever started this, who knows what is to be kept.
        self._process = Popen(command, stdin=PIPE, stdout=PIPE, env={**os.environ, **ALONE}, start_new_session=True)
        # Told with the first job: a process reads when it has started, and until then whoever tells it much would wait.
        self._untold = pickle.dumps(sys.path) + charge

    def do(self, job: Any) -> Any:
        """The answer to a job, or a Raised; raises LostError when the process is gone."""
        told, self._untold = self._untold, b""
        self._send(told + pickle.dumps(job))
        assert self._process.stdout is not None
        try:
            return pickle.load(self._process.stdout)
        except (EOFError, pickle.UnpicklingError, ValueError) as error:
            raise self._lost() from error

    def end(self) -> None:
        """End the process, whatever it is doing; an answer is written by who asked, so nothing is left half done."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Close the pipes of a process that has ended."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):  # what it was told last never arrived
                    pipe.close()

    def _send(self, told: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(told)
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise self._lost() from error

    def _lost(self) -> LostError:
        return LostError(f"exit {self._process.wait()}")


@contextmanager
def hands(charge: Charge, jobs: Sequence[Any], count: int) -> Iterator[Answers]:
    """So many processes at work on the jobs, each beginning the next one when it is free; they end with the context."""
    told, answers, left = pickle.dumps(charge), Answers(), deque(range(len(jobs)))
    every: list[Hand] = []

    def work(hand: Hand) -> None:
        with suppress(IndexError):  # none left
            while True:
                place = left.popleft()
                try:
                    answers.put((place, hand.do(jobs[place])))
                except Exception as error:  # noqa: BLE001 whoever listens raises it
                    return answers.put((place, Raised(error)))

    threads: list[Thread] = []
    try:
        while len(every) < count:
            every.append(Hand(told))
        threads += [Thread(target=work, args=(hand,), daemon=True) for hand in every]
        for thread in threads:
            thread.start()
        yield answers
    finally:
        left.clear()
        for hand in every:
            hand.end()
        for thread in threads:
            thread.join()
        for hand in every:
            hand.close()


def serve(source: BinaryIO, answers: BinaryIO, gone: Callable[[], Any]) -> None:
    """Answer what is asked on ``source`` until it ends; ``gone`` is called at once when it does, even while a job is being done."""
    sys.path[:] = pickle.load(source)
    charge: Charge = pickle.load(source)
    asked: SimpleQueue[tuple[Any] | None] = SimpleQueue()

    def listen() -> None:
        while True:
            try:
                asked.put((pickle.load(source),))
            except EOFError:
                gone()
                return asked.put(None)

    Thread(target=listen, daemon=True).start()
    while (job := asked.get()) is not None:
        pickle.dump(charge.do(*job), answers)
        answers.flush()


def _main() -> None:
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints goes where messages go
    serve(sys.stdin.buffer, answers, lambda: os._exit(0))


if __name__ == "__main__":
    _main()
