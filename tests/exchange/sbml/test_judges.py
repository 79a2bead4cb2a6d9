"""libRoadRunner and COPASI run the exported file over 28 days and agree with the engine on every reading to 1e-6, for every card."""

import importlib.util

import pytest

from racemate.hypothesis import all_names
from racemate.simulate.step import reading_names
from tests.exchange.sbml import judges

pytest.importorskip("libsbml", reason="libSBML is not installed: pip install 'racemate[exchange]'")


def agree(card: str, regimen: str, judge: str) -> None:
    compare(judges.judged(card, regimen), judge)


def compare(one: judges.Judged, judge: str) -> None:
    if importlib.util.find_spec(judges.MODULES[judge]) is None:
        pytest.skip(f"{judge} is not installed: it is in the dev group")
    apart = judges.apart(one.ours, judges.JUDGES[judge](one))
    assert tuple(apart) == reading_names()
    assert max(apart.values()) < judges.AGREED, {name: d for name, d in apart.items() if d >= judges.AGREED}


@pytest.mark.slow
@pytest.mark.parametrize("card", all_names())
@pytest.mark.parametrize("judge", judges.JUDGES)
def test_eight_infusions_under_every_card(card: str, judge: str) -> None:
    agree(card, "8 infusions", judge)


@pytest.mark.slow
@pytest.mark.parametrize("judge", judges.JUDGES)
def test_eight_nasal_doses(judge: str) -> None:
    agree("composite", "8 nasal doses", judge)


@pytest.mark.slow
@pytest.mark.parametrize("judge", judges.JUDGES)
def test_every_other_way_in_and_drug(judge: str) -> None:
    agree("composite", "mixed", judge)


@pytest.mark.slow
def test_a_wrong_number_would_be_seen() -> None:
    one = judges.judged("composite", "8 infusions")
    wrong = {name: values * (1 + 2 * judges.AGREED) for name, values in one.ours.items()}
    assert max(judges.apart(one.ours, wrong).values()) > judges.AGREED
