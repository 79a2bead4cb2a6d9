"""Safety: the side effects of a virtual trial as a run that leaves tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from racemate.evidence.library import library
from racemate.exchange.run import TablesRun
from racemate.hypothesis import default
from racemate.model import inform
from racemate.report.run.manifest import Clock, describe, own_cards
from racemate.report.run.trial import named_as, read, stored
from racemate.trial import safety as side
from racemate.trial.design.parts import parts
from racemate.trial.design.protocol import Protocol
from racemate.trial.harms import reported
from racemate.trial.harms.urinary import COUNTED
from racemate.trial.published import protocol_of
from racemate.trial.replicate import SEED, Report
from racemate.trial.world import ChainWorld


def safety(
    trial: str | Path | Protocol,
    hypotheses: Iterable[str] | None = None,
    people: int | None = None,
    replicates: int = side.REPLICATES,
    seed: int = SEED,
    progress: Report | None = None,
    jobs: int | None = None,
    posterior: str | None = None,
) -> TablesRun:
    """Side effects of a trial: the frames of `racemate.trial.safety.Safety` with a manifest.

    ``trial`` and ``posterior`` are as in `racemate.replicate`, ``hypotheses`` too but for the default, which is one card.  Raises EvidenceError and HypothesisError for what cannot be run.
    """
    clock = Clock()
    told, inputs = read(trial)
    protocol = told if isinstance(told, Protocol) else protocol_of(told)
    named = [hypotheses] if isinstance(hypotheses, str) else hypotheses
    names = [default()] if named is None else list(named)
    models = {name: inform(name, posterior) for name in names}

    def world(name: str) -> ChainWorld:
        return ChainWorld(models[name].hypothesis.name, models[name], seed, jobs)

    found = side.safety(told, names, people, replicates, seed, progress, world)
    arguments = {"trial": named_as(trial), "hypotheses": names, "people": people, "replicates": replicates}
    arguments |= {"seed": seed, "posterior": posterior}
    legs = (part.protocol for part in parts(protocol))
    drugs = {dose.drug for leg in legs for arm in leg.conditions for dose in arm.doses}
    counted = [library().anchor(name).source for name in COUNTED]
    counted += reported.sources(protocol)
    sources = () if isinstance(told, Protocol) else told.sources
    inputs |= own_cards(names)
    manifest = describe("safety", arguments, models.values(), drugs, [*sources, *counted], inputs, clock)
    manifest["interval"] = f"percentiles {side.LEVEL[0]:g} to {side.LEVEL[2]:g} over replicates"
    return TablesRun(found.frames, manifest, inputs)


def repeat(manifest: Mapping[str, Any], folder: Path, progress: Report | None, jobs: int | None) -> TablesRun:
    """Run again what a manifest tells, from the copies of the user's own files in its folder."""
    return safety(**stored(manifest, folder), progress=progress, jobs=jobs)
