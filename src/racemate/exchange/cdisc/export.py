"""Export: a virtual trial written as analysis data sets, with a description of every column beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from racemate.evidence.finding import EvidenceError
from racemate.exchange.cdisc.dictionary import DATA_SETS
from racemate.exchange.cdisc.ratings import adqs, adtte
from racemate.exchange.cdisc.sessions import adae, adpc, analytes
from racemate.exchange.cdisc.subjects import Subjects, adsl
from racemate.exchange.run import TablesRun
from racemate.hypothesis import default
from racemate.model import inform
from racemate.report.run.folder import json_text
from racemate.report.run.manifest import Clock, describe, own_cards
from racemate.report.run.trial import named_as, read, stored
from racemate.report.words import DISCLAIMER
from racemate.trial.beside import Size
from racemate.trial.conduct.world import World
from racemate.trial.design.parts import parts
from racemate.trial.design.protocol import Protocol
from racemate.trial.published import protocol_of
from racemate.trial.replicate import SEED, Report, allow
from racemate.trial.safety import look
from racemate.trial.world import ChainWorld

if TYPE_CHECKING:
    import pandas as pd

_MAKE = {"ADSL": adsl, "ADQS": adqs, "ADPC": adpc, "ADAE": adae, "ADTTE": adtte}


@dataclass(frozen=True)
class Exported(TablesRun):
    """Data frames ``adsl``, ``adqs``, ``adpc``, ``adae`` and ``adtte``, and ``define.json`` beside them."""


def export(
    trial: str | Path | Protocol,
    hypothesis: str | None = None,
    people: int | None = None,
    replicates: int = 1,
    replicate: int | None = None,
    seed: int = SEED,
    progress: Report | None = None,
    jobs: int | None = None,
    posterior: str | None = None,
) -> Exported:
    """Carry out a trial under one card (default: the default card) and hand its data out.

    ``replicates`` virtual trials are written, or only the one with the number ``replicate`` (from 1).  The ratings are those of
    `racemate replicate` with the same seed; ``trial`` and ``posterior`` are as there.  Raises EvidenceError and HypothesisError for what cannot be run.
    """
    clock = Clock()
    for count in (replicates, 1 if replicate is None else replicate):
        allow(Size(people, count, seed))
    told, inputs = read(trial)
    protocol = told if isinstance(told, Protocol) else protocol_of(told)
    name = hypothesis or default()
    model = inform(name, posterior)
    world = ChainWorld(model.hypothesis.name, model, seed, jobs)
    frames = data_sets(protocol, world, seed, max(replicates, replicate or 1), people, replicate, progress)
    arguments = {"trial": named_as(trial), "hypotheses": [name], "people": people, "replicates": replicates}
    arguments |= {"replicate": replicate, "seed": seed, "posterior": posterior}
    drugs = {dose.drug for part in parts(protocol) for arm in part.protocol.conditions for dose in arm.doses}
    sources = () if isinstance(told, Protocol) else told.sources
    inputs |= own_cards([name])
    manifest = describe("export", arguments, [model], drugs, sources, inputs, clock)
    return Exported(frames, manifest, {**inputs, "define.json": json_text(define(frames, protocol.id)).encode()})


def repeat(manifest: Mapping[str, Any], folder: Path, progress: Report | None, jobs: int | None) -> Exported:
    """Run again what a manifest tells, from the copies of the user's own files in its folder."""
    told = stored(manifest, folder)
    return export(told.pop("trial"), told.pop("hypotheses")[0], **told, progress=progress, jobs=jobs)


def data_sets(
    protocol: Protocol,
    world: World,
    seed: int,
    replicates: int,
    people: int | None = None,
    only: int | None = None,
    progress: Report | None = None,
) -> dict[str, pd.DataFrame]:
    """The data frames of a trial by lower-case name, of every replicate or of ``only`` one."""
    plasma = tuple(f"plasma.{name}" for name in analytes(protocol))
    seen = look(protocol, world, seed, replicates, people, progress, plasma)
    turn = seen.witness.enrolled.roll.replicate.astype(np.int64) + 1
    chosen = turn == only if only is not None else np.ones(turn.shape, dtype=bool)
    who = Subjects(seen, chosen)
    return {one.name.lower(): _MAKE[one.name](who) for one in DATA_SETS}


def define(frames: dict[str, pd.DataFrame], trial: str) -> dict[str, Any]:
    """What the data sets hold: labels, types, units and origins, in the manner of a Define-XML."""
    return {
        "standard": "ADaM-shaped; not validated against a conformance tool",
        "study": f"SIM-{trial.upper()}",
        "simulated": True,
        "disclaimer": DISCLAIMER,
        "datasets": [
            one.described(frames[one.name.lower()]) | {"file": f"{one.name.lower()}.csv"} for one in DATA_SETS
        ],
    }


def formats() -> tuple[str, ...]:
    """Shapes in which a trial can be handed out."""
    return ("cdisc",)


def check_format(asked: str) -> None:
    """Refuse a shape that is not known; raises EvidenceError."""
    if asked not in formats():
        raise EvidenceError("export", "--format", repr(asked), ", ".join(formats()))
