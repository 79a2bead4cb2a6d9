"""What is known across trials: pooled estimates with their studies, anchors of natural history and safety, spontaneous reports.

`evidence/meta/<id>.toml` holds one Synthesis; `evidence/anchors.toml` and `evidence/safety/*.toml` hold Anchors and Signals by name.
Formulas of two-by-two tables: Evans 2001 for PRR, Noren 2013 for the information component.
"""

from __future__ import annotations

from functools import cached_property
from math import exp, log, log2, sqrt
from typing import Literal

from pydantic import Field, field_validator, model_validator

from racemate.evidence.record import DOUBTFUL, How, Number, Record, Spread, Text, Use, Whole

Topic = Literal[
    "control-arm",
    "relapse",
    "measurement",
    "linking",
    "dissociation",
    "sedation",
    "pressure",
    "urinary",
    "adverse-event",
    "guess",
    "natural-history",
    "comparator",
    "imaging",
]
Measure = Literal["ror", "ror_low", "ror_high", "prr", "rr", "ic", "ic_low", "ic_high"]
_Z = 1.96


class Reported(Record):
    """One number as a source prints it: unit, spread, people behind it, source, place and how it was read."""

    value: Number
    unit: Text
    spread: Spread = Spread(kind="none")
    n: Whole | None = None
    count: Whole | None = None
    source: str = ""
    place: str = ""
    how: How
    arithmetic: str = ""
    note: str = ""

    @property
    def doubtful(self) -> bool:
        """True when nobody read this number in its source."""
        return self.how in DOUBTFUL


class Anchor(Reported):
    """A number that no single trial owns, or that many are compared by; `trial` and `arm` name a row it must agree with."""

    id: Text
    file: str = Field(default="", exclude=True, repr=False)
    topic: Topic
    who: Text
    outcome: Text
    statistic: Text
    population: str = ""
    time: Number | None = None
    time_unit: str = ""
    use: Use = "context"
    trial: str = ""
    arm: str = ""


class Pooled(Reported):
    """A pooled estimate as a review prints it; `n` counts people, `studies` trials, and `better` says which sign favours the first."""

    compare: Text
    outcome: Text
    statistic: Text
    time: Number | None = None
    time_unit: str = ""
    studies: Whole | None = None
    i2: Number | None = Field(default=None, ge=0, le=100)
    model: Literal["", "random", "fixed", "network"] = ""
    better: Literal["higher", "lower", "neither"]


class StudyArm(Record):
    """What one arm brings into a pooled estimate: a mean or a count; `combines` names the arms it is made of."""

    name: Text
    n: Whole | None = Field(default=None, ge=1)
    mean: Number | None = None
    sd: Number | None = Field(default=None, gt=0)
    se: Number | None = Field(default=None, gt=0)
    count: Whole | None = Field(default=None, ge=0)
    combines: tuple[Text, ...] = ()


class Difference(Record):
    """Two arms of a study compared: the raw difference of their numbers, and the adjusted one as printed."""

    first: Text
    second: Text
    raw: Number | None = None
    adjusted: Number | None = None
    spread: Spread = Spread(kind="none")
    note: str = ""

    @model_validator(mode="after")
    def _whose(self) -> Difference:
        if self.spread.kind != "none" and self.adjusted is None:
            raise ValueError("a spread belongs to an adjusted difference")
        return self


class Study(Record):
    """One study of a synthesis; `trial` names its record in the library, whose rows its arms must agree with."""

    name: Text
    trial: str = ""
    outcome: str = ""
    statistic: str = ""
    time: Number | None = None
    time_unit: str = ""
    arms: tuple[StudyArm, ...] = Field(alias="arm", default=())
    differences: tuple[Difference, ...] = Field(alias="difference", default=())
    source: Text
    place: str = ""
    how: How
    note: str = ""

    def arm(self, name: str) -> StudyArm | None:
        """The arm of that name, or None."""
        return next((arm for arm in self.arms if arm.name == name), None)


class Synthesis(Record):
    """One review, or one set of study-level numbers to be pooled again; its id is the stem of its file.

    It has no `use`: its trials calibrate or are held out on their own, and a pool of them would count them twice.
    """

    id: Text
    title: Text
    sources: tuple[Text, ...] = Field(min_length=1)
    warnings: tuple[Text, ...] = ()
    pooled: tuple[Pooled, ...] = ()
    studies: tuple[Study, ...] = Field(alias="study", default=())

    @property
    def file(self) -> str:
        """The file the synthesis stands in."""
        return f"evidence/meta/{self.id}.toml"

    @property
    def named(self) -> tuple[str, ...]:
        """Every source it leans on, each once."""
        inner = (entry.source for entry in (*self.pooled, *self.studies) if entry.source)
        return tuple(dict.fromkeys((*self.sources, *inner)))


class Table(Record):
    """Spontaneous reports in a two-by-two table: of the drug and of all else, with the event (`a`, `c`) and without (`b`, `d`)."""

    a: Whole = Field(ge=1)
    b: Whole = Field(ge=1)
    c: Whole = Field(ge=1)
    d: Whole = Field(ge=1)

    @property
    def total(self) -> int:
        """All reports."""
        return self.a + self.b + self.c + self.d

    @cached_property
    def measures(self) -> dict[Measure, float]:
        """Reporting odds ratio and its 95 % interval, proportional ratio, relative rate a N / ((a+b)(a+c)), information component."""
        a, b, c, d = self.a, self.b, self.c, self.d
        expected = (a + b) * (a + c) / self.total
        ror, width = a * d / (b * c), _Z * sqrt(1 / a + 1 / b + 1 / c + 1 / d)
        component = log2((a + 0.5) / (expected + 0.5))
        low, high = component_interval(component, a)
        return {
            "ror": ror,
            "ror_low": exp(log(ror) - width),
            "ror_high": exp(log(ror) + width),
            "prr": (a / (a + b)) / (c / (c + d)),
            "rr": a / expected,
            "ic": component,
            "ic_low": low,
            "ic_high": high,
        }


def component_interval(component: float, reports: float) -> tuple[float, float]:
    """The 95 % interval of an information component of so many observed reports (Noren 2013)."""
    root = 1 / sqrt(reports + 0.5)
    return component - 3.3 * root - 2 * root**3, component + 2.4 * root - 0.5 * root**3


class Misprint(Record):
    """A printed number that the other printed numbers of the same row contradict, and what it must have been."""

    measure: Measure
    printed: Number
    meant: Number
    note: Text


class Signal(Record):
    """Disproportionality of one event with one drug: the measures as printed, and the table where it is known or recovered."""

    id: Text
    file: str = Field(default="", exclude=True, repr=False)
    drug: Text
    event: Text
    database: Text
    window: Text
    printed: dict[Measure, Number] = Field(min_length=1)
    misprints: tuple[Misprint, ...] = Field(alias="misprint", default=())
    table: Table | None = None
    table_how: How | None = None
    reports: tuple[Whole, Whole] | None = None
    source: Text
    place: str = ""
    how: How
    note: str = ""

    @model_validator(mode="after")
    def _origin(self) -> Signal:
        if (self.table is None) != (self.table_how is None):
            raise ValueError("table and table_how come together: how was the table read?")
        return self

    @field_validator("reports")
    @classmethod
    def _range(cls, ends: tuple[int, int] | None) -> tuple[int, int] | None:
        if ends is not None and not 1 <= ends[0] <= ends[1]:
            raise ValueError("a range of whole numbers from at least 1, the lower end first")
        return ends

    @property
    def meant(self) -> dict[Measure, float]:
        """The printed measures with every declared misprint corrected."""
        return {**self.printed, **{misprint.measure: misprint.meant for misprint in self.misprints}}
