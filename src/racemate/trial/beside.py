"""Beside: what was observed in a trial beside what each hypothesis makes of it: frames, verdict and manifest."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from racemate.evidence.library import library
from racemate.evidence.record import DOUBTFUL, Trial
from racemate.trial.analysis import estimand
from racemate.trial.analysis.look import Answer, ask, holds
from racemate.trial.analysis.mmrm.state import State
from racemate.trial.conduct.rate import Data
from racemate.trial.conduct.world import Floats
from racemate.trial.design.protocol import Figure, Protocol
from racemate.trial.published import Asked, observed

if TYPE_CHECKING:
    import pandas as pd
    import xarray

LEVEL = (2.5, 50.0, 97.5)
"""Percentiles over replicates that are reported as low, median and high."""
FROM_PRIORS = "from priors, drawn once per replicate with study effects; nothing is fitted to any trial"


class Found(NamedTuple):
    """What one hypothesis makes of a trial, over its replicates."""

    value: Floats
    """Answers of shape (questions, replicates); nan where a replicate leaves a statistic undefined."""
    n: Floats
    """Median number of people behind an answer, shape (questions,)."""
    sd: Floats
    """Median spread between people, shape (questions,); nan where a statistic has none."""
    held: NDArray[np.bool_]
    """In which replicates a published pattern holds, shape (patterns, replicates)."""
    told: NDArray[np.bool_]
    """In which it can be told."""
    ended: NDArray[np.int_]
    """In how many replicates the fit of a question's mixed model ended in each `State`, shape (questions, states); 0 without a model."""


class Size(NamedTuple):
    """How much was run: people per arm (None: as published), replicates, seed, and courses carried per treatment path (None: all)."""

    people: int | None
    replicates: int
    seed: int
    courses: int | None = None


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


def find(data: Data, asked: Sequence[Asked]) -> Found:
    """Put every question, and every published pattern, to the data of a hypothesis."""
    answers = [ask(data, one.question) for one in asked]
    patterns = [holds(data, pattern) for pattern in data.protocol.patterns]
    none = np.empty((0, len(data.left)))
    return Found(
        np.stack([one.value for one in answers]) if answers else none,
        np.array([float(np.median(one.n)) for one in answers]),
        np.array([_spread(one) for one in answers]),
        np.stack([held for held, _ in patterns]) if patterns else none.astype(bool),
        np.stack([told for _, told in patterns]) if patterns else none.astype(bool),
        np.stack([_ended(one) for one in answers]) if answers else np.empty((0, len(State)), dtype=np.int_),
    )


def _spread(answer: Answer) -> float:
    spread = answer.sd[np.isfinite(answer.value) & np.isfinite(answer.sd)] if answer.sd is not None else np.empty(0)
    return float(np.median(spread)) if spread.size else np.nan


def _ended(answer: Answer) -> NDArray[np.int_]:
    states = np.empty(0, dtype=np.int_) if answer.ended is None else answer.ended
    return np.bincount(states, minlength=len(State)).astype(np.int_)


def gather(
    protocol: Protocol, record: Trial | None, asked: tuple[Asked, ...], found: Mapping[str, Found], size: Size
) -> Replication:
    """What several hypotheses made of a trial, by name, beside what its report says."""
    rows = [_row(name, one, here, k) for name, here in found.items() for k, one in enumerate(asked)]
    verdict = [
        _verdict(name, pattern.name, here.held[k], here.told[k])
        for name, here in found.items()
        for k, pattern in enumerate(protocol.patterns)
    ]
    seen = observed(protocol, record.observations if record else ())
    manifest = _manifest(protocol, record, list(found), size)
    manifest["estimands"] = estimand.compared(protocol, (one.question for one in asked))
    manifest["estimand_of_the_trial"] = estimand.set_out(protocol)
    manifest["mixed_models"] = [line for name, here in found.items() for line in _models(name, asked, here)]
    answers = {name: here.value for name, here in found.items()}
    return Replication(protocol.id, seen, *_frames(rows, verdict), manifest, asked, answers)


def _row(hypothesis: str, asked: Asked, found: Found, place: int) -> dict[str, Any]:
    value = found.value[place]
    told = np.isfinite(value)
    low, middle, high = np.percentile(value[told], LEVEL) if told.any() else (None, None, None)
    question = asked.question
    return {
        "hypothesis": hypothesis,
        "arm": question.arm,
        "outcome": question.outcome,
        "population": question.group,
        "stage": question.stage,
        "statistic": question.statistic,
        "time": asked.time,
        "time_unit": asked.time_unit,
        "hours": question.hour,
        "unit": question.unit,
        "median": middle,
        "low": low,
        "high": high,
        "sd": None if np.isnan(found.sd[place]) else float(found.sd[place]),
        "n": float(found.n[place]),
        "replicates": int(told.sum()),
        "undefined": int((~told).sum()),
        "not_converged": int(found.ended[place].sum() - found.ended[place, State.CONVERGED]),
    }


def _models(hypothesis: str, asked: Sequence[Asked], found: Found) -> Iterable[dict[str, Any]]:
    """Every mixed model that was fitted, what was compared by it, and in how many replicates it did not converge and why."""
    kin: dict[tuple[str, ...], list[int]] = {}
    for k, one in enumerate(asked):
        if found.ended[k].any():
            score = "score" if one.question.statistic == "ls-mean" else "change"
            key = (one.question.stage, one.question.outcome, one.question.group, score, repr(one.question.way))
            kin.setdefault(key, []).append(k)
    for (stage, outcome, group, score, _), places in kin.items():
        ended = found.ended[places[0]]
        yield {
            "hypothesis": hypothesis,
            "stage": stage,
            "outcome": outcome,
            "of": score,
            "population": group,
            "arms": list(dict.fromkeys(asked[k].question.arm for k in places)),
            "replicates": int(ended.sum()),
            "not_converged": int(ended.sum() - ended[State.CONVERGED]),
            "reasons": {state.reason: int(ended[state]) for state in State if state and ended[state]},
        }


def _verdict(hypothesis: str, pattern: str, held: NDArray[np.bool_], told: NDArray[np.bool_]) -> dict[str, Any]:
    hits, replicates = int(held.sum()), len(held)
    # The error of a share seen in a finite number of replicates, never zero: standard deviation under a flat prior.
    p = (hits + 1) / (replicates + 2)
    return {
        "hypothesis": hypothesis,
        "pattern": pattern,
        "probability": hits / replicates,
        "monte_carlo_error": float(np.sqrt(p * (1 - p) / (replicates + 3))),
        "replicates": replicates,
        "undefined": int((~told).sum()),
    }


def _frames(rows: list[dict[str, Any]], verdict: list[dict[str, Any]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    import pandas as pd

    columns = [
        "hypothesis",
        "arm",
        "outcome",
        "population",
        "stage",
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
        "undefined",
        "not_converged",
    ]
    numbers = dict.fromkeys(("time", "hours", "median", "low", "high", "sd"), "Float64")
    simulated = pd.DataFrame(rows, columns=columns).astype(numbers)
    names = ["hypothesis", "pattern", "probability", "monte_carlo_error", "replicates", "undefined"]
    return simulated, pd.DataFrame(verdict, columns=names)


def _manifest(protocol: Protocol, record: Trial | None, names: Sequence[str], size: Size) -> dict[str, Any]:
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
        "people": size.people or "as published",
        "people_simulated": _people(protocol, size),
        "replicates": size.replicates,
        "seed": size.seed,
        "courses": size.courses or "all",
        "parameters": FROM_PRIORS,
        "interval": f"percentiles {LEVEL[0]:g} to {LEVEL[2]:g} over replicates",
        "evidence": library().hash,
        "sources": [name for name in sources if name],
        "warnings": list(record.warnings) if record else [],
        "assumptions": [
            f"{name}: {figure.mean:g} (sd {figure.sd:g}), {figure.how}. {figure.note}".strip()
            for name, figure in guessed
        ]
        + [f"{name}: {told}" for name, told in protocol.doubtful],
        "racemate": version("racemate"),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def _people(protocol: Protocol, size: Size) -> int:
    if size.people is None:
        return protocol.people
    return size.people * (1 if protocol.crossover else len(protocol.conditions))


def _figures(protocol: Protocol) -> Iterable[tuple[str, Figure]]:
    yield from protocol.population.items()
    if protocol.baseline is not None:
        yield "baseline", protocol.baseline
    for arm in protocol.conditions:
        if arm.baseline is not None:
            yield f"baseline of {arm.name}", arm.baseline
