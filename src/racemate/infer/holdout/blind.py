"""Blind: what may be known of a held-out trial before its outcomes: its protocol, who was let in, and what its report asks.

`blind` is the only door. Of a row it takes which statistic of which outcome is printed, for whom and when. A value is taken only from
rows that say who was let in (age, sex, weight, baseline), because they are put into a virtual trial and not predicted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from racemate.evidence.finding import EvidenceError
from racemate.evidence.library import Library, library
from racemate.evidence.record import Observation, Trial
from racemate.trial.design.protocol import Protocol
from racemate.trial.published import Asked, mirror, protocol_of

USE = "hold-out"
_LET_IN = ("age", "female", "weight", "asian", "japanese")
"""Covariates that a protocol takes from the report."""
_OF_REMISSION = "Of remission"
"""The opening of a note that says which contrast a row prints; nothing else of a note is read."""
_ADVERSE = "adverse"


@dataclass(frozen=True)
class Blind:
    """A held-out trial without outcomes: ``asked`` are the questions that its held-out rows answer, each once."""

    trial: str
    title: str
    protocol: Protocol
    asked: tuple[Asked, ...]


def held_out(names: Iterable[str] | None = None, known: Library | None = None) -> tuple[Blind, ...]:
    """Trials with held-out rows that a virtual trial can answer (default: all), in the order of the evidence.

    Raises EvidenceError for an unknown trial and for one that has no such row.
    """
    evidence = known or library()
    wanted = None if names is None else list(names)
    chosen = evidence.trials.values() if wanted is None else [evidence.trial(name) for name in wanted]
    found: list[Blind] = []
    for trial in chosen:
        one = blind(trial)
        if one.asked:
            found.append(one)
        elif wanted is not None:
            raise EvidenceError(f"{trial.folder}/outcomes.csv", "use", "no row to predict", f"a row of use {USE}")
    return tuple(found)


def blind(trial: Trial) -> Blind:
    """A trial without its outcomes."""
    rows = tuple(row if _let_in(trial, row) else sealed(row) for row in trial.observations)
    entry = tuple(row for row in rows if _let_in(trial, row))
    protocol = protocol_of(trial.model_copy(update={"observations": entry})).model_copy(update={"patterns": ()})
    found: dict[object, Asked] = {}
    for row in rows:
        question, why = mirror(protocol, row)
        if trial.use_of(row) == USE and not why and question.hour != protocol.baseline_h:
            found.setdefault(question, Asked(question, row.time, row.time_unit))
    return Blind(trial.id, trial.title, protocol, tuple(found.values()))


def sealed(row: Observation) -> Observation:
    """A row without its numbers: it says what was measured, and not what was found."""
    note = next((word for word in (_OF_REMISSION, _ADVERSE) if word.lower() in row.note.lower()), "")
    nothing = dict.fromkeys(("spread", "low", "high", "n", "count"))
    return row.model_copy(update={"value": 0.0, "spread_kind": "none", "note": note, **nothing})


def _let_in(trial: Trial, row: Observation) -> bool:
    """Whether a row says who was let in."""
    if row.outcome in _LET_IN:
        return True
    bare = protocol_of(trial.model_copy(update={"observations": ()}))
    return row.outcome == bare.baseline_scale and mirror(bare, sealed(row))[0].hour == bare.baseline_h
