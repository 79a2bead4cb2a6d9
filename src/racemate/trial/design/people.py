"""People: who may enter a trial, how they are allotted, where they are rated, who leaves and what they guess."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from racemate.evidence.record import How, Number, Record, Whole
from racemate.trial.design import schedule
from racemate.trial.design.schedule import ProtocolError, reading
from racemate.trial.design.scheme import MOOD_SCALES

SITE, SEVERE = "site", "severe"


class Eligibility(Record):
    """Who may enter: a range of the screening score, so long before the first session, and a range of age in years."""

    scale: str = ""
    low: Number | None = None
    high: Number | None = None
    screened: str = "1 week"
    age: tuple[Number, Number] | None = None
    note: str = ""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        for name, (low, high) in {"low, high": (self.low, self.high), "age": self.age or (None, None)}.items():
            if low is not None and high is not None and not low < high:
                raise ProtocolError((low, high), "the lower end first", name)
        scored = self.low is not None or self.high is not None
        if (scored or self.scale) and self.scale not in MOOD_SCALES:
            raise ProtocolError(self.scale, f"the scale of low and high: one of {', '.join(MOOD_SCALES)}", "scale")
        with reading("screened"):
            schedule.span(self.screened)
        return self


class Randomise(Record):
    """Allocation: permuted blocks of ``block`` (left out: the whole trial is one block), within strata.

    A stratum is a covariate, the ``site``, or ``severe``: a screening score of at least that number.
    """

    block: Whole | None = Field(default=None, ge=1)
    strata: tuple[Literal["female", "asian", "japanese", "oprm1_g", "site", "severe"], ...] = ()
    severe: Number | None = None

    @model_validator(mode="after")
    def _cut(self) -> Self:
        if (SEVERE in self.strata) != (self.severe is not None):
            raise ProtocolError(
                self.severe, "the screening score from which a person counts as severe, with that stratum"
            )
        return self


class Sites(Record):
    """Where people are rated: ``count`` sites, whose raters differ in strictness by ``sd`` points on the MADRS."""

    count: Whole = Field(ge=1, le=10_000)
    sd: Number = Field(default=0.0, ge=0, le=20)
    how: How
    source: str = ""
    place: str = ""
    note: str = ""


class Leaving(Record):
    """What makes people leave: log hazard per point of the last observed ``scale`` and per point of the last observed CADSS.

    The hazard is set so that the published share leaves; both at zero is leaving at random in time.
    """

    scale: str = "madrs"
    per_point: Number = Field(default=0.0, ge=-1, le=1)
    per_felt: Number = Field(default=0.0, ge=-1, le=1)
    how: How
    source: str = ""
    place: str = ""
    note: str = ""


class Guess(Record):
    """How people guess their allocation: log odds of guessing the drug.

    ``bias`` without any cue, ``per_felt`` for each point of the highest CADSS they had, ``per_point`` for each point that ``scale`` has
    fallen ``at`` the time they are asked.
    """

    at: str
    scale: str = "madrs"
    bias: Number = Field(default=0.0, ge=-20, le=20)
    per_felt: Number = Field(default=0.0, ge=-5, le=5)
    per_point: Number = Field(default=0.0, ge=-5, le=5)
    how: How
    source: str = ""
    place: str = ""
    note: str = ""
