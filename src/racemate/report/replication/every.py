"""Every: every trial of the evidence that can be simulated, under every card, and how well observed and simulated agree."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from racemate.code import TRIALS, code
from racemate.evidence.finding import EvidenceError
from racemate.evidence.library import library
from racemate.evidence.record import Trial
from racemate.model import Model, inform
from racemate.report.replication.agreement import COVERAGE, RESULTS, coverage, results, table
from racemate.report.replication.part import Task
from racemate.report.replication.store import Store
from racemate.report.replication.work import Follow, Work
from racemate.report.run.folder import Run
from racemate.report.run.manifest import Clock, describe, machine, own_cards, stored_card
from racemate.report.run.trial import TrialRun, distinct, read, stored_trials
from racemate.trial.beside import Found, Size, gather
from racemate.trial.conduct.world import World
from racemate.trial.design.protocol import Protocol
from racemate.trial.published import protocol_of, questions
from racemate.trial.replicate import SEED, Report, allow
from racemate.trial.world import ChainWorld

if TYPE_CHECKING:
    import altair
    import pandas as pd

COMMAND = "replicate --all"
REPLICATES = 200
COURSES = 3
"""People of each treatment path that are carried through the chain: `validation/shared-courses` says what that costs."""
_STATUS = ("trial", "title", "use", "people", "asked", "compared", "cards", "reason")


@dataclass(frozen=True)
class EveryTrial(Run):
    """Many trials under every card: data frames ``trials``, ``results``, ``coverage``, ``verdict`` and ``simulated``, and the ``manifest``.

    ``runs`` holds the trials that ran, by id.
    """

    manifest: Mapping[str, Any] = field(repr=False)
    runs: Mapping[str, TrialRun]
    status: tuple[Mapping[str, Any], ...] = field(repr=False)
    compared: tuple[Mapping[str, Any], ...] = field(repr=False)
    parts: Store = field(repr=False)
    inputs: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def cards(self) -> tuple[str, ...]:
        """Names of the cards, in the order of the run."""
        return tuple(card["name"] for card in self.manifest["cards"])

    @property
    def trials(self) -> pd.DataFrame:
        """One row per trial: its use, how much was asked of it, how many published rows are compared, and why it did not run."""
        return table(self.status, _STATUS)

    @property
    def results(self) -> pd.DataFrame:
        """One row per published number and card: observed, simulated, residual, and whether it lies inside the intervals."""
        return table(self.compared, RESULTS)

    @cached_property
    def agreed(self) -> tuple[Mapping[str, Any], ...]:
        """The rows of `coverage`."""
        return tuple(coverage(self.compared, self.cards))

    @property
    def coverage(self) -> pd.DataFrame:
        """One row per card and use: the share of published numbers inside the 50, 80 and 95 % intervals, and the size of residuals."""
        return table(self.agreed, COVERAGE)

    @property
    def verdict(self) -> pd.DataFrame:
        """One row per trial, card and published pattern: its probability and the Monte-Carlo error of that."""
        return self._joined("verdict")

    @property
    def simulated(self) -> pd.DataFrame:
        """One row per trial, card and question: median over replicates, and the 2.5th and 97.5th percentile as low and high."""
        return self._joined("simulated")

    def _joined(self, name: str) -> pd.DataFrame:
        import pandas as pd

        every = [getattr(run, name).assign(trial=trial) for trial, run in self.runs.items()]
        if not every:
            return pd.DataFrame({"trial": []})
        joined = pd.concat(every, ignore_index=True)
        return joined.reindex(columns=["trial", *(column for column in joined.columns if column != "trial")])

    def tables(self) -> dict[str, pd.DataFrame]:
        """The data frames by name."""
        return {name: getattr(self, name) for name in ("trials", "results", "coverage", "verdict", "simulated")}

    def as_object(self) -> dict[str, Any]:
        """The summary: manifest, trials, coverage and verdict; the results are in `results`."""
        return {
            "manifest": dict(self.manifest),
            **{name: self.rows(name) for name in ("trials", "coverage", "verdict")},
        }

    def figures(self) -> dict[str, altair.TopLevelMixin]:
        """Residuals of every trial under every card."""
        from racemate.report.replication.overview import draw

        return {"residuals": draw(self)}

    def report(self) -> str:
        """The report: one page of HTML that needs no network."""
        from racemate.report.replication.page import html

        return html(self)

    def save(self, place: str | Path, force: bool = False) -> list[Path]:
        """Write parts, tables (CSV, Parquet), the figure and the report into a folder; the paths, in order.

        Raises RunFolderError when something else stands there (unless ``force``) or when it cannot be written.
        """
        store = Store(self.manifest, place, force)
        for trial, run in self.runs.items():
            for card in run.replication.answers:
                part = self.parts.load(trial, card)
                if part is not None and store.folder != self.parts.folder:
                    store.keep(trial, card, part)
        return store.write(self._files())

    def _files(self) -> dict[str, bytes]:
        import io

        from racemate.report.figure.ink import drawing

        files = {"report.html": self.report().encode(), **self.inputs}
        for name, found in self.tables().items():
            binary = io.BytesIO()
            found.to_parquet(binary, index=False)
            files |= {f"{name}.csv": found.to_csv(index=False).encode(), f"{name}.parquet": binary.getvalue()}
        return files | {f"{name}.svg": drawing(chart).encode() for name, chart in self.figures().items()}

    def _repr_html_(self) -> str:
        return self.coverage.to_html(index=False)


def replicate_all(
    trials: Iterable[str | Path] | None = None,
    hypotheses: Iterable[str] | None = None,
    people: int | None = None,
    replicates: int = REPLICATES,
    seed: int = SEED,
    progress: Follow | None = None,
    jobs: int | None = None,
    courses: int | None = COURSES,
    out: str | Path | None = None,
    force: bool = False,
    worlds: Callable[[Model], World] | None = None,
    posterior: str | None = None,
    scheduler: str | None = None,
) -> EveryTrial:
    """Run every trial on virtual patients, ``replicates`` times under each hypothesis (default: every card).

    ``trials`` are ids, or folders of trials of one's own (default: the whole evidence); ``courses`` is how many people of each
    treatment path are carried through the chain, the others following them (None: all).  ``progress`` is told a
    `racemate.report.replication.work.Told`; whatever it raises stops the run.  With ``out`` each result is kept in that folder as it is
    finished, and a run that was stopped goes on there and ends with the same bytes.  ``worlds`` makes a hypothesis from its model,
    ``posterior`` is as in `replicate`.  ``jobs`` processes of this machine work (default: one per core), or the workers of ``scheduler``: a
    Dask cluster by its address, or ``local:WORKERS``; the result is the same.
    Raises EvidenceError and HypothesisError for what cannot be run, also where this machine has not the memory for so many processes,
    and RunFolderError for a folder begun with other settings.
    """
    from racemate.hypothesis import all_names
    from racemate.simulate.grid import TRIAL_TOLERANCE

    clock, busy = Clock(), _busy_s()
    size = Size(people, replicates, seed, courses)
    allow(size)
    names = list(all_names() if hypotheses is None else hypotheses)
    if not names:
        raise EvidenceError("replicate", "hypotheses", "none", "at least one card")
    models = [inform(name, posterior) for name in names]
    distinct([model.hypothesis.name for model in models])
    wanted = None if trials is None else list(trials)
    chosen, refused, inputs = _chosen(wanted)
    inputs |= own_cards(names)
    told = None if wanted is None else [str(trial) for trial in wanted]
    arguments = {"trials": told, "hypotheses": names, "people": people, "replicates": replicates, "seed": seed}
    manifest = _manifest({**arguments, "courses": courses, "posterior": posterior}, models, chosen, inputs)
    store = Store(manifest, out, force)
    make = worlds or (
        lambda model: ChainWorld(model.hypothesis.name, model, seed, 1, courses, tolerance=TRIAL_TOLERANCE)
    )
    work = Work(chosen, [make(model) for model in models], size, store, progress)
    work.run(jobs, scheduler)
    done = _gathered(chosen, refused, manifest, size, store, inputs)
    if out is not None:
        store.write(done._files())
        spent = {
            "jobs": jobs or os.cpu_count(),
            "scheduler": scheduler,
            "parts_made": work.made,
            "memory_estimate": work.memory,
            "processor_seconds": _busy_s() - busy,
        }
        store.log({**machine(clock), **spent})
    return done


def repeat(manifest: Mapping[str, Any], folder: Path, progress: Report | None, jobs: int | None) -> EveryTrial:
    """Run again what a manifest tells, from the copies of the user's own files in its folder."""
    told = {
        **manifest["arguments"],
        "hypotheses": [stored_card(name, folder) for name in manifest["arguments"]["hypotheses"]],
    }
    own = {path.name: path for path in stored_trials(manifest, folder)}
    if told["trials"] is not None:
        told["trials"] = [own.get(Path(name).resolve().name, name) for name in told["trials"]]
    follow = None if progress is None else lambda now: progress("every trial", now.people, now.of_people)
    return replicate_all(**told, progress=follow, jobs=jobs)


def _busy_s() -> float:
    """Seconds of processor time of this process and of those it has ended."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def _chosen(trials: Iterable[str | Path] | None) -> tuple[list[Task], list[dict[str, Any]], dict[str, bytes]]:
    """Trials to run, those that nobody can run with the reason, and the user's own files."""
    tasks: list[Task] = []
    refused: list[dict[str, Any]] = []
    inputs: dict[str, bytes] = {}
    if trials is None:
        for record in library().trials.values():
            try:
                tasks.append(_task(record))
            except EvidenceError as error:
                refused.append({"trial": record.id, "title": record.title, "use": record.use, "reason": str(error)})
        return tasks, refused, inputs
    for trial in trials:
        found, own = read(trial)
        tasks.append(_task(found))
        inputs |= own
    distinct([task.trial for task in tasks])
    return tasks, refused, inputs


def _task(found: Trial | Protocol) -> Task:
    record = found if isinstance(found, Trial) else None
    protocol = found if isinstance(found, Protocol) else protocol_of(found)
    return Task(protocol.id, protocol, record, questions(protocol, record.observations if record else ()))


def _manifest(
    arguments: Mapping[str, Any], models: list[Model], tasks: list[Task], inputs: Mapping[str, bytes]
) -> dict[str, Any]:
    from racemate.simulate.grid import TRIAL_TOLERANCE

    drugs = {dose.drug for task in tasks for arm in task.protocol.conditions for dose in arm.doses}
    sources = {source for task in tasks if task.record for source in task.record.sources}
    rows = {row.source for task in tasks if task.record for row in task.record.observations if row.source}
    entry = describe(COMMAND, arguments, models, drugs, sources | rows, inputs, None)
    return {
        **entry,
        "code": code(*TRIALS),
        "trials": [task.trial for task in tasks],
        "replicates": arguments["replicates"],
        "courses": arguments["courses"] or "all",
        "tolerance": TRIAL_TOLERANCE,
        "interval": "central 50, 80 and 95 % over replicates",
    }


def _gathered(
    tasks: list[Task],
    refused: list[dict[str, Any]],
    manifest: Mapping[str, Any],
    size: Size,
    store: Store,
    inputs: Mapping[str, bytes],
) -> EveryTrial:
    runs: dict[str, TrialRun] = {}
    status: list[Mapping[str, Any]] = [*refused]
    compared: list[Mapping[str, Any]] = []
    for task in tasks:
        parts = {card["name"]: store.load(task.trial, card["name"]) for card in manifest["cards"]}
        found = {card: part for card, part in parts.items() if isinstance(part, Found)}
        why = dict.fromkeys(part for part in parts.values() if isinstance(part, str))
        replication = gather(task.protocol, task.record, task.asked, found, size)
        rows = list(results(task.trial, task.protocol, task.record, replication))
        if found:
            entry = {
                **replication.manifest,
                **{name: manifest[name] for name in ("cards", "arguments", "parameters", "posteriors")},
            }
            runs[task.trial] = TrialRun(task.protocol, replication, entry)
        compared += rows
        status.append(
            {
                "trial": task.trial,
                "title": task.record.title if task.record else "",
                "use": task.record.use if task.record else "",
                "people": replication.manifest["people_simulated"],
                "asked": len(task.asked),
                "compared": sum(row["counted"] for row in rows) // max(1, len(found)),
                "cards": len(found),
                "reason": "; ".join(why),
            }
        )
    return EveryTrial(manifest, runs, tuple(status), tuple(compared), store, inputs)
