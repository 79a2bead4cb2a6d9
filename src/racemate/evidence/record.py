"""The records of what is known: Source, Claim, Parameter, Quantity, Observation, Trial and Scale, frozen and validated.

A record only knows its own shape. Whether its source exists, its unit fits the link or its arithmetic comes out
is the business of `check.py`, where each rule has a name. `docs/explanation/evidence.md` shows each file by example.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Whole = Annotated[int, Field(strict=True)]
Text = Annotated[str, Field(strict=True, min_length=1)]
Use = Literal["calibration", "hold-out", "context"]
How = Literal["table", "abstract", "registry", "transcription", "digitised", "derived", "recalled", "assumed"]
Pool = Literal["single", "lognormal-meta", "normal-meta", "logit-meta", "widest", "fixed"]
Law = Literal["lognormal", "normal", "logit-normal", "half-normal", "fixed"]
SpreadKind = Literal["sd", "se", "cv", "sd-log", "sd-logit", "range95", "range", "iqr", "none"]

DOUBTFUL: tuple[How, ...] = ("recalled", "assumed")
"""A number of this kind was not read in any source; it needs a wide spread."""


class Record(BaseModel):
    """A frozen record that refuses a field it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Errata(Record):
    """Whether corrections of a publication were looked for, when, and what was found."""

    looked_for: date
    found: Text


class Source(Record):
    """One publication; its id is the stem of its file under `evidence/sources/`."""

    id: Text
    citation: Text
    authors: tuple[Text, ...] = ()
    year: Whole
    title: Text
    journal: str = ""
    doi: str = ""
    registry: tuple[Text, ...] = ()
    url: str = ""
    kind: Literal["paper", "label", "registry", "book", "conference", "code", "seed", "press"]
    seen: Literal["full", "table", "abstract", "transcription", "none"]
    errata: Errata | None = None
    note: str = ""


class Spread(Record):
    """How far a claimed value may lie from the truth it claims: a value, or a low and a high end."""

    kind: SpreadKind
    value: Number | None = None
    low: Number | None = None
    high: Number | None = None
    how: How | None = None
    note: str = ""

    @model_validator(mode="after")
    def _shape(self) -> Spread:
        ends = self.kind in ("range95", "range", "iqr")
        if (self.value is not None) != (self.kind not in ("range95", "range", "iqr", "none")):
            raise ValueError(
                f"spread of kind {self.kind!r} {'has no' if ends or self.kind == 'none' else 'needs a'} value"
            )
        if (self.low is not None, self.high is not None) != (ends, ends):
            raise ValueError(f"spread of kind {self.kind!r} {'needs' if ends else 'has no'} low and high")
        return self


class Claim(Record):
    """One number that one source states, in the parameter's unit unless it names its own.

    `population` says who was measured where that matters: claims about different people may differ and yet agree.
    """

    value: Number | tuple[Number, ...]
    unit: str = ""
    spread: Spread = Spread(kind="none")
    n: Whole | None = None
    source: str = ""
    also: tuple[Text, ...] = ()
    place: str = ""
    how: How
    species: str = ""
    system: str = ""
    population: str = ""
    arithmetic: str | tuple[Text, ...] = ""
    pooled: bool = True
    note: str = ""

    @property
    def doubtful(self) -> bool:
        """True when nobody read this number in its source."""
        return self.how in DOUBTFUL

    @property
    def sources(self) -> tuple[str, ...]:
        """Every source the claim leans on, the first one first."""
        return tuple(name for name in (self.source, *self.also) if name)


class Between(Record):
    """How much a parameter differs between people or studies: sd on the scale of its law, or cv, or variance."""

    law: Literal["lognormal", "logit-normal", "normal"]
    sd: Number | None = None
    cv: Number | None = None
    variance: Number | None = None
    uncertainty: Number | None = None
    """How uncertain the size itself is: standard deviation of its logarithm.  Only a spread that has one is moved by a fit."""
    correlation: dict[str, Number] = {}
    source: str = ""
    place: str = ""
    how: How
    note: str = ""

    @model_validator(mode="after")
    def _one_size(self) -> Between:
        if sum(size is not None for size in (self.sd, self.cv, self.variance)) != 1:
            raise ValueError("exactly one of sd, cv and variance")
        if self.cv is not None and self.law != "lognormal":
            raise ValueError(f"cv only with law 'lognormal', not {self.law!r}")
        if self.uncertainty is not None and self.uncertainty <= 0:
            raise ValueError(f"uncertainty above 0, not {self.uncertainty:g}")
        return self

    @property
    def scale(self) -> float:
        """Standard deviation on the scale of the law: log, logit, or the parameter's own unit."""
        from math import log1p, sqrt

        if self.sd is not None:
            return self.sd
        if self.cv is not None:
            return sqrt(log1p(self.cv**2))
        return sqrt(self.variance or 0)


class Stated(Record):
    """One number with every claim about it side by side, disagreeing or not."""

    name: Text
    label: Text
    unit: Text
    claims: tuple[Claim, ...] = Field(alias="claim", min_length=1)
    drug: str = ""
    target: str = ""

    @property
    @abstractmethod
    def file(self) -> str:
        """The file the number stands in."""

    @property
    def sources(self) -> tuple[str, ...]:
        """Every source that a claim names, in order, each once."""
        return tuple(dict.fromkeys(name for claim in self.claims for name in claim.sources))


class Quantity(Stated):
    """A number that no link reads but a reader may look for, named `topic.field`; `link` is the link it bears on."""

    link: Text

    @property
    def topic(self) -> str:
        """What it is about; the name of its file."""
        return self.name.partition(".")[0]

    @property
    def file(self) -> str:
        """The file the quantity stands in."""
        return f"evidence/quantities/{self.topic}.toml"


class Parameter(Stated):
    """One number of one link, named `link.field`, whose claims are pooled into a prior."""

    range: tuple[Number, Number]
    pool: Pool
    vary: Literal["shared", "person", "study"]
    between: Between | None = None
    prefer: str = ""

    @property
    def link(self) -> str:
        """The link of the chain that reads the parameter."""
        return self.name.partition(".")[0]

    @property
    def file(self) -> str:
        """The file the parameter stands in."""
        return f"evidence/parameters/{self.link}.toml"

    @property
    def pooled(self) -> tuple[Claim, ...]:
        """The claims that enter the prior."""
        return tuple(claim for claim in self.claims if claim.pooled)

    @property
    def sources(self) -> tuple[str, ...]:
        """Every source named by a claim or by the between-person spread, in order, each once."""
        named = super().sources
        if self.between is not None and self.between.source:
            named += (self.between.source,)
        return tuple(dict.fromkeys(named))


class Observation(Record):
    """One row of a trial's `outcomes.csv`; `line` is its line in that file."""

    line: Whole = 0
    arm: Text
    period: str = ""
    outcome: Text
    population: str = ""
    statistic: Text
    time: Number | None = None
    time_unit: str = ""
    value: Number
    unit: Text
    spread_kind: SpreadKind = "none"
    spread: Number | None = None
    low: Number | None = None
    high: Number | None = None
    n: Whole | None = None
    count: Whole | None = None
    use: Use | None = None
    source: Text
    place: str = ""
    how: How
    note: str = ""

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms compared; a difference names them as `a vs b`."""
        return tuple(name.strip() for name in self.arm.split(" vs "))


class Bias(Record):
    """What a reader must know before believing a trial; a field left out was not found."""

    randomised: bool | None = None
    blinded: Literal["none", "rater", "double", "triple"] | None = None
    blinding_checked: bool | None = None
    control: str = ""
    early_stop: bool | None = None
    open_label: bool | None = None


class Trial(Record):
    """One trial: who reports it, what it may be used for, why to be wary, and every outcome read.

    `protocol` is the whole of `protocol.toml`; its arms, periods and doses are read by `racemate.trial.design.protocol`.
    """

    id: Text
    title: Text
    sources: tuple[Text, ...] = Field(min_length=1)
    registry: tuple[Text, ...] = ()
    use: Use
    warnings: tuple[Text, ...] = ()
    people_of: tuple[Text, ...] = ()
    """Trials of their own whose people this one pools; fitting both would count them twice."""
    bias: Bias
    arms: tuple[Text, ...] = ()
    periods: tuple[Text, ...] = ()
    observations: tuple[Observation, ...] = ()
    protocol: Mapping[str, Any] = Field(default_factory=dict, repr=False)

    @property
    def folder(self) -> str:
        """The folder the trial stands in."""
        return f"evidence/trials/{self.id}"

    def use_of(self, observation: Observation) -> Use:
        """What one row may be used for: its own word, else the trial's."""
        return observation.use or self.use


class Cited(Record):
    """One number of a rating scale with its source."""

    value: Number
    source: str = ""
    place: str = ""
    how: How
    note: str = ""


class Linking(Record):
    """How a score on another scale corresponds to this one: a straight line, or two columns of equal length."""

    to: Text
    kind: Literal["linear", "table"]
    slope: Number | None = None
    intercept: Number | None = None
    here: tuple[Number, ...] = ()
    there: tuple[Number, ...] = ()
    source: str = ""
    place: str = ""
    how: How
    note: str = ""

    @model_validator(mode="after")
    def _shape(self) -> Linking:
        line = self.slope is not None and self.intercept is not None
        if self.kind == "linear" and (not line or self.here or self.there):
            raise ValueError("a linear link has slope and intercept only")
        if self.kind == "table" and (line or len(self.here) < 2 or len(self.here) != len(self.there)):
            raise ValueError("a table link has here and there, of equal length, at least 2")
        return self


class Scale(Record):
    """One rating scale: its range, cut-offs, links and rater noise, never its wording."""

    name: Text
    label: Text
    unit: Text = "point"
    range: tuple[Number, Number]
    higher_is_worse: bool
    response: Cited | None = None
    remission: tuple[Cited, ...] = ()
    rater_sd: tuple[Cited, ...] = ()
    links: tuple[Linking, ...] = Field(alias="link", default=())
    note: str = ""

    def cited(self) -> Iterator[tuple[str, Cited | Linking]]:
        """Every number of the scale that needs a source, with the field it stands in."""
        if self.response is not None:
            yield "response", self.response
        for field, entries in (("remission", self.remission), ("rater_sd", self.rater_sd), ("link", self.links)):
            yield from ((f"{field}[{number}]", entry) for number, entry in enumerate(entries, 1))
