"""Null trial: how often the tests of a trial reject where drugs do nothing to severity; run to regenerate.

A batch is a seed and its replicates.  Takes about a minute on four cores.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

from racemate.evidence.files import read_toml
from racemate.evidence.finding import refuse
from racemate.model import bind
from racemate.simulate.grid import TRIAL_TOLERANCE
from racemate.trial.characteristics.endpoint import choose
from racemate.trial.characteristics.measure import rejected
from racemate.trial.characteristics.nested import first, only
from racemate.trial.characteristics.tested import analyse
from racemate.trial.characteristics.world import SettledWorld
from racemate.trial.design.protocol import Protocol, build
from racemate.trial.replicate import conduct

HERE = Path(__file__).parent
CARD = "composite"
SEEDS, REPLICATES = (1, 2, 3, 4, 5, 6), 500
SIZES = (15, 50)
COURSES = 3
TESTS = ("two-sample-t", "ancova", "mmrm", "cochran-mantel-haenszel")


def protocol() -> Protocol:
    """The design of this folder."""
    data, findings = read_toml(HERE / "protocol.toml", "protocol.toml")
    refuse(findings)
    return build({**data, "id": "null-trial"}, "protocol.toml")


def batch(seed: int, replicates: int = REPLICATES) -> Iterator[dict[str, str | float]]:
    """A row per analysis and size: how many of the replicates reject, and how many leave the test undefined."""
    design = protocol()
    endpoint = choose(design, TESTS)
    world = SettledWorld(CARD, bind(CARD), seed, None, COURSES, TRIAL_TOLERANCE, null=True)
    data = conduct(design, world, seed, replicates)
    for people in SIZES:
        trial = only(data, first(data, people))
        for test in endpoint.tests:
            found = analyse(trial, endpoint, test)
            yield {
                "seed": seed,
                "analysis": test,
                "people": people,
                "replicates": replicates,
                "rejected": int(rejected(found, endpoint.alpha).sum()),
                "undefined": int((found.p != found.p).sum()),
            }


def main() -> None:
    """Write comparison.csv."""
    rows = [row for seed in SEEDS for row in batch(seed)]
    with (HERE / "comparison.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
