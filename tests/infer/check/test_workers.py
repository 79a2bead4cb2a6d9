"""Work spread over processes: the same answers, in whatever order."""

import os
import subprocess
import sys
import time
from pathlib import Path

from racemate.infer.workers import spread


def add(held: int, job: int) -> int:
    return held + job


def test_other_processes_give_what_this_one_gives():
    assert dict(spread(add, 10, range(5), 2)) == dict(spread(add, 10, range(5), 1)) == {k: 10 + k for k in range(5)}


def test_no_work_is_no_trouble():
    assert not list(spread(add, 10, []))


def idle(held: str, job: int) -> int:
    Path(held, str(os.getpid())).touch()
    time.sleep(60)
    return job


ASKING = """
from tests.infer.check.test_workers import idle
from racemate.infer.workers import spread
if __name__ == "__main__":
    list(spread(idle, {folder!r}, range(2), 2))
"""


def test_processes_end_with_the_one_who_asked(tmp_path: Path):
    script = tmp_path / "asking.py"
    script.write_text(ASKING.format(folder=str(tmp_path)))
    asking = subprocess.Popen([sys.executable, script], env={**os.environ, "PYTHONPATH": str(Path.cwd())})
    while len(workers := [int(file.name) for file in tmp_path.iterdir() if file.name.isdecimal()]) < 2:
        assert asking.poll() is None
        time.sleep(0.1)
    asking.kill()
    asking.wait()
    until = time.monotonic() + 30
    while any(map(alive, workers)):
        assert time.monotonic() < until
        time.sleep(0.1)


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
