"""How long until `racemate --help` answers."""

from collections.abc import Iterator

from benchmarks.timing import Timed, seconds, timed

RUNS = 9


def measured() -> Iterator[Timed]:
    """Warm, as the second command of a user is."""
    seconds(["--help"])
    yield timed("racemate --help", [seconds(["--help"]) for _ in range(RUNS)], aim=0.4)
