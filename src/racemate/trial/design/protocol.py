"""Protocol: what a trial does to whom and what it looks at, read from `protocol.toml` or built in Python, frozen and validated."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from math import gcd
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from racemate.chain import dose as dosing
from racemate.chain.severity import Setting
from racemate.evidence.finding import EvidenceError, Finding, nearest, refuse
from racemate.evidence.record import How, Number, Record, Text, Whole
from racemate.trial.design import schedule
from racemate.trial.design.schedule import DAY_H, ProtocolError, reading
from racemate.trial.design.scheme import (
    COMPLETERS,
    EVERYONE,
    MOOD_SCALES,
    READINGS,
    Analysis,
    Estimand,
    Group,
    Look,
    Pattern,
)

CONTEXTS = tuple(name for name in Setting._fields if name not in ("session", "awake"))
NO_SESSIONS = "none"
Share = Field(ge=0, le=1)


class Figure(Record):
    """One number about the people of a trial: mean and, where it varies, standard deviation; with where it was read."""

    mean: Number
    sd: Number = Field(default=0.0, ge=0)
    how: How
    source: str = ""
    place: str = ""
    note: str = ""


class Flexible(Record):
    """A dose that some people are given instead, from a moment on, as observed: ``share`` of those dosed."""

    amount: Text
    share: Number = Share
    after: Text
    how: How
    source: str = ""
    place: str = ""
    note: str = ""


class Dose(Record):
    """One drug of one arm: amount in mg or mg/kg, over how long, on which schedule, how long before the session."""

    drug: Text
    route: Text
    amount: Text
    over: str = "0 min"
    schedule: Text = "once"
    lead: str = "0 min"
    flexible: Flexible | None = None

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.drug not in dosing.drugs():
            raise ProtocolError(self.drug, f"{nearest(self.drug, dosing.drugs())}", "drug")
        if self.route not in dosing.routes(self.drug):
            raise ProtocolError(self.route, f"route of {self.drug}: one of {', '.join(dosing.routes(self.drug))}")
        with reading("amount"):
            schedule.amount(self.amount)
        with reading("over"):
            schedule.span(self.over)
        with reading("lead"):
            schedule.span(self.lead)
        if self.flexible is not None:
            with reading("flexible.amount"):
                other = schedule.amount(self.flexible.amount)
            if other.per_kg != schedule.amount(self.amount).per_kg:
                raise ProtocolError(self.flexible.amount, f"the unit of {self.amount!r}", "flexible.amount")
        return self


class Arm(Record):
    """One arm of a parallel trial, or one condition of a crossover."""

    name: Text
    n: Whole | None = Field(default=None, ge=1)
    doses: tuple[Dose, ...] = Field(default=(), alias="dose")
    sessions: str = ""
    """When treatment sessions are held, or "none"; left out, at the doses that have no lead time."""
    context: str = ""
    awake: bool = True
    new_antidepressant: bool = False
    baseline: Figure | None = None
    dropout: Number = Field(default=0.0, ge=0, lt=1)
    """Share who leave before the last visit (of a crossover: of the whole trial, from `Protocol.dropout`)."""
    dropout_how: How = "assumed"
    simulate: bool = True
    note: str = ""

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.context and self.context not in CONTEXTS:
            raise ProtocolError(self.context, f"one of {', '.join(CONTEXTS)}", "context")
        return self


class Period(Record):
    """One period of a trial; a crossover simulates several, each with its own start."""

    name: Text
    start: str = "0 h"
    simulate: bool = True
    note: str = ""


class Sequence(Record):
    """One order of conditions in a crossover and how many people follow it."""

    name: Text
    arms: tuple[Text, ...] = Field(min_length=2)
    n: Whole = Field(ge=1)


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


class Rating(Record):
    """One scale and when it is rated, besides at baseline."""

    scale: Text
    at: tuple[Text, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.scale not in READINGS:
            raise ProtocolError(self.scale, nearest(self.scale, READINGS), "scale")
        return self


class Randomise(Record):
    """Allocation: permuted blocks of ``block`` (left out: the whole trial is one block), within strata of covariates."""

    block: Whole | None = Field(default=None, ge=1)
    strata: tuple[Literal["female", "asian", "japanese", "oprm1_g"], ...] = ()


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
    groups: tuple[Group, ...] = Field(alias="group", default=())
    analyses: tuple[Analysis, ...] = Field(alias="analysis", default=())
    patterns: tuple[Pattern, ...] = Field(alias="pattern", default=())

    @model_validator(mode="after")
    def _joined(self) -> Self:
        for field in ("arms", "periods", "sequences", "groups", "patterns"):
            _unique([part.name for part in getattr(self, field)], field.removesuffix("s"))
        if self.context not in CONTEXTS:
            raise ProtocolError(self.context, f"one of {', '.join(CONTEXTS)}", "context")
        with reading("session"):
            hours = schedule.span(self.session)
        if hours <= 0:
            raise ProtocolError(self.session, "a time above zero", "session")
        for name, figure in self.population.items():
            ends = (0, 150) if name == "age" else (20, 400) if name == "weight" else (0, 1)
            if not ends[0] <= figure.mean <= ends[1]:
                raise ProtocolError(figure.mean, f"{ends[0]} to {ends[1]}", f"population.{name}.mean")
        if not self.conditions:
            raise ProtocolError("no arm", "at least one with simulate = true", "arm")
        self._check_times()
        self._check_design()
        self._check_names()
        return self

    def _check_design(self) -> None:
        live = self.live_periods
        if self.sequences:
            for sequence in self.sequences:
                if len(sequence.arms) != len(live):
                    raise ProtocolError(
                        sequence.arms, f"one arm for each of {len(live)} periods", f"sequence {sequence.name!r}"
                    )
                if set(sequence.arms) != {arm.name for arm in self.conditions}:
                    raise ProtocolError(sequence.arms, "every arm of the trial once", f"sequence {sequence.name!r}")
        elif len(live) > 1:
            raise ProtocolError(len(live), "one with simulate = true, unless the trial has sequences", "period")
        if self.baseline_scale not in MOOD_SCALES:
            raise ProtocolError(self.baseline_scale, f"one of {', '.join(MOOD_SCALES)}", "baseline_scale")
        groups = [group.n or 0 for group in self.sequences or self.conditions]
        if self.randomise.block and self.randomise.block % (sum(groups) // gcd(*groups) if all(groups) else 1):
            raise ProtocolError(self.randomise.block, f"a multiple of {sum(groups) // gcd(*groups)}", "randomise.block")
        if not self.sequences and any(arm.n is None for arm in self.conditions):
            raise ProtocolError(None, "people per arm", "arm.n")

    def _check_times(self) -> None:
        for period in self.periods:
            with reading(f"period {period.name!r}.start"):
                schedule.moment(period.start, self.first_day)
        for arm in self.conditions:
            self._check_doses(arm)
        for rating in self.ratings:
            with reading(f"rating of {rating.scale!r}.at"):
                for text in rating.at:
                    schedule.moment(text, self.first_day)
        last = self.visit_h[-1] - self.visit_h[0]
        starts = [self.period_h(period) for period in self.live_periods]
        if any(following - start <= last for start, following in pairwise(starts)):
            raise ProtocolError(
                f"{last:g} h from baseline to the last rating", "ratings end before the next period", "rating.at"
            )

    def _check_doses(self, arm: Arm) -> None:
        for dose in arm.doses:
            where = f"arm {arm.name!r}.dose of {dose.drug}"
            with reading(f"{where}.schedule"):
                first = self.dose_h(dose)[0]
            if first < -7 * DAY_H:
                raise ProtocolError(dose.lead, "at most a week before the first session", f"{where}.lead")
            if dose.flexible is not None:
                with reading(f"{where}.flexible.after"):
                    schedule.moment(dose.flexible.after, self.first_day)
        with reading(f"arm {arm.name!r}.sessions"):
            if not self.session_h(arm) and arm.sessions != NO_SESSIONS:
                raise ProtocolError(arm.sessions, f"a schedule, as no dose tells it, or {NO_SESSIONS!r}")

    def _check_names(self) -> None:
        arms, scales = {arm.name for arm in self.conditions}, set(self.scales)
        groups = {group.name for group in self.groups} | {EVERYONE, COMPLETERS}
        for part in (*self.groups, *self.analyses, *(line for pattern in self.patterns for line in pattern.expect)):
            for name, known, field in (
                *((arm, arms, "arm") for arm in part.named_arms),
                (part.outcome, scales | {"dropout"}, "outcome"),
                (part.group or EVERYONE, groups, "group"),
            ):
                if name not in known:
                    raise ProtocolError(name, nearest(name, known), f"{part.label}.{field}")
            self._check_visits(part)

    def _check_visits(self, part: Look) -> None:
        with reading(f"{part.label}.at"):
            hours = {text: self.at(text) for text in part.at}
        rated = self.rated_h(part.outcome) if part.outcome in self.scales else tuple(hours.values())
        for text, hour in hours.items():
            if hour not in rated:
                raise ProtocolError(text, f"a time at which {part.outcome} is rated", f"{part.label}.at")

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
        """Hours from the first dose of the trial to the first dose of a period."""
        return schedule.moment(period.start, self.first_day) or 0.0

    def dose_h(self, dose: Dose) -> tuple[float, ...]:
        """Hours since the first session of the period at which a dose is given; below zero with a lead time."""
        lead = schedule.span(dose.lead)
        return tuple(hour - lead for hour in schedule.times(dose.schedule, self.first_day))

    def session_h(self, arm: Arm) -> tuple[float, ...]:
        """Hours at which an arm's treatment sessions start."""
        if arm.sessions == NO_SESSIONS:
            return ()
        if arm.sessions:
            return schedule.times(arm.sessions, self.first_day)
        return tuple(sorted({h for d in arm.doses if not schedule.span(d.lead) for h in self.dose_h(d)}))

    @property
    def baseline_h(self) -> float:
        """Hour of the baseline rating: before anything is given."""
        return min([0.0, *(hour for arm in self.conditions for dose in arm.doses for hour in self.dose_h(dose))])

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


def _unique(names: list[str], field: str) -> None:
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ProtocolError(twice[0], "each name once", field)


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
