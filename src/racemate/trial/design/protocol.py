"""Protocol: what a trial does to whom and what it looks at, read from `protocol.toml` or built in Python, frozen and validated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from racemate.evidence.finding import EvidenceError, Finding, refuse
from racemate.evidence.record import DOUBTFUL, Number, Record, Text, Whole
from racemate.trial.design import schedule
from racemate.trial.design.arm import CONTEXTS, Arm, Dose, Figure
from racemate.trial.design.people import Eligibility, Guess, Leaving, Randomise, Sites
from racemate.trial.design.schedule import ProtocolError
from racemate.trial.design.scheme import Analysis, Estimand, Group, Pattern
from racemate.trial.design.stage import Decision, Rating, Stage

__all__ = ["CONTEXTS", "Arm", "Dose", "Figure", "Period", "Protocol", "Rating", "Sequence", "build"]


class Period(Record):
    """One period of a trial; a crossover simulates several, each with its own start.

    ``start`` is a time of the trial, or the name of a decision of the period before: then so long ``after`` it was first met, and at
    ``latest`` for those who never meet it.
    """

    name: Text
    start: str = "0 h"
    after: str = "0 h"
    latest: str = ""
    simulate: bool = True
    note: str = ""


class Sequence(Record):
    """One order of conditions in a crossover and how many people follow it."""

    name: Text
    arms: tuple[Text, ...] = Field(min_length=2)
    n: Whole = Field(ge=1)


class Protocol(Record):
    """What a trial does: arms or sequences, doses, visits, who enters, what is rated, what is analysed."""

    id: str = ""
    first_day: Whole = Field(default=1, ge=0, le=1)
    """The number this trial gives to the day of the first dose."""
    context: str = "saline"
    session: str = "2 h"
    """How long a session keeps a person's attention; under anaesthesia, how long the person sleeps."""
    arms: tuple[Arm, ...] = Field(alias="arm", min_length=1)
    periods: tuple[Period, ...] = Field(alias="period", default=())
    sequences: tuple[Sequence, ...] = Field(alias="sequence", default=())
    eligibility: Eligibility = Eligibility()
    baseline: Figure | None = None
    baseline_scale: str = "madrs"
    population: Mapping[Literal["age", "weight", "female", "asian", "japanese"], Figure] = Field(default_factory=dict)
    randomise: Randomise = Randomise()
    sites: Sites | None = None
    leaving: Leaving | None = None
    guess: Guess | None = None
    dropout: Number = Field(default=0.0, ge=0, lt=1)
    ratings: tuple[Rating, ...] = Field(alias="rating", min_length=1)
    response: Number = Field(default=0.5, gt=0, lt=1)
    """Fall that counts as response, as a share of the baseline."""
    response_from: Literal["baseline", "screening"] = "baseline"
    remission: Mapping[str, Number] = Field(default_factory=dict)
    """Largest score that counts as remission, by scale."""
    missing: Literal["observed", "locf", "failure"] = "observed"
    """How shares treat people without a rating: left out, last one carried forward, or counted as not improved."""
    blinding: str = ""
    estimand: Estimand | None = None
    decisions: tuple[Decision, ...] = Field(alias="decision", default=())
    stages: tuple[Stage, ...] = Field(alias="stage", default=())
    groups: tuple[Group, ...] = Field(alias="group", default=())
    analyses: tuple[Analysis, ...] = Field(alias="analysis", default=())
    patterns: tuple[Pattern, ...] = Field(alias="pattern", default=())

    @model_validator(mode="after")
    def _joined(self) -> Self:
        from racemate.trial.design.sound import check

        check(self)
        return self

    @property
    def crossover(self) -> bool:
        """True when each person passes through every arm."""
        return bool(self.sequences)

    @property
    def conditions(self) -> tuple[Arm, ...]:
        """The arms that are simulated."""
        return tuple(arm for arm in self.arms if arm.simulate)

    @property
    def live_periods(self) -> tuple[Period, ...]:
        """The periods that are simulated; a trial without any has one unnamed."""
        return tuple(period for period in self.periods if period.simulate) or (Period(name="only"),)

    @property
    def people(self) -> int:
        """Number of people the published trial put into the simulated part."""
        groups = self.sequences or self.conditions
        return sum(group.n or 0 for group in groups)

    def arm(self, name: str) -> Arm:
        """The simulated arm of that name; KeyError for any other."""
        return {arm.name: arm for arm in self.conditions}[name]

    def period_h(self, period: Period) -> float:
        """Hours from the first dose of the trial to the first dose of a period; the latest, where a decision starts it."""
        return schedule.moment(period.latest or period.start, self.first_day) or 0.0

    def dose_h(self, dose: Dose) -> tuple[float, ...]:
        """Hours since the first session of the period at which a dose is given; below zero with a lead time or an earlier start."""
        return dose.hours(self.first_day)

    def session_h(self, arm: Arm) -> tuple[float, ...]:
        """Hours at which an arm's treatment sessions start."""
        return arm.session_hours(self.first_day)

    @property
    def baseline_h(self) -> float:
        """Hour of the baseline rating: before anything is given."""
        doses = [dose for arm in self.conditions for dose in arm.doses if not dose.started]
        return min([0.0, *(self.dose_h(dose)[0] for dose in doses)])

    def at(self, text: str) -> float:
        """Hours since the first session of a period of a time of this protocol, such as ``"day 8"`` or ``"baseline"``."""
        hour = schedule.moment(text, self.first_day)
        return self.baseline_h if hour is None else hour

    def rated_h(self, scale: str) -> tuple[float, ...]:
        """Hours at which a scale is rated, baseline first; raises KeyError for a scale that is not."""
        found = {self.at(text) for rating in self.ratings if rating.scale == scale for text in rating.at}
        if not found:
            raise KeyError(scale)
        return (self.baseline_h, *sorted(found - {self.baseline_h}))

    @property
    def visit_h(self) -> tuple[float, ...]:
        """Every hour of a period at which something is rated, ascending."""
        return tuple(sorted({hour for rating in self.ratings for hour in self.rated_h(rating.scale)}))

    @property
    def scales(self) -> tuple[str, ...]:
        """The scales rated, each once."""
        return tuple(dict.fromkeys(rating.scale for rating in self.ratings))

    @property
    def every_scale(self) -> tuple[str, ...]:
        """The scales rated in the first part or in any stage, each once."""
        later = [rating.scale for stage in self.stages for rating in stage.ratings]
        return tuple(dict.fromkeys((*self.scales, *later)))

    def of_stage(self, stage: Stage) -> Protocol:
        """A stage as a protocol of its own: its arms, ratings, decisions and analyses, on its own clock."""
        alone = {"periods": (), "sequences": (), "stages": (), "baseline": None, "dropout": 0.0, "guess": None}
        return self.model_copy(update={**alone, **stage.told()})

    @property
    def staged(self) -> bool:
        """True when something in the trial is decided from a person's own ratings."""
        return bool(self.decisions or self.stages)

    @property
    def doubtful(self) -> tuple[tuple[str, str], ...]:
        """Numbers on the conduct that nobody read in a source: what each is, and how it is known with its note."""
        arms = [
            (arm.name, arm) for part in (self, *self.stages) for arm in part.arms if part is not self or arm.simulate
        ]
        told: list[tuple[str, Any]] = [("sites", self.sites), ("leaving", self.leaving), ("guess", self.guess)]
        for name, arm in arms:
            told += [(f"hope of {name}", arm.hope), (f"comparator of {name}", arm.comparator)]
            told += [(f"flexible dose of {name}", dose.flexible) for dose in arm.doses]
            told += [(f"adherence of {name}", dose.adherence) for dose in arm.doses]
        decisions = [decision for part in (self, *self.stages) for decision in part.decisions]
        told += [(f"decision {one.name!r}", rule) for one in decisions for rule in one.when if rule.how is not None]
        known = [(name, record) for name, record in told if record is not None and record.how in DOUBTFUL]
        return tuple((name, f"{record.how}. {record.note}".strip()) for name, record in known)


def build(data: Mapping[str, Any], file: str = "protocol") -> Protocol:
    """Protocol from the content of a `protocol.toml`; raises EvidenceError naming file, field, found and allowed."""
    try:
        return Protocol.model_validate({key: value for key, value in data.items() if key != "trial"})
    except ValidationError as fault:
        errors = fault.errors()
        # A list whose items were refused is then also too short: say the cause, not its echo.
        real = [e for e in errors if e["type"] != "too_short" or len(e["loc"]) == max(len(o["loc"]) for o in errors)]
        refuse(_finding(file, error) for error in real)
        raise EvidenceError(file, "protocol", _short(data), "a valid protocol") from fault


def _finding(file: str, error: Any) -> Finding:
    place = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in error["loc"]).lstrip(".")
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, ProtocolError):
        return Finding(file, ".".join(filter(None, (place, cause.field))) or "protocol", cause.found, cause.allowed)
    return Finding(file, place or "protocol", _short(error.get("input")), error["msg"])


def _short(value: object, longest: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= longest else text[: longest - 3] + "..."
