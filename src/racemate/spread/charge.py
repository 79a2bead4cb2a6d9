"""Charge: what every worker is told once: the task, what all jobs hold in common, and what makes a process ready."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from traceback import format_exception
from typing import Any, NamedTuple


class Raised(NamedTuple):
    """The answer of a job that raised."""

    error: BaseException


class Charge(NamedTuple):
    """``task(held, job)`` gives the answer to a job; ``ready`` is called before the first one, and so often that it must be cheap."""

    task: Callable[[Any, Any], Any]
    held: Any
    ready: Callable[[], None] | None = None

    def do(self, job: Any) -> Any:
        """The answer to a job, or a `Raised` whose error can be sent."""
        try:
            if self.ready is not None:
                self.ready()
            return self.task(self.held, job)
        except Exception as error:  # noqa: BLE001 whatever it is, who asked is told
            return Raised(_portable(error))


def _portable(error: Exception) -> Exception:
    """An error as it can be sent, with where it was raised."""
    where = "".join(format_exception(error))
    try:
        error = pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001 an error class that was written without thought of being sent
        return RuntimeError(where)
    error.add_note(where)
    return error
