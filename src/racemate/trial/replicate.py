"""Replicate: run a trial on virtual patients under rival mechanisms, and set what was observed beside what was simulated."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from racemate.chain import dose as dosing
from racemate.evidence.finding import EvidenceError
from racemate.evidence.library import library
from racemate.evidence.record import DOUBTFUL, Trial
from racemate.model import Model, bind
from racemate.people.cohort import Cohort as Drawn
from racemate.people.cohort import draw
from racemate.people.population import Population
from racemate.simulate.plan import Plan
from racemate.trial.analysis.look import Answer, ask, holds
from racemate.trial.conduct.enrol import Floats, Ids, Progress, World, enrol, plan
from racemate.trial.conduct.rate import Data, rate, readings
from racemate.trial.design.protocol import Figure, Protocol
from racemate.trial.published import Asked, observed, protocol_of, questions

if TYPE_CHECKING:
    import pandas as pd
    import xarray

REPLICATES = 100
SEED = 1
LEVEL = (2.5, 50.0, 97.5)
"""Percentiles over replicates that are reported as low, median and high."""
_MOST_PEOPLE = 1 << 24
_UNSCALED = "systolic"
Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class People:
    """Drawn people as a trial asks for them."""

    drawn: Drawn

    def parameter(self, name: str) -> Floats:
        """Individual parameter by dotted name, shape (people,)."""
        return self.drawn.table[self.drawn.model.rows.index(name)]

    def covariate(self, name: str) -> Floats:
        """Covariate by name, shape (people,)."""
        return getattr(self.drawn.who, name)

    def with_baseline(self, points: Floats) -> People:
        """The same people with this latent severity at entry."""
        table = self.drawn.table.copy()
        table[self.drawn.model.rows.index("severity.baseline")] = points
        return People(replace(self.drawn, table=table))


@dataclass(frozen=True)
class ChainWorld:
    """One hypothesis, bound to the evidence, drawn from its priors."""

    name: str
    model: Model
    seed: int

    @property
    def dose(self) -> dosing.Par:
        """Typical dosing parameters."""
        return self.model.typical.dose

    def draw(self, ids: Ids, replicate: Ids, known: Mapping[str, float]) -> People:
        """People, population parameters and study effects, by id."""
        return People(draw(self.model, self.seed, ids, replicate, population=Population.typical(**known)))

    def run(
        self, cohort: People, plan: Plan, readings: tuple[str, ...], progress: Progress | None
    ) -> Mapping[str, Floats]:
        """Carry the people through the plan."""
        from racemate.simulate.run import run

        found = run(cohort.drawn, plan, readings, progress)
        return {name: found[name] for name in readings}


@dataclass(frozen=True)
class Replication:
    """A trial run many times: ``observed``, ``simulated`` and ``verdict`` frames, the ``manifest``, and every replicate's answers."""

    trial: str
    observed: pd.DataFrame
    simulated: pd.DataFrame
    verdict: pd.DataFrame
    manifest: Mapping[str, Any]
    asked: tuple[Asked, ...]
    answers: Mapping[str, Floats]
    """Per hypothesis the answers of shape (questions, replicates); nan where a replicate leaves a statistic undefined."""

    def to_xarray(self) -> xarray.Dataset:
        """Dataset ``answer`` (hypothesis, question, replicate) with what was asked as coordinates."""
        import xarray

        cube = np.stack([self.answers[name] for name in self.answers])
        fields = ("outcome", "statistic", "arm", "hour", "group", "unit")
        coordinates = {f: ("question", [getattr(a.question, f) for a in self.asked]) for f in fields if f != "hour"}
        hours = [np.nan if a.question.hour is None else a.question.hour for a in self.asked]
        return xarray.Dataset(
            {"answer": (("hypothesis", "question", "replicate"), cube)},
            {"hypothesis": list(self.answers), "hour": ("question", hours, {"units": "h"}), **coordinates},
            {"trial": self.trial, "simulated": 1},
        )

    def _repr_html_(self) -> str:
        parts = (f"<h3>{self.trial}</h3>", self.verdict.to_html(index=False), self.simulated.to_html(index=False))
        return "".join(parts)


def replicate(
    trial: str | Trial | Protocol,
    hypotheses: Iterable[str] | None = None,
    people: int | None = None,
    replicates: int = REPLICATES,
    seed: int = SEED,
    progress: Report | None = None,
    worlds: Callable[[str], World] | None = None,
) -> Replication:
    """Run a trial ``replicates`` times under each hypothesis (default: every card).

    ``trial`` is the id of a published trial, its record, or a protocol of one's own.  ``people`` overrides the number per arm (of the
    whole trial for a crossover).  Parameters are drawn from their priors and study effects anew for each replicate.  ``progress`` is
    told hypothesis, people done and people in all; whatever it raises stops the run.  ``worlds`` makes a hypothesis from its name.
    Raises EvidenceError for an unknown trial or card and for numbers nobody can run.
    """
    protocol, record = _told(trial)
    _allow(people, replicates, seed)
    names = list(hypotheses) if hypotheses is not None else _cards()
    if not names:
        raise EvidenceError("replicate", "hypotheses", "none", "at least one card")
    asked = questions(protocol, record.observations if record else ())
    make = worlds or (lambda name: ChainWorld(name, bind(name), seed))
    rows: list[dict[str, Any]] = []
    verdict: list[dict[str, Any]] = []
    answers: dict[str, Floats] = {}
    for world in [make(name) for name in names]:
        data = conduct(protocol, world, seed, replicates, people, progress)
        found = [ask(data, one.question) for one in asked]
        answers[world.name] = np.stack([one.value for one in found]) if found else np.empty((0, replicates))
        rows += [_row(world.name, one, answer) for one, answer in zip(asked, found, strict=True)]
        verdict += [_verdict(world.name, data, pattern, replicates) for pattern in protocol.patterns]
    frames = _frames(rows, verdict)
    manifest = _manifest(protocol, record, list(answers), people, replicates, seed)
    seen = observed(protocol, record.observations if record else ())
    return Replication(protocol.id, seen, *frames, manifest, asked, answers)


def conduct(
    protocol: Protocol,
    world: World,
    seed: int,
    replicates: int,
    people: int | None = None,
    progress: Report | None = None,
) -> Data:
    """One hypothesis: enrol, treat and rate everybody of every replicate."""
    enrolled = enrol(protocol, world, seed, replicates, people)
    done = plan(protocol, world, enrolled, seed)
    tell = None if progress is None else lambda ready, total: progress(world.name, ready, total)
    expected = world.run(enrolled.cohort, done, readings(protocol), tell)
    ranges = {name: library().scale(name).range for name in protocol.scales if name != _UNSCALED}
    return rate(protocol, enrolled, done.visits_h, expected, ranges, seed)


def _told(trial: str | Trial | Protocol) -> tuple[Protocol, Trial | None]:
    if isinstance(trial, Protocol):
        return trial, None
    record = library().trial(trial) if isinstance(trial, str) else trial
    return protocol_of(record), record


def _allow(people: int | None, replicates: int, seed: int) -> None:
    for name, value, low, high in (
        ("people", 1 if people is None else people, 1, _MOST_PEOPLE // 64),
        ("replicates", replicates, 1, 1_000_000),
        ("seed", seed, 0, 2**63 - 1),
    ):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or not low <= value <= high:
            raise EvidenceError("replicate", name, repr(value), f"a whole number from {low} to {high}")


def _cards() -> list[str]:
    from racemate.hypothesis import all_names

    return list(all_names())


def _row(hypothesis: str, asked: Asked, answer: Answer) -> dict[str, Any]:
    told = np.isfinite(answer.value)
    low, middle, high = np.percentile(answer.value[told], LEVEL) if told.any() else (None, None, None)
    question = asked.question
    spread = answer.sd[told & np.isfinite(answer.sd)] if answer.sd is not None else np.empty(0)
    return {
        "hypothesis": hypothesis,
        "arm": question.arm,
        "outcome": question.outcome,
        "population": question.group,
        "statistic": question.statistic,
        "time": asked.time,
        "time_unit": asked.time_unit,
        "hours": question.hour,
        "unit": question.unit,
        "median": middle,
        "low": low,
        "high": high,
        "sd": float(np.median(spread)) if spread.size else None,
        "n": float(np.median(answer.n)),
        "replicates": int(told.sum()),
    }


def _verdict(hypothesis: str, data: Data, pattern: Any, replicates: int) -> dict[str, Any]:
    true, known = holds(data, pattern)
    hits = int(true.sum())
    # The error of a share seen in a finite number of replicates, never zero: standard deviation under a flat prior.
    p = (hits + 1) / (replicates + 2)
    return {
        "hypothesis": hypothesis,
        "pattern": pattern.name,
        "probability": hits / replicates,
        "monte_carlo_error": float(np.sqrt(p * (1 - p) / (replicates + 3))),
        "replicates": replicates,
        "undefined": int((~known).sum()),
    }


def _frames(rows: list[dict[str, Any]], verdict: list[dict[str, Any]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    import pandas as pd

    columns = [
        "hypothesis",
        "arm",
        "outcome",
        "population",
        "statistic",
        "time",
        "time_unit",
        "hours",
        "unit",
        "median",
        "low",
        "high",
        "sd",
        "n",
        "replicates",
    ]
    numbers = dict.fromkeys(("time", "hours", "median", "low", "high", "sd"), "Float64")
    simulated = pd.DataFrame(rows, columns=columns).astype(numbers)
    names = ["hypothesis", "pattern", "probability", "monte_carlo_error", "replicates", "undefined"]
    return simulated, pd.DataFrame(verdict, columns=names)


def _manifest(
    protocol: Protocol, record: Trial | None, names: Sequence[str], people: int | None, replicates: int, seed: int
) -> dict[str, Any]:
    guessed = [(name, figure) for name, figure in _figures(protocol) if figure.how in DOUBTFUL]
    cited = [figure.source for _, figure in _figures(protocol)] + [pattern.source for pattern in protocol.patterns]
    rows = record.observations if record else ()
    sources = dict.fromkeys([*(record.sources if record else ()), *cited, *(row.source for row in rows)])
    return {
        "command": "replicate",
        "trial": protocol.id,
        "title": record.title if record else "",
        "use": record.use if record else "",
        "hypotheses": list(names),
        "people": people or "as published",
        "people_simulated": protocol.people
        if people is None
        else people * (1 if protocol.crossover else len(protocol.conditions)),
        "replicates": replicates,
        "seed": seed,
        "parameters": "from priors, drawn once per replicate with study effects; nothing is fitted to any trial",
        "interval": f"percentiles {LEVEL[0]:g} to {LEVEL[2]:g} over replicates",
        "evidence": library().hash,
        "sources": [name for name in sources if name],
        "warnings": list(record.warnings) if record else [],
        "assumptions": [
            f"{name}: {figure.mean:g} (sd {figure.sd:g}), {figure.how}. {figure.note}".strip()
            for name, figure in guessed
        ],
        "racemate": version("racemate"),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def _figures(protocol: Protocol) -> Iterable[tuple[str, Figure]]:
    yield from protocol.population.items()
    if protocol.baseline is not None:
        yield "baseline", protocol.baseline
    for arm in protocol.conditions:
        if arm.baseline is not None:
            yield f"baseline of {arm.name}", arm.baseline
