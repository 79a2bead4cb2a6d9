"""Hand: a process of its own that makes one part after another, so that parts share neither an interpreter nor a compiled program.

A window of time is too little work to share: with one thread per program it costs half the processor time, and only a process can say
so.  A hand is started by its own command, not by a copy of the caller, and so works from a script, a notebook or a prompt alike.  What
it is told and what it answers are pickles, on its standard input and output.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from subprocess import PIPE, Popen
from threading import Thread
from traceback import format_exception
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from racemate.report.replication.part import Task
    from racemate.report.replication.store import Part
    from racemate.trial.beside import Size
    from racemate.trial.conduct.world import World

_ALONE = dict.fromkeys(("PJRT_NPROC", "NPROC", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""One thread per process for XLA (by its new and its old name) and for the libraries of linear algebra."""


class LostError(Exception):
    """A hand was ended from outside."""

    def __init__(self, code: int | None) -> None:
        """``code`` is how the process ended, as `subprocess` tells it."""
        super().__init__(
            f"a process that carried people was ended from outside (exit {code}), as a system does that is short of memory; "
            "what is finished is kept: start again, or with fewer --jobs"
        )


class Charge(NamedTuple):
    """What all hands are told once: the trials, the worlds and the size."""

    tasks: Sequence[Task]
    worlds: Sequence[World]
    size: Size


class Hand:
    """The process, as the one who started it sees it."""

    def __init__(self, charge: bytes) -> None:
        """Start a process; ``charge`` is a pickled Charge."""
        command = [sys.executable, "-m", "racemate.report.replication.hand"]
        # A session of its own: an interrupt from the keyboard goes to whoever started this, who knows what is to be kept.
        self._process = Popen(command, stdin=PIPE, stdout=PIPE, env={**os.environ, **_ALONE}, start_new_session=True)
        self._send(charge)

    def make(self, task: int, world: int) -> Part:
        """The part of a task and a world, by their places in the charge; raises what was raised there, LostError when it is gone."""
        self._send(pickle.dumps((task, world)))
        assert self._process.stdout is not None
        try:
            answer = pickle.load(self._process.stdout)
        except (EOFError, pickle.UnpicklingError) as error:
            raise LostError(self._process.wait()) from error
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def end(self) -> None:
        """End the process, whatever it is doing; a part is written by who started it, so nothing is left half done."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _send(self, told: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(told)
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise LostError(self._process.wait()) from error


def serve(
    source: BinaryIO, answers: BinaryIO, make: Callable[[Task, World, Size], Part], gone: Callable[[], Any]
) -> None:
    """Answer what is asked on ``source`` until it ends; ``gone`` is called at once when it does, even while a part is being made."""
    charge: Charge = pickle.load(source)
    asked: SimpleQueue[tuple[int, int] | None] = SimpleQueue()

    def listen() -> None:
        while True:
            try:
                asked.put(pickle.load(source))
            except EOFError:
                gone()
                return asked.put(None)

    Thread(target=listen, daemon=True).start()
    while (places := asked.get()) is not None:
        task, world = places
        try:
            answer: object = make(charge.tasks[task], charge.worlds[world], charge.size)
        except Exception as error:  # noqa: BLE001 whatever it is, who asked is told
            answer = _portable(error)
        pickle.dump(answer, answers)
        answers.flush()


def _portable(error: Exception) -> Exception:
    """An error as it can be sent, with where it was raised."""
    where = "".join(format_exception(error))
    try:
        error = pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001 an error class that was written without thought of being sent
        return RuntimeError(where)
    error.add_note(where)
    return error


def _main() -> None:
    from racemate.report.replication.part import make_part

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints goes where messages go
    serve(sys.stdin.buffer, answers, make_part, lambda: os._exit(0))


if __name__ == "__main__":
    _main()
