"""A manifest names what a run touched: no number of a drug that nobody got, no edge that is off, no belief of another card."""

from racemate.evidence.library import library
from racemate.model import bind
from racemate.report.run.manifest import card_entry, command_line, parameters_of


def touched(card: str, *drugs: str) -> set[str]:
    return set(parameters_of(bind(card), library(), set(drugs)))


def test_the_kinetics_of_a_drug_are_touched_when_it_is_given() -> None:
    added = touched("opioid-permissive", "ketamine", "naltrexone") - touched("opioid-permissive", "ketamine")
    assert added
    assert {library().parameters[name].drug for name in added} == {"naltrexone"}


def test_the_kinetics_of_ketamine_are_always_touched_for_the_reference_dose() -> None:
    ketamine = {
        name for name, one in library().parameters.items() if one.drug == "ketamine" and one.link == "concentration"
    }
    assert ketamine
    assert ketamine <= touched("expectancy", "esketamine")


def test_an_edge_is_touched_in_the_evidence_when_it_is_on_and_the_card_says_nothing_of_it() -> None:
    for name in ("nmda-disinhibition", "expectancy", "opioid-permissive"):
        model = bind(name)
        gains = {one.rpartition(".")[2].removeprefix("g_") for one in touched(name) & set(model.bound) if ".g_" in one}
        assert gains == set(model.hypothesis.edges) - set(model.hypothesis.gains)


def test_a_variant_is_another_card() -> None:
    entries = [card_entry(bind(f"opioid-permissive:{variant}")) for variant in ("upstream", "downstream")]
    assert entries[0]["hash"] != entries[1]["hash"]


def test_the_command_line_asks_for_the_same_run() -> None:
    arguments = {"trial": "my trials/one", "hypotheses": ["a", "b"], "people": None, "replicates": 5, "seed": 1}
    assert command_line("replicate", arguments) == (
        "racemate replicate 'my trials/one' --hypothesis a --hypothesis b --replicates 5 --seed 1"
    )
