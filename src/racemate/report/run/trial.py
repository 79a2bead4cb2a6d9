"""Trial run: a published trial, or one of the user's own, replicated under rival mechanisms; observed beside simulated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from racemate.evidence.files import read_observations, read_record, read_toml
from racemate.evidence.finding import EvidenceError, refuse
from racemate.evidence.library import library
from racemate.evidence.record import Observation, Trial
from racemate.model import inform
from racemate.report.run.agree import agreed
from racemate.report.run.folder import Run, records
from racemate.report.run.manifest import Clock, describe, own_cards, stored_card
from racemate.trial.beside import Replication, Size
from racemate.trial.design.protocol import Protocol, build
from racemate.trial.published import protocol_of
from racemate.trial.replicate import REPLICATES, SEED, Report, allow, room
from racemate.trial.replicate import replicate as run_trial
from racemate.trial.world import Watched

if TYPE_CHECKING:
    import altair
    import pandas as pd
    import xarray


_OWN_TRIAL = "inputs/trial"
_FILES = ("protocol.toml", "outcomes.csv")


@dataclass(frozen=True)
class TrialRun(Run):
    """A trial run many times under each hypothesis: data frames ``observed``, ``simulated``, ``verdict`` and ``factors``, and the ``manifest``."""

    protocol: Protocol
    replication: Replication = field(repr=False)
    manifest: Mapping[str, Any] = field(repr=False)
    inputs: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    record: Trial | None = field(default=None, repr=False)

    @property
    def observed(self) -> pd.DataFrame:
        """Published rows, the columns of `outcomes.csv`; shares in percent."""
        return self.replication.observed

    @property
    def simulated(self) -> pd.DataFrame:
        """One row per hypothesis and question: median over replicates, and the 2.5th and 97.5th percentile as low and high."""
        return self.replication.simulated

    @property
    def verdict(self) -> pd.DataFrame:
        """One row per hypothesis and published pattern: its probability and the Monte-Carlo error of that."""
        return self.replication.verdict

    @cached_property
    def factors(self) -> pd.DataFrame:
        """One row per hypothesis: evidence of this trial and Bayes factors; empty for one hypothesis, or where nothing can be asked."""
        from racemate.report.run.factors import factors

        return factors(self.protocol, self.record, self.replication, self.manifest.get("posteriors", {}))

    def tables(self) -> dict[str, pd.DataFrame]:
        """The data frames by name."""
        return {name: getattr(self, name) for name in ("observed", "simulated", "verdict", "factors")}

    def published(self, **wanted: str) -> list[dict[str, Any]]:
        """Published rows that the virtual trials answer, where they are as ``wanted``."""
        return [dict(row) for row in self._mirrored if all(row[name] == value for name, value in wanted.items())]

    @cached_property
    def _mirrored(self) -> tuple[dict[str, Any], ...]:
        return tuple(row for row in records(self.observed) if row["mirrored"])

    def to_xarray(self) -> xarray.Dataset:
        """Dataset ``answer`` (hypothesis, question, replicate), every replicate's own answer."""
        return self.replication.to_xarray()

    def figure(self, outcome: str | None = None, group: str | None = None) -> altair.TopLevelMixin:
        """Observed beside simulated over time, a panel per hypothesis; the protocol's first analysis, or a named outcome and group."""
        from racemate.report.figure.trial import Panels, draw

        return draw(self, Panels.choose(self, outcome, group))

    def figures(self) -> dict[str, altair.TopLevelMixin]:
        """What a run folder shows: the main figure; `figure` draws any other outcome and group."""
        return {"figure": self.figure()}

    def _repr_html_(self) -> str:
        return self.replication._repr_html_()


def replicate(
    trial: str | Path | Protocol,
    hypotheses: Iterable[str] | None = None,
    people: int | None = None,
    replicates: int = REPLICATES,
    seed: int = SEED,
    progress: Report | None = None,
    jobs: int | None = None,
    courses: int | None = None,
    posterior: str | None = None,
    scheduler: str | None = None,
) -> TrialRun:
    """Run a trial on virtual patients, ``replicates`` times under each hypothesis (default: every card).

    ``trial`` is the id of a published trial, the path of a folder with a `protocol.toml` (and an `outcomes.csv` where there are
    results), or a Protocol.  ``hypotheses`` are names of cards, ``name:variant``, or paths of cards of one's own.  ``people`` is the
    number per arm (of the whole trial for a crossover; default: as published), ``jobs`` the number of threads, ``courses`` how many
    people of each treatment path are carried through the chain, the others following them (default: all).  ``posterior`` is the name of
    a shipped posterior, a folder that `racemate fit` wrote, or ``"prior"`` (default: the prospective posterior of each shipped card that
    has one).  ``scheduler`` names a Dask cluster whose workers take a hypothesis each, by its address or as ``local:WORKERS``; the result
    is the same.  Raises EvidenceError and HypothesisError for what cannot be run.
    """
    from racemate.hypothesis import all_names

    clock = Clock()
    told, inputs = read(trial)
    named = [hypotheses] if isinstance(hypotheses, str) else hypotheses
    names = list(all_names() if named is None else named)
    models = {name: inform(name, posterior) for name in names}
    distinct([model.hypothesis.name for model in models.values()])
    grids: dict[str, dict[str, Any]] = {model.hypothesis.name: {} for model in models.values()}
    threads = jobs if scheduler is None else 1
    found = run_trial(
        told,
        names,
        people,
        replicates,
        seed,
        progress,
        lambda name: Watched(models[name].hypothesis.name, models[name], seed, threads, courses, grids=grids),
        courses,
        scheduler,
        agreed(),
    )
    protocol = told if isinstance(told, Protocol) else protocol_of(told)
    arguments: dict[str, Any] = {"trial": named_as(trial), "hypotheses": names}
    arguments |= {"people": people, "replicates": replicates, "seed": seed, "courses": courses, "posterior": posterior}
    inputs |= own_cards(names)
    drugs = {dose.drug for arm in protocol.conditions for dose in arm.doses}
    entry = describe("replicate", arguments, models.values(), drugs, found.manifest["sources"], inputs, clock)
    rest = {key: value for key, value in found.manifest.items() if key not in entry}
    record = told if isinstance(told, Trial) else None
    memory = {"memory_estimate": memory_of(trial, names, people, replicates, jobs, scheduler)}
    return TrialRun(protocol, found, {**entry, **rest, **memory, "grid": grids}, inputs, record)


def memory_of(
    trial: str | Path | Protocol,
    hypotheses: Sequence[str] | None = None,
    people: int | None = None,
    replicates: int = REPLICATES,
    jobs: int | None = None,
    scheduler: str | None = None,
) -> int | None:
    """Bytes of this machine's memory that `replicate` needs about, told before anything runs; raises EvidenceError as it does.

    None where others do the work.
    """
    from racemate.hypothesis import all_names

    told, _ = read(trial)
    size = Size(people, replicates, SEED)
    allow(size)
    protocol = told if isinstance(told, Protocol) else protocol_of(told)
    return room(protocol, size, len(all_names() if hypotheses is None else hypotheses), jobs, scheduler)


def repeat(manifest: Mapping[str, Any], folder: Path, progress: Report | None, jobs: int | None) -> TrialRun:
    """Run again what a manifest tells, from the copies of the user's own files in its folder."""
    return replicate(**stored(manifest, folder), progress=progress, jobs=jobs)


def stored(manifest: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The arguments of a run, its trial and cards taken from the copies of the user's own files in its folder."""
    told = dict(manifest["arguments"])
    own = stored_trials(manifest, folder)
    if own and "trial" in told:
        told["trial"] = own[0]
    told["hypotheses"] = [stored_card(name, folder) for name in told["hypotheses"]]
    return told


def stored_trials(manifest: Mapping[str, Any], folder: Path) -> list[Path]:
    """Folders of the copies of the user's own trials, in the order of the run."""
    return list(dict.fromkeys((folder / name).parent for name in manifest["inputs"] if name.startswith(_OWN_TRIAL)))


def named_as(trial: str | Path | Protocol) -> str:
    """How a manifest calls the trial that was asked for."""
    return str(trial) if not isinstance(trial, Protocol) else trial.id or "protocol"


def distinct(names: list[str]) -> None:
    """Refuse a name that stands twice; raises EvidenceError."""
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise EvidenceError("replicate", "hypotheses", f"{twice[0]!r} twice", "each once")


def read(trial: str | Path | Protocol) -> tuple[Trial | Protocol, dict[str, bytes]]:
    """What to run, and the user's own files behind it, by their path inside a run folder; raises EvidenceError."""
    if isinstance(trial, Protocol):
        text = trial.model_dump_json(by_alias=True, exclude_defaults=True)
        return trial, {f"{_OWN_TRIAL}/{trial.id or 'protocol'}/protocol.json": text.encode()}
    path = Path(trial)
    if path.name == _FILES[0]:
        path = path.parent
    if isinstance(trial, str) and (trial in library().trials or not (path / _FILES[0]).is_file()):
        _not_a_folder(path, trial)
        return library().trial(trial), {}
    if (path / "protocol.json").is_file():
        return _told(path / "protocol.json")
    return _own(path)


def _not_a_folder(path: Path, trial: str) -> None:
    if path.is_dir() and trial not in library().trials:
        raise EvidenceError(str(path), _FILES[0], "nothing", "a protocol in the folder of a trial of your own")


def _told(path: Path) -> tuple[Protocol, dict[str, bytes]]:
    content = path.read_bytes()
    return Protocol.model_validate_json(content), {f"{_OWN_TRIAL}/{path.parent.name}/{path.name}": content}


def _own(folder: Path) -> tuple[Trial | Protocol, dict[str, bytes]]:
    """A trial of the user's own: with results it needs a [trial] table as a published one does."""
    protocol, outcomes = (folder / name for name in _FILES)
    if not protocol.is_file():
        raise EvidenceError(str(folder), _FILES[0], "nothing", "a protocol in the folder of a trial of your own")
    inputs = {
        f"{_OWN_TRIAL}/{folder.resolve().name}/{path.name}": path.read_bytes()
        for path in (protocol, outcomes)
        if path.is_file()
    }
    data, findings = read_toml(protocol, str(protocol))
    refuse(findings)
    plain = build({**data, "id": data.get("id", folder.resolve().name)}, str(protocol))
    if "trial" not in data:
        if outcomes.is_file():
            raise EvidenceError(
                str(protocol), "trial", "nothing", "a table [trial] with title, sources, use and bias beside results"
            )
        return plain, inputs
    rows: list[Observation] = []
    if outcomes.is_file():
        rows, findings = read_observations(outcomes.read_text(encoding="utf-8"), str(outcomes))
    header: dict[str, Any] = {
        "id": plain.id,
        "arms": [arm.name for arm in plain.arms],
        "periods": [period.name for period in plain.periods],
        "observations": rows,
        "protocol": {key: value for key, value in data.items() if key != "id"},
    }
    record, faults = read_record(Trial, {**header, **data["trial"]}, str(protocol), "trial")
    refuse([*findings, *faults])
    assert record is not None
    return record, inputs
