"""Crowd run: any number of people through a trial, of whom exact counts alone are kept: memory does not grow with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from racemate.code import TRIALS, code
from racemate.evidence.record import Trial
from racemate.model import inform
from racemate.report.run.agree import agreed
from racemate.report.run.folder import Run
from racemate.report.run.manifest import Clock, describe, own_cards
from racemate.report.run.trial import distinct, named_as, read, stored
from racemate.simulate.check import memory
from racemate.spread.jobs import here
from racemate.trial.beside import Size
from racemate.trial.conduct.allocate import sizes
from racemate.trial.crowd.tally import LEVELS, Sheet
from racemate.trial.crowd.work import CHUNK, Crowd, Ledger, count
from racemate.trial.design.protocol import Protocol
from racemate.trial.published import protocol_of
from racemate.trial.replicate import REPLICATES, SEED, Report, allow, needed
from racemate.trial.world import Watched

if TYPE_CHECKING:
    import altair
    import pandas as pd

COMMAND = "replicate --summary"
_MOST = 1 << 26
"""Replicates at most: their numbers and those of the people in them share 64 bits."""
_SHARED = 140 << 20
"""Bytes of the libraries of a process that others on the same machine use as well: they are there once, however many processes work."""


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
    scheduler: str | None = None,
) -> CrowdRun:
    """Run ``replicates`` virtual trials under each hypothesis (default: the default card), and keep counts alone.

    Arguments as in `replicate`; each virtual trial is the one that `replicate --all --courses all` would run.  ``begun`` is a folder
    that holds counts while the run goes on: a stopped run goes on from there.  ``jobs`` processes work (default: one per core), or the
    workers of ``scheduler``: a Dask cluster by its address, or ``local:WORKERS``; the result is the same.
    Raises EvidenceError and HypothesisError for what cannot be run.
    """
    from racemate.hypothesis import default
    from racemate.simulate.grid import TRIAL_TOLERANCE

    clock = Clock()
    told, inputs = read(trial)
    names = [hypotheses] if isinstance(hypotheses, str) else list(hypotheses or [default()])
    allow(Size(people, replicates, seed), COMMAND, _MOST)
    models = [inform(name, posterior) for name in names]
    distinct([model.hypothesis.name for model in models])
    protocol = told if isinstance(told, Protocol) else protocol_of(told)
    arguments: dict[str, Any] = {"trial": named_as(trial), "hypotheses": names}
    arguments |= {"people": people, "replicates": replicates, "seed": seed, "posterior": posterior}
    drugs = {dose.drug for arm in protocol.conditions for dose in arm.doses}
    sources = told.sources if isinstance(told, Trial) else ()
    inputs |= own_cards(names)
    same = {**describe(COMMAND, arguments, models, drugs, sources, inputs, None), "code": code(*TRIALS)}
    rows: list[Mapping[str, Any]] = []
    solved: dict[str, dict[str, Any]] = {}
    worlds = [Watched(model.hypothesis.name, model, seed, 1, tolerance=TRIAL_TOLERANCE) for model in models]
    crowds = {world.name: Crowd(protocol, world, seed, replicates, people, CHUNK) for world in worlds}
    estimate = room(next(iter(crowds.values())), jobs, scheduler)
    for card, one in crowds.items():
        ledger = Ledger(one, {**same, "card": card}, None if begun is None else begun / f"{card.replace(':', '_')}.npz")
        follow = None if progress is None else lambda done, total, card=card: progress(card, done, total)
        kept = count(one, ledger, follow, jobs, scheduler, agreed())
        solved[card] = kept.solved()
        rows += ({"hypothesis": card, **row} for row in Sheet(protocol).rows(kept.counts))
    manifest = describe(COMMAND, arguments, models, drugs, sources, inputs, clock)
    manifest |= {"people_simulated": replicates * sum(sizes(protocol, people)), "replicates": replicates}
    manifest |= {"memory_estimate": estimate, "tolerance": TRIAL_TOLERANCE, "grid": solved}
    return CrowdRun(tuple(rows), manifest, inputs)


def room(one: Crowd, jobs: int | None, scheduler: str | None) -> int | None:
    """Bytes that all processes of this machine need about, each with a chunk; refused where they are not free, None where others work."""
    at_work = here(one.chunks, jobs, scheduler) or (scheduler is None)
    if not at_work:
        return None
    found = at_work * (needed(one.protocol, Size(one.people, one.together, one.seed), 1) - _SHARED) + _SHARED
    people = at_work * one.together * one.size
    memory.allow(COMMAND, people, found, "fewer --jobs" if scheduler is None else "fewer workers")
    return found


def repeat(manifest: Mapping[str, Any], folder: Path, progress: Report | None, jobs: int | None) -> CrowdRun:
    """Run again what a manifest tells, from the copies of the user's own files in its folder."""
    return crowd(**stored(manifest, folder), progress=progress, jobs=jobs)
