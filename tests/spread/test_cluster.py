"""A cluster of this machine: whatever its workers go through, it closes, hides no error and leaves nobody behind."""

import asyncio
import os
import time
from collections.abc import Callable
from multiprocessing import active_children
from multiprocessing.context import SpawnProcess
from signal import SIGKILL
from typing import Any

import pytest

from racemate.spread.cluster import workers
from racemate.spread.hand import LostError


@pytest.mark.slow
def test_a_worker_that_is_just_started_again_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LostError, match="why it is closed"):
        close_while_started_again(monkeypatch)
    assert not active_children()


def close_while_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Close a cluster whose worker died before its nanny heard that it was there: the nanny takes the next one for the one it hears of."""
    from distributed import Status
    from distributed.nanny import WorkerProcess

    there: Any
    with workers(1) as there:
        (nanny,) = there.workers.values()
        worker, closing, up = nanny.process, list[bool](), list[Any]()
        start, hear = SpawnProcess.start, WorkerProcess._wait_until_connected

        def slow(self: SpawnProcess) -> None:
            time.sleep(1)
            start(self)

        async def late(self: Any, *asked: Any) -> Any:
            mine, told = self.process, await hear(self, *asked)
            up.append(mine)
            while not closing and (self.process is mine or self.process is None):
                await asyncio.sleep(0.01)
            return told

        monkeypatch.setattr(SpawnProcess, "start", slow)
        monkeypatch.setattr(WorkerProcess, "_wait_until_connected", late)
        os.kill(worker.pid, SIGKILL)
        wait_until(lambda: up)
        os.kill(worker.pid, SIGKILL)
        wait_until(lambda: worker.status == Status.running and worker.process.pid is None)
        closing.append(True)
        raise LostError("why it is closed")


def wait_until(met: Callable[[], Any]) -> None:
    """Wait for what is met before long."""
    until = time.monotonic() + 30
    while not met():
        assert time.monotonic() < until
        time.sleep(0.01)
