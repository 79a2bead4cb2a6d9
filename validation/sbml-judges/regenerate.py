"""Export every card, let the judges run each file, and write how far apart they are from the engine.

``PYTHONPATH=. python validation/sbml-judges/regenerate.py`` from the root of the repository; it needs the dev group.
"""

import csv
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from racemate.hypothesis import all_names
from tests.exchange.sbml import judges

PLACE = Path(__file__).with_name("comparison.csv")
HEAD = (
    "card",
    "regimen",
    "judge",
    "version",
    "readings",
    "furthest",
    "apart",
    "plasma",
    "occupancy",
    "plasticity",
    "madrs",
)
PACKAGES = {"libRoadRunner": "libroadrunner", "COPASI": "python-copasi"}
RANDOM = 9
"""Random cards."""
GROUPS = {
    "plasma": "plasma.",
    "occupancy": "occupancy.",
    "plasticity": "state.plasticity.",
    "madrs": "score.madrs",
}


def rows() -> Iterator[tuple[object, ...]]:
    for card in all_names():
        for regimen in judges.REGIMENS:
            one = judges.judge(judges.course(card, regimen))
            for name, solve in judges.JUDGES.items():
                yield card, regimen, name, version(PACKAGES[name]), *measured(one, solve)


def random_rows() -> Iterator[tuple[object, ...]]:
    for number in range(RANDOM):
        course = judges.random_course(number)
        one = judges.judge(course)
        card = f"{course.model.hypothesis.name} ({len(course.model.hypothesis.edges)} edges)"
        regimen = list(judges.REGIMENS)[number % 2]
        for name, solve in judges.JUDGES.items():
            yield card, regimen, name, version(PACKAGES[name]), *measured(one, solve)


def measured(one: judges.Judged, solve: judges.Solver) -> tuple[object, ...]:
    """Number of readings, the one furthest apart, and the largest difference of all and of each group; empty for a judge that stops."""
    try:
        apart = judges.apart(one.ours, solve(one))
    except RuntimeError as stopped:
        return 0, str(stopped).partition(":")[2].partition(":")[0].strip(), *[""] * (len(GROUPS) + 1)
    furthest = max(apart, key=lambda name: apart[name])
    groups = (max(d for name, d in apart.items() if name.startswith(start)) for start in GROUPS.values())
    return len(apart), furthest, *(f"{d:.1e}" for d in (apart[furthest], *groups))


def main() -> None:
    with PLACE.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEAD)
        for row in (*rows(), *random_rows()):
            writer.writerow(row)
            print(*row)


if __name__ == "__main__":
    main()
