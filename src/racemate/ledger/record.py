"""The records of the ledger: what a document asserts, and how the assertion is ruled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field, model_validator

from racemate.evidence.record import Claim, Number, Record, Text, Whole


class Verdict(StrEnum):
    """What the numbers say of an assertion; `docs/ledger.md` says when each is given."""

    REPRODUCED = "reproduced"
    CONSISTENT = "consistent"
    CONTRADICTED = "contradicted"
    INTERNALLY_INCONSISTENT = "internally-inconsistent"
    NOT_TESTABLE = "not-testable"
    OPEN = "open"


class Document(Record):
    """One of the documents whose assertions are held to the evidence; `seed` is the start of its file name."""

    seed: Text
    source: Text


class Stated(Record):
    """A number as the document prints it; two numbers are the ends of a range, more are a list."""

    value: Number | tuple[Number, ...]
    unit: Text


class Bar(Record):
    """A number by judgement, at which a verdict turns, and why it was set there."""

    value: Number
    unit: Text
    why: Text


class Row(Record):
    """Where a published number stands in the evidence, and which cell of it is meant.

    Exactly one of `trial`, `synthesis`, `anchor` and `signal` is named; of a trial's rows and a synthesis's pooled estimates the first
    with every value of `where` is taken; of a signal the reporting odds ratio.
    """

    trial: str = ""
    synthesis: str = ""
    anchor: str = ""
    signal: str = ""
    where: Mapping[str, Text | Number] = {}
    take: Literal["value", "count", "n"] = "value"

    @model_validator(mode="after")
    def _one_place(self) -> Row:
        if sum(map(bool, (self.trial, self.synthesis, self.anchor, self.signal))) != 1:
            raise ValueError("exactly one of trial, synthesis, anchor and signal")
        return self

    @property
    def shelf(self) -> str:
        """Which kind of record it is."""
        return next(kind for kind in ("trial", "synthesis", "anchor", "signal") if getattr(self, kind))

    @property
    def record(self) -> str:
        """The id of that record."""
        return getattr(self, self.shelf)


class ClaimEntry(Record):
    """One published assertion in our words, and the name of the function that rules on it.

    `needs` names every parameter, trial and source the function may look at by itself.  Published numbers are named in `row`, where a
    record holds them, and in `fact`, where no record does yet.  With `posterior` the verdict stays open as long as a run of it rests on priors.
    """

    id: Text
    seed: Text
    says: Text
    place: Text
    check: Text
    needs: tuple[Text, ...] = ()
    posterior: bool = False
    stated: Mapping[str, Stated] = {}
    bar: Mapping[str, Bar] = {}
    row: Mapping[str, Row] = {}
    fact: Mapping[str, Claim] = {}
    looks: tuple[Text, ...] = ()
    """Words a check looks for among the things the model can be read for."""

    @property
    def published(self) -> tuple[str, ...]:
        """The names of every published number, those of trials first."""
        return (*self.row, *self.fact)

    @property
    def sources(self) -> tuple[str, ...]:
        """Every source a fact leans on, each once."""
        return tuple(dict.fromkeys(name for fact in self.fact.values() for name in fact.sources))


class Given(Record):
    """One dose of a virtual arm: an amount in mg or mg/kg, at one or more times (hours), over a duration (hours)."""

    drug: Text
    route: Text
    mg: Number | None = None
    mg_per_kg: Number | None = None
    at_h: tuple[Number, ...]
    over_h: Number = 0.0


class Arm(Record):
    """One virtual arm, in which the same people are put as in every other arm."""

    name: Text
    gives: tuple[Given, ...] = ()
    awake: bool = True
    carrier: bool = False
    antidepressant: bool = False
    context: Text = "everyone_active"
    without: tuple[Text, ...] = ()
    """Parameters set to nothing, by dotted name."""


class Scenario(Record):
    """Arms on one time axis, the times of their sessions and the times at which they are read, hours."""

    name: Text
    sessions_h: tuple[Number, ...]
    session_lasts_h: Number
    visits_h: tuple[Number, ...]
    arm: tuple[Arm, ...] = Field(min_length=1)


class Virtual(Record):
    """How many virtual people are drawn from the priors, and from which seed."""

    people: Whole
    seed: Whole


@dataclass(frozen=True)
class Reckoned:
    """One computed number; `low` and `high` hold nine tenths of its draws where it has any."""

    name: str
    value: float
    unit: str = "1"
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        ends = "" if self.low is None or self.high is None else f" ({self.low:.3g} to {self.high:.3g})"
        unit = "" if self.unit == "1" else f" {self.unit}"
        return f"{self.name} {self.value:.3g}{ends}{unit}"


@dataclass(frozen=True)
class Ruling:
    """A verdict with the numbers that decide it, the comparison in one sentence, and what was looked at.

    `leaning` is the verdict the priors alone would give where the entry waits for calibrated trials.
    """

    verdict: Verdict
    numbers: tuple[Reckoned, ...]
    because: str
    evidence: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    leaning: Verdict | None = None


@dataclass(frozen=True)
class Judged:
    """An entry and its ruling."""

    entry: ClaimEntry
    document: str
    ruling: Ruling

    def record(self) -> dict[str, Any]:
        """The entry and its ruling as plain values, ready for JSON."""
        ruling = self.ruling
        return {
            "id": self.entry.id,
            "seed": self.entry.seed,
            "document": self.document,
            "says": self.entry.says,
            "place": self.entry.place,
            "verdict": str(ruling.verdict),
            "leaning": None if ruling.leaning is None else str(ruling.leaning),
            "because": ruling.because,
            "numbers": [vars(number) for number in ruling.numbers],
            "check": self.entry.check,
            "evidence": list(ruling.evidence),
            "runs": list(ruling.runs),
        }

    def lines(self) -> Iterator[str]:
        """The entry as a reader checks it, line by line."""
        ruling = self.ruling
        yield f"{self.entry.id}: {ruling.verdict}"
        yield f"  says      {self.entry.says}"
        yield f"  where     {self.document} (seed {self.entry.seed}), {self.entry.place}"
        yield f"  because   {ruling.because}"
        if ruling.leaning is not None:
            yield f"  leaning   {ruling.leaning}, from priors alone"
        for number in ruling.numbers:
            yield f"  number    {number}"
        yield f"  check     {self.entry.check}"
        yield f"  evidence  {', '.join(ruling.evidence) or 'the document alone'}"
        for run in ruling.runs:
            yield f"  run       {run}"
