"""How much processor time one person of a trial costs, at the tolerance of `simulate` and at that of a virtual trial."""

import time
from collections.abc import Iterator

from benchmarks.timing import Timed, timed

PEOPLE = 1024
ROUNDS = 3
TRIALS = ("williams-2018", "transform-2")


def measured() -> Iterator[Timed]:
    """Each trial at either tolerance."""
    from racemate.evidence.library import library
    from racemate.model import bind
    from racemate.simulate.grid import TOLERANCE, TRIAL_TOLERANCE
    from racemate.simulate.run import run
    from racemate.trial.conduct.enrol import enrol
    from racemate.trial.conduct.rate import readings
    from racemate.trial.conduct.treat import plan
    from racemate.trial.published import protocol_of
    from racemate.trial.world import ChainWorld, People

    world = ChainWorld("composite", bind("composite"), 1)
    for trial in TRIALS:
        protocol = protocol_of(library().trial(trial))
        size = enrol(protocol, world, 1, 1).roll.ids.size
        enrolled = enrol(protocol, world, 1, max(1, PEOPLE // size))
        planned = plan(protocol, world, enrolled, 1)
        assert isinstance(enrolled.cohort, People)
        cohort = enrolled.cohort.drawn
        found: dict[float, list[float]] = {TOLERANCE: [], TRIAL_TOLERANCE: []}
        windows: dict[float, int] = {}
        # The first round compiles, finds the grids and is not counted; the tolerances alternate, so drift of the machine is shared.
        for counted in range(ROUNDS + 1):
            for tolerance, times in found.items():
                begun = time.process_time()
                windows[tolerance] = run(cohort, planned, readings(protocol), tolerance=tolerance).windows
                if counted:
                    times.append((time.process_time() - begun) / cohort.people * 1e3)
        for tolerance, times in found.items():
            yield timed(f"{trial}, tolerance {tolerance:g}, {windows[tolerance]} windows, a person", times, "ms")
