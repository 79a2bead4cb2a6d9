"""How long the main job takes at its default size: with an empty cache, and again."""

import os
import tempfile
from collections.abc import Iterator

from benchmarks.timing import Timed, seconds, timed

AGAIN = 3
JOB = ["replicate", "williams-2018", "--json"]


def measured() -> Iterator[Timed]:
    """Cold and warm."""
    # A cache of JAX that the machine's owner named would be neither empty nor kept as racemate keeps its own.
    os.environ.pop("JAX_COMPILATION_CACHE_DIR", None)
    with tempfile.TemporaryDirectory() as cache:
        settings = {"XDG_CACHE_HOME": cache}
        yield timed("replicate williams-2018, cold", [seconds(JOB, settings)], aim=40)
        yield timed("replicate williams-2018, warm", [seconds(JOB, settings) for _ in range(AGAIN)], aim=10)
