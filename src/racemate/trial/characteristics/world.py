"""World: a hypothesis as it is, at its typical parameters, or with drugs that do nothing to severity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from racemate.model import Model
from racemate.people.cohort import draw
from racemate.people.population import Population
from racemate.trial.conduct.world import Ids
from racemate.trial.design.protocol import Protocol
from racemate.trial.world import ChainWorld, People

NULL = (
    "severity.drug_at_24h",
    "severity.g_felt_to_hope",
    "severity.g_mor_to_hope_acquired",
    "severity.g_mor_to_hope_expressed",
)
"""Every way by which a drug reaches severity: its own effect, hope raised by what is felt, and hope that mu antagonists take away."""
NULL_WORLD = (
    "no drug changes severity: neither by itself, nor by what is felt, nor at mu receptors; settings, antidepressants, treatments "
    "outside the chain and leaving stay as the protocol has them"
)


@dataclass(frozen=True)
class SettledWorld(ChainWorld):
    """A hypothesis bound to the evidence; ``typical`` parameters sit at their medians, and in a ``null`` world drugs do nothing.

    Nothing else moves: the people, their numbers and their ids are those of the world that is neither.
    """

    typical: bool = False
    null: bool = False

    def draw(self, ids: Ids, replicate: Ids, known: Mapping[str, float]) -> People:
        """People by id, with the parameters that this world gives them."""
        population = Population.typical(**known)
        drawn = draw(self.model, self.seed, ids, replicate, population=population, uncertain=not self.typical)
        if self.null:
            table = drawn.table.copy()
            table[[self.model.rows.index(name) for name in NULL]] = 0.0
            drawn = replace(drawn, table=table)
        return People(drawn)


def without_study_effects(model: Model) -> Model:
    """The same hypothesis where every trial has the typical study effect."""
    bound = {name: replace(one, between=None) if one.vary == "study" else one for name, one in model.bound.items()}
    return replace(model, bound=bound)


def apart(protocol: Protocol, first: str, second: str) -> tuple[str, ...]:
    """In what the two arms differ beside the drugs given: in a null world a difference may come from there."""
    if protocol.crossover:
        return ()
    one, other = protocol.arm(first), protocol.arm(second)
    fields = ("context", "hope", "awake", "new_antidepressant", "comparator", "baseline", "dropout")
    found = [name for name in fields if getattr(one, name) != getattr(other, name)]
    if protocol.session_h(one) != protocol.session_h(other):
        found.append("sessions")
    return tuple(found)
