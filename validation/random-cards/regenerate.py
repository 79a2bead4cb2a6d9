"""Draw a hundred random cards, people and courses, let the judges run each file, and write how far apart they are from the engine.

``PYTHONPATH=. python validation/random-cards/regenerate.py`` from the root of the repository; it needs the dev group and takes about
twenty minutes.  What an interrupted run has written is kept and not done again; remove ``comparison.csv`` to begin anew.  ``--workers 3``
shares the cards out among three processes.
"""

import csv
from argparse import ArgumentParser
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

from racemate.exchange.sbml.export import Course
from tests.exchange.sbml import cards, judges

PLACE = Path(__file__).with_name("comparison.csv")
CARDS = 100
GIVEN = ("card", "edges", "gains", "instead", "moves", "doses", "drugs", "routes")
HEAD = (*GIVEN, "judge", "version", *judges.FIGURES)


def given(course: Course) -> tuple[object, ...]:
    """What was drawn: the sizes of the card, and what the person takes."""
    card, doses = course.model.hypothesis, course.plan.doses
    sizes = (len(part) for part in (card.edges, card.gains, card.instead, card.moves, doses))
    taken = (sorted({dose.drug for dose in doses}), sorted({dose.route for dose in doses}))
    return card.name, *sizes, *(" ".join(names) for names in taken)


def rows(number: int) -> list[tuple[object, ...]]:
    return list(_rows(number))


def _rows(number: int) -> Iterator[tuple[object, ...]]:
    course = cards.course(number)
    one = judges.judge(course)
    for name, solve in judges.JUDGES.items():
        yield *given(course), name, version(judges.PACKAGES[name]), *judges.measured(one, solve)


def done() -> int:
    """Cards that an earlier run has finished."""
    if not PLACE.exists():
        return 0
    with PLACE.open(newline="", encoding="utf-8") as file:
        return len(list(csv.DictReader(file))) // len(judges.JUDGES)


def main() -> None:
    asked = ArgumentParser(description=__doc__)
    asked.add_argument("--workers", type=int, default=1)
    first = done()
    with ProcessPoolExecutor(asked.parse_args().workers, mp_context=get_context("spawn")) as pool:
        for number, found in enumerate(pool.map(rows, range(first, CARDS)), first):
            with PLACE.open("a", newline="", encoding="utf-8") as file:
                csv.writer(file, lineterminator="\n").writerows([HEAD, *found] if number == 0 else found)
            for row in found:
                print(*row, flush=True)


if __name__ == "__main__":
    main()
