"""The comparison is the protocol's own unless it is chosen, and one that the trial cannot answer is refused with what can."""

from typing import Any

import pytest

from racemate.evidence.finding import EvidenceError
from racemate.evidence.library import library
from racemate.trial.characteristics.endpoint import choose, way
from racemate.trial.characteristics.world import apart
from racemate.trial.published import protocol_of
from tests.trial.characteristics.designs import AB, OURS, trial


def test_the_first_significant_line_of_the_published_patterns_is_meant() -> None:
    williams = choose(protocol_of(library().trial("williams-2018")))
    assert (williams.outcome, williams.hour, williams.group) == ("hamd17", 24.0, "responders")
    assert williams.tests == ("paired-t",)
    transform = choose(protocol_of(library().trial("transform-2")))
    assert (transform.outcome, transform.at, transform.direction) == ("madrs", "day 28", "first")


def test_without_a_pattern_the_first_analysis_at_its_last_time() -> None:
    found = choose(trial(pattern=[]))
    assert (found.contrast, found.at, found.direction, found.tests) == (AB, "day 4", "either", ("two-sample-t",))


def test_what_is_chosen_counts() -> None:
    found = choose(trial(), ("ancova", "mmrm"), "madrs", "day 4", "saline vs ketamine", "women", 0.01)
    assert (found.first, found.hour, found.group, found.alpha) == ("saline", 72.0, "women", 0.01)
    assert found.tests == ("ancova", "mmrm")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"tests": ("ancva",)}, "did you mean 'ancova'"),
        ({"tests": ()}, "at least one analysis"),
        ({"tests": ("ancova", "ancova")}, "each once"),
        ({"tests": ("paired-t",)}, "in groups of different people"),
        ({"tests": ("cochran-mantel-haenszel",)}, "without strata"),
        ({"outcome": "cadss"}, "a scale of mood"),
        ({"outcome": "hamd17"}, "a pattern or an analysis"),
        ({"at": "day 3"}, "not rated at that time"),
        ({"contrast": "ketamine vs midazolam"}, "midazolam is not simulated"),
        ({"group": "tall"}, "not told apart"),
        ({"alpha": 1.0}, "between 0 and 1"),
    ],
)
def test_what_cannot_be_answered_is_refused(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(EvidenceError, match="allowed") as caught:
        choose(trial(), **asked)
    assert said in str(caught.value)


def test_an_analysis_is_made_as_the_protocol_makes_it_there() -> None:
    own = {**OURS["analysis"][0], "test": "mmrm", "structure": "cs"}
    assert way(trial(analysis=[own]), choose(trial(), ("mmrm",)), "mmrm").structure == "cs"
    plain = way(trial(), choose(trial(), ("mmrm",)), "mmrm")
    assert (plain.hours, plain.structure) == ((24.0, 72.0), "us")


def test_strata_are_those_of_the_randomisation() -> None:
    stratified = trial(randomise={"strata": ["female"]})
    told = choose(stratified, ("cochran-mantel-haenszel",))
    assert way(stratified, told, "cochran-mantel-haenszel").strata == ("female",)


def test_what_the_arms_differ_in_beside_drugs_is_told() -> None:
    assert apart(trial(), "ketamine", "saline") == ()
    arms: Any = [OURS["arm"][0], {**OURS["arm"][1], "new_antidepressant": True, "sessions": "days 1 and 3"}]
    assert apart(trial(arm=arms), "ketamine", "saline") == ("new_antidepressant", "sessions")
