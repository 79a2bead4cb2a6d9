"""How long the main job takes at its default size: with an empty cache, and again."""

import os
import tempfile

from timing import line, machine, seconds

AGAIN = 3
JOB = ["replicate", "williams-2018", "--json"]


def main() -> None:
    print(machine())
    # A cache of JAX that the machine's owner named would be neither empty nor kept as racemate keeps its own.
    os.environ.pop("JAX_COMPILATION_CACHE_DIR", None)
    with tempfile.TemporaryDirectory() as cache:
        settings = {"XDG_CACHE_HOME": cache}
        print(line("replicate williams-2018, cold", [seconds(JOB, settings)], aim=40))
        print(line("replicate williams-2018, warm", [seconds(JOB, settings) for _ in range(AGAIN)], aim=10))


if __name__ == "__main__":
    main()
