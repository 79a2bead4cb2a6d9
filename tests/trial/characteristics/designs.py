"""Designs: a trial of two arms for the tests of its characteristics, and what is known of it."""

from typing import Any

from racemate.trial.characteristics.characterise import Characteristics, Extent, Worlds, characterise
from racemate.trial.characteristics.endpoint import choose
from racemate.trial.design.protocol import Protocol, build
from tests.trial.fake import FakeWorld

AB = "ketamine vs saline"
OURS: dict[str, Any] = {
    "id": "ours",
    "baseline": {"mean": 32.0, "sd": 5.0, "how": "assumed", "note": "For this test."},
    "arm": [
        {
            "name": "ketamine",
            "n": 40,
            "dose": [{"drug": "ketamine", "route": "iv", "amount": "0.5 mg/kg", "over": "40 min"}],
        },
        {"name": "saline", "n": 40, "sessions": "day 1"},
    ],
    "rating": [{"scale": "madrs", "at": ["day 2", "day 4"]}],
    "analysis": [
        {"outcome": "madrs", "at": ["day 2", "day 4"], "contrasts": [AB], "statistics": ["difference", "p-value"]}
    ],
    "pattern": [
        {
            "name": "ketamine better on day 2",
            "source": "nowhere",
            "expect": [{"outcome": "madrs", "at": ["day 2"], "contrast": AB, "significant": True}],
        }
    ],
}


def trial(**changed: Any) -> Protocol:
    """The trial with other entries at its top."""
    return build({**OURS, **changed})


def worlds(effect: float) -> Worlds:
    """A drug of so much effect, and a null world without any."""
    return lambda name, null: FakeWorld(name, effect=0.0 if null else effect)


def found(
    protocol: Protocol, effect: float, people: tuple[int, ...], replicates: int, tests: tuple[str, ...], **asked: Any
) -> Characteristics:
    """Characteristics of the trial in that world."""
    extent = Extent(people, replicates, 3, asked.pop("beside", 100), asked.pop("typical", True))
    return characterise(protocol, choose(protocol, tests), ["fake"], worlds(effect), extent, **asked)


def number(told: Characteristics, measure: str, test: str, people: int) -> tuple[float, float]:
    """One measure and its Monte-Carlo error."""
    table = told.characteristics
    row = table[(table.measure == measure) & (table.analysis == test) & (table.people == people)]
    assert len(row) == 1, f"{measure} of {test} at {people}: {len(row)} rows"
    return float(row.value.iloc[0]), float(row.monte_carlo_error.iloc[0])
