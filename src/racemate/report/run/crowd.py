"""Crowd run: any number of people through a trial, of whom exact counts alone are kept: memory does not grow with them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from racemate.evidence.finding import EvidenceError
from racemate.evidence.record import Trial
from racemate.model import inform
from racemate.report.run.folder import Run
from racemate.report.run.manifest import Clock, describe, own_cards
from racemate.report.run.trial import Watched, distinct, named_as, read, stored
from racemate.simulate.check.memory import allow
from racemate.trial.beside import Size
from racemate.trial.conduct.allocate import sizes
from racemate.trial.crowd.tally import LEVELS, Sheet
from racemate.trial.crowd.work import Crowd, Ledger, chunked, count
from racemate.trial.design.protocol import Protocol
from racemate.trial.published import protocol_of
from racemate.trial.replicate import REPLICATES, SEED, Report, needed

if TYPE_CHECKING:
    import altair
    import pandas as pd

COMMAND = "replicate --summary"
_MOST = 1 << 26
"""Replicates at most: their numbers and those of the people in them share 64 bits."""


@dataclass(frozen=True)
class CrowdRun(Run):
    """A crowd: data frame ``simulated`` (people, mean, sd and percentiles of each score; percent of each event), and the ``manifest``."""

    rows_of: tuple[Mapping[str, Any], ...] = field(repr=False)
    manifest: Mapping[str, Any] = field(repr=False)
    inputs: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def simulated(self) -> pd.DataFrame:
        """One row per hypothesis, stage, arm, outcome, hour and statistic (``value``, ``change``, ``response``, ``remission``, ``share``)."""
        import pandas as pd

        kinds = dict.fromkeys(("hours", "mean", "sd", "percent"), "Float64")
        kinds |= {f"p{level:g}": "Int64" for level in LEVELS}
        return pd.DataFrame(list(self.rows_of)).astype(kinds)

    def tables(self) -> dict[str, pd.DataFrame]:
        """The data frame by name."""
        return {"simulated": self.simulated}

    def figures(self) -> dict[str, altair.TopLevelMixin]:
        """None: there is nothing but counts."""
        return {}


def crowd(
    trial: str | Path | Protocol,
    hypotheses: Iterable[str] | None = None,
    people: int | None = None,
    replicates: int = REPLICATES,
    seed: int = SEED,
    progress: Report | None = None,
    jobs: int | None = None,
    posterior: str | None = None,
    begun: Path | None = None,
) -> CrowdRun:
    """Run ``replicates`` virtual trials under each hypothesis (default: the default card), and keep counts alone.

    Arguments as in `replicate`; each virtual trial is the one that `replicate --all --courses all` would run.  ``begun`` is a folder that holds counts while
    the run goes on: a stopped run goes on from there.  Raises EvidenceError and HypothesisError for what cannot be run.
    """
    from racemate.hypothesis import default
    from racemate.simulate.grid import TRIAL_TOLERANCE

    clock = Clock()
    told, inputs = read(trial)
    names = [hypotheses] if isinstance(hypotheses, str) else list(hypotheses or [default()])
    _allow(people, replicates, seed)
    models = [inform(name, posterior) for name in names]
    distinct([model.hypothesis.name for model in models])
    protocol = told if isinstance(told, Protocol) else protocol_of(told)
    arguments: dict[str, Any] = {"trial": named_as(trial), "hypotheses": names}
    arguments |= {"people": people, "replicates": replicates, "seed": seed, "posterior": posterior}
    drugs = {dose.drug for arm in protocol.conditions for dose in arm.doses}
    sources = told.sources if isinstance(told, Trial) else ()
    inputs |= own_cards(names)
    memory = _memory(protocol, people, replicates, jobs)
    same = describe(COMMAND, arguments, models, drugs, sources, inputs, None)
    rows: list[Mapping[str, Any]] = []
    grids: dict[str, dict[str, Any]] = {}
    for model in models:
        card = model.hypothesis.name
        world = Watched(card, model, seed, 1, tolerance=TRIAL_TOLERANCE, grids=grids)
        one = Crowd(protocol, world, seed, replicates, people)
        ledger = Ledger(one, {**same, "card": card}, None if begun is None else begun / f"{card.replace(':', '_')}.npz")
        follow = None if progress is None else lambda done, total, card=card: progress(card, done, total)
        counts = count(one, ledger, follow, jobs)
        rows += ({"hypothesis": card, **row} for row in Sheet(protocol).rows(counts))
    manifest = describe(COMMAND, arguments, models, drugs, sources, inputs, clock)
    manifest |= {"people_simulated": replicates * sum(sizes(protocol, people)), "replicates": replicates}
    manifest |= {
        "memory_estimate": memory,
        "tolerance": TRIAL_TOLERANCE,
        "grid": {card: _of_all(told) for card, told in grids.items()},
    }
    return CrowdRun(tuple(rows), manifest, inputs)


def _memory(protocol: Protocol, people: int | None, replicates: int, jobs: int | None) -> int:
    """Bytes that the chunks of all threads need together, about; refused where they are not free."""
    size = sum(sizes(protocol, people))
    together = min(replicates, chunked(size) * (jobs or os.cpu_count() or 1))
    found = needed(protocol, Size(people, together, SEED), jobs)
    allow(COMMAND, together * size, found, "fewer --jobs")
    return found


def _of_all(told: Mapping[str, Any]) -> dict[str, Any]:
    """What holds for every chunk of how a run was solved."""
    return {name: told[name] for name in ("method", "windows", "error")}


def repeat(manifest: Mapping[str, Any], folder: Path, progress: Report | None, jobs: int | None) -> CrowdRun:
    """Run again what a manifest tells, from the copies of the user's own files in its folder."""
    return crowd(**stored(manifest, folder), progress=progress, jobs=jobs)


def _allow(people: int | None, replicates: int, seed: int) -> None:
    for name, value, low, high in (
        ("people", 1 if people is None else people, 1, 1 << 18),
        ("replicates", replicates, 1, _MOST),
        ("seed", seed, 0, 2**63 - 1),
    ):
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise EvidenceError(COMMAND, name, repr(value), f"a whole number from {low} to {high}")
