"""Frozen: predictions in one file that ends with the SHA-256 of everything above it; what was changed afterwards is not read.

The hash tells an accident. That nobody wrote the file anew after seeing outcomes is told by the repository, where it was committed
before its score.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racemate.evidence.finding import EvidenceError
from racemate.trial.analysis.look import Question
from racemate.trial.design.scheme import PLAIN, Way

Floats = NDArray[np.float64]
FORMAT = "racemate-predictions/1"
KEPT = 200
"""Most numbers kept of one predictive distribution: of more replicates the quantiles at (k - 1/2) / 200 are kept."""
_DIGITS = 5
"""Significant digits: more than any published number has."""
_SEAL = "sha256"
_ALLOWED = "a file that racemate predict --hold-out wrote"


@dataclass(frozen=True)
class Prediction:
    """The predictive distribution of one question under one card: ``sample`` in rising order, in the unit of the question.

    ``defined`` of ``replicates`` virtual trials gave a number; ``sample`` is empty where none did.
    """

    trial: str
    card: str
    question: Question
    replicates: int
    defined: int
    sample: tuple[float, ...]

    @property
    def answers(self) -> Floats:
        """The sample with a share of nan as large as that of the virtual trials without an answer."""
        lost = round(len(self.sample) * (self.replicates / self.defined - 1)) if self.defined else 1
        return np.array([*self.sample, *[np.nan] * lost])


@dataclass(frozen=True)
class Frozen:
    """Predictions of many trials under some cards, and how they were made."""

    manifest: Mapping[str, Any]
    predictions: tuple[Prediction, ...]

    @property
    def cards(self) -> tuple[str, ...]:
        """Cards that predicted, in order."""
        return tuple(dict.fromkeys(one.card for one in self.predictions))

    @property
    def trials(self) -> tuple[str, ...]:
        """Trials predicted, in order."""
        return tuple(dict.fromkeys(one.trial for one in self.predictions))

    def content(self) -> dict[str, Any]:
        """What the seal covers."""
        rows = [{**asdict(one), "question": _short(one.question)} for one in self.predictions]
        return {"format": FORMAT, "manifest": dict(self.manifest), "predictions": rows}

    @property
    def hash(self) -> str:
        """SHA-256 of the content, as the file states it."""
        return _hash(json.loads(_text(self.content())))


def compact(answers: Floats) -> tuple[int, tuple[float, ...]]:
    """How many replicates gave a number, and their sorted numbers, or `KEPT` quantiles of them."""
    known = np.sort(answers[np.isfinite(answers)])
    kept = known
    if len(known) > KEPT:
        kept = np.quantile(known, (np.arange(KEPT) + 0.5) / KEPT, method="hazen")
    return len(known), tuple(float(f"{value:.{_DIGITS}g}") for value in kept)


def write(path: Path, frozen: Frozen) -> Path:
    """Write the file in one move; returns its path."""
    content = json.loads(_text(frozen.content()))
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.partial")
    draft.write_text(_lines(content), encoding="utf-8")
    return draft.replace(path)


def read(path: Path) -> Frozen:
    """Predictions from a file; raises EvidenceError for a file of another kind, and for one whose content is not what was sealed."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EvidenceError(str(path), "file", str(error), _ALLOWED) from None
    if not isinstance(content, dict) or content.get("format") != FORMAT or _SEAL not in content:
        raise EvidenceError(str(path), "format", "another file", f"{FORMAT}: {_ALLOWED}")
    stated, found = content.pop(_SEAL), _hash(content)
    if stated != found:
        raise EvidenceError(str(path), _SEAL, found, f"{stated}, as it was sealed: its content was changed afterwards")
    rows = (
        Prediction(**{**row, "question": _question(row["question"]), "sample": tuple(row["sample"])})
        for row in content["predictions"]
    )
    return Frozen(content["manifest"], tuple(rows))


def _short(question: Question) -> dict[str, Any]:
    """A question without the fields that are as usual."""
    usual = {field.name: field.default for field in fields(Question)}
    return {name: value for name, value in asdict(question).items() if value != usual[name]}


def _question(told: Mapping[str, Any]) -> Question:
    """A question as it was put; JSON knows no tuples, and a `Way` is one."""
    known = {name: _plain(value) for name, value in told.items()}
    return Question(**{"hour": None, **known, "way": Way(*known.get("way", PLAIN))})


def _plain(value: Any) -> Any:
    return tuple(map(_plain, value)) if isinstance(value, list) else value


def _text(content: Any) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _hash(content: Any) -> str:
    return sha256(_text(content).encode()).hexdigest()


def _lines(content: Mapping[str, Any]) -> str:
    """JSON with one prediction per line, the seal last."""
    rows = ",\n".join(_text(row) for row in content["predictions"])
    manifest = json.dumps(content["manifest"], indent=1, sort_keys=True, ensure_ascii=False)
    head = f'{{"format": {_text(content["format"])},\n"manifest": {manifest},\n'
    return f'{head}"predictions": [\n{rows}\n],\n"{_SEAL}": "{_hash(content)}"}}\n'
