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
HEAD = ("card", "regimen", "judge", "version", *judges.FIGURES)


def rows() -> Iterator[tuple[object, ...]]:
    for card in all_names():
        for regimen in judges.REGIMENS:
            one = judges.judge(judges.course(card, regimen))
            for name, solve in judges.JUDGES.items():
                yield card, regimen, name, version(judges.PACKAGES[name]), *judges.measured(one, solve)


def main() -> None:
    with PLACE.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEAD)
        for row in rows():
            writer.writerow(row)
            print(*row)


if __name__ == "__main__":
    main()
