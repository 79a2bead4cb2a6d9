"""A manifest names what a run touched: no number of a drug that nobody got, no edge that is off, no belief of another card."""

from importlib.metadata import version

import numpy as np

from racemate.evidence.library import library
from racemate.model import bind
from racemate.posterior import Posterior
from racemate.report.run.manifest import (
    card_entry,
    changed,
    command_line,
    parameters_of,
    posterior_entry,
    stated,
)
from racemate.trial.beside import FROM_PRIORS


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


def test_a_manifest_says_where_parameters_come_from() -> None:
    known = Posterior("mine", "composite", ("severity.emax",), np.array([[0.8]]), {"evidence": "abc"}, "0123")
    fitted, plain = bind("composite", posterior=known), bind("expectancy")
    assert stated([plain]) == FROM_PRIORS
    assert stated([fitted]).startswith("from the mine posterior; drawn once")
    assert stated([fitted, plain]).startswith("from the mine posterior (composite); from priors (expectancy)")
    assert posterior_entry(fitted) == {"name": "mine", "hash": "0123", "evidence": "abc"}


def test_a_posterior_that_is_gone_is_told() -> None:
    before = {"posteriors": {"composite": {"name": "nowhere", "hash": "0123", "evidence": ""}}}
    assert "the posterior nowhere of composite is not here" in changed({**before, **_same()})


def _same() -> dict[str, object]:
    return {"racemate": version("racemate"), "jax": version("jax"), "evidence": library().hash, "cards": []}
