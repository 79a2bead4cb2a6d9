"""Random cards: the reader takes them, they say what moves, they depend on their number only, and judges agree with the engine on them."""

import csv
import importlib.util
from pathlib import Path

import pytest

from benchmarks.problem.cards import chosen, text
from racemate.hypothesis import edges, places
from tests.exchange.sbml import cards, judges

pytest.importorskip("libsbml", reason="libSBML is not installed: pip install 'racemate[exchange]'")
PINNED = Path(__file__).parents[3] / "validation" / "random-cards" / "comparison.csv"
CARDS = 100


def pinned() -> list[dict[str, str]]:
    with PINNED.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_card_depends_on_its_number_only() -> None:
    assert text(5, ["circuit.felt"]) == text(5, ["circuit.felt"])
    assert len({text(number, ["circuit.felt"]) for number in range(CARDS)}) == CARDS


def test_a_hundred_cards_hold_every_edge_and_leave_every_edge_out() -> None:
    held = [frozenset(chosen(number)) for number in range(CARDS)]
    assert frozenset.union(*held) == set(edges())
    assert not frozenset.intersection(*held)


def test_a_card_is_read_and_says_what_moves() -> None:
    card = cards.card(1)
    assert set(card.moves) <= set(places())
    assert {"circuit.felt", "severity.unblinded"} <= set(card.moves)
    assert card.instead


def test_both_judges_ran_every_card_of_the_file_and_agreed() -> None:
    found = pinned()
    numbers = range(len(found) // len(judges.JUDGES))
    assert [(row["card"], row["judge"]) for row in found] == [
        (f"random-{number}", judge) for number in numbers for judge in judges.JUDGES
    ]
    assert all(float(row["apart"]) < judges.AGREED for row in found), [r for r in found if not r["apart"]]


def test_the_file_is_of_the_cards_that_are_drawn_now() -> None:
    for number, row in enumerate(pinned()[:: len(judges.JUDGES)]):
        assert int(row["edges"]) == len(chosen(number)), number


@pytest.mark.slow
@pytest.mark.parametrize(("number", "judge"), [(0, "libRoadRunner"), (1, "COPASI"), (2, "COPASI")])
def test_a_few_again(number: int, judge: str) -> None:
    if importlib.util.find_spec(judges.MODULES[judge]) is None:
        pytest.skip(f"{judge} is not installed: it is in the dev group")
    one = judges.judge(cards.course(number))
    apart = judges.apart(one.ours, judges.JUDGES[judge](one))
    assert max(apart.values()) < judges.AGREED, {name: d for name, d in apart.items() if d >= judges.AGREED}
