"""Safety: the side effects of a virtual trial as a run that leaves tables."""

from __future__ import annotations

from collections.abc import Iterable

from racemate.evidence.library import library
from racemate.exchange.run import TablesRun
from racemate.hypothesis import default
from racemate.model import bind
from racemate.report.run.manifest import Clock, describe, own_cards
from racemate.trial import safety as side
from racemate.trial.design.parts import parts
from racemate.trial.published import protocol_of
from racemate.trial.replicate import SEED, Report
from racemate.trial.urinary import COUNTED
from racemate.trial.world import ChainWorld


def safety(
    trial: str,
    hypotheses: Iterable[str] | None = None,
    people: int | None = None,
    replicates: int = side.REPLICATES,
    seed: int = SEED,
    progress: Report | None = None,
    jobs: int | None = None,
) -> TablesRun:
    """Side effects of a trial of the evidence: the frames of `racemate.trial.safety.Safety` with a manifest.

    Raises EvidenceError and HypothesisError for what cannot be run.
    """
    clock = Clock()
    record = library().trial(trial)
    names = [default()] if hypotheses is None else list(hypotheses)
    models = {name: bind(name) for name in names}

    def world(name: str) -> ChainWorld:
        return ChainWorld(models[name].hypothesis.name, models[name], seed, jobs)

    found = side.safety(record, names, people, replicates, seed, progress, world)
    arguments = {"trial": trial, "hypotheses": names, "people": people, "replicates": replicates, "seed": seed}
    legs = (part.protocol for part in parts(protocol_of(record)))
    drugs = {dose.drug for leg in legs for arm in leg.conditions for dose in arm.doses}
    counted = [library().anchor(name).source for pair in COUNTED for name in pair]
    inputs = own_cards(names)
    manifest = describe("safety", arguments, models.values(), drugs, [*record.sources, *counted], inputs, clock)
    manifest["interval"] = f"percentiles {side.LEVEL[0]:g} to {side.LEVEL[2]:g} over replicates"
    return TablesRun(found.frames, manifest, inputs)
