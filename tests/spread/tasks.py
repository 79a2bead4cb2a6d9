"""Tasks that other processes are given: they must be found there by name."""

import os
import time
from pathlib import Path
from typing import Any


def add(held: int, job: int) -> int:
    return held + job


def idle(held: str, job: int) -> int:
    """Leaves the number of its process in a folder and waits."""
    Path(held, str(os.getpid())).touch()
    time.sleep(60)
    return job


def who(held: float, job: int) -> int:
    """The process that did the job, after so many seconds."""
    time.sleep(held)
    return os.getpid()


def refuse(held: Any, job: int) -> int:
    del held
    if job == 1:
        raise FloatingPointError(f"job {job}: found nan")
    return job


def die_once(held: str, job: int) -> int:
    """The first process that comes to job 2 is gone for good."""
    mark = Path(held, "died")
    if job == 2 and not mark.exists():
        mark.touch()
        os._exit(1)
    return 10 * job


def die(held: Any, job: int) -> int:
    del held, job
    os._exit(3)


def ready() -> None:
    os.environ["RACEMATE_TEST_READY"] = "1"


def is_ready(held: Any, job: int) -> bool:
    del held, job
    return os.environ.get("RACEMATE_TEST_READY") == "1"
