"""Stage: what a trial decides from a person's own ratings on the way, and the further parts people go on to.

A *decision* changes the treatment within a part of the trial (dose, interval, stop) or only notes that something happened (relapse).  A
*stage* is a part with arms and ratings of its own, entered at a fixed time or when a decision was met, by those whose ratings say so,
with or without a new randomisation.  Times of a stage count from its own first session.
"""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from racemate.evidence.record import How, Number, Record, Text, Whole
from racemate.trial.design import schedule
from racemate.trial.design.arm import Arm
from racemate.trial.design.schedule import ProtocolError, reading
from racemate.trial.design.scheme import MOOD_SCALES, READINGS, Analysis, Group, Pattern

Kind = Literal["response", "no-response", "remission", "no-remission"]
NOTHING = "note"


class Rating(Record):
    """One scale and when it is rated, besides at baseline."""

    scale: Text
    at: tuple[Text, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _known(self) -> Self:
        from racemate.evidence.finding import nearest

        if self.scale not in READINGS:
            raise ProtocolError(self.scale, nearest(self.scale, READINGS), "scale")
        return self


class Rule(Record):
    """One condition on a person's own ratings so far: a kind of outcome, a range of the score, or chance.

    ``at`` names the ratings it looks at; left out, the last one before the decision.  ``least`` of them must do (left out: all).
    """

    scale: str = ""
    rule: Kind | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    baseline: Literal["part", "trial"] = "part"
    """From which baseline response counts: that of the period or stage, or the first one of the trial."""
    at: tuple[Text, ...] = ()
    least: Whole | None = Field(default=None, ge=1)
    chance: Number | None = Field(default=None, ge=0, le=1)
    """Probability each time the decision is taken, for what no rating tells."""
    how: How | None = None
    source: str = ""
    note: str = ""

    @model_validator(mode="after")
    def _one(self) -> Self:
        scored = self.at_least is not None or self.at_most is not None
        if sum((self.rule is not None, scored, self.chance is not None)) != 1:
            raise ProtocolError(
                self.model_dump(exclude_defaults=True), "exactly one of rule, at_least or at_most, chance"
            )
        if self.chance is not None:
            if self.scale or self.at or self.least is not None:
                raise ProtocolError(
                    self.scale or self.at or self.least, "chance alone, which looks at no rating", "chance"
                )
            if self.how is None:
                raise ProtocolError(None, "how the chance is known", "how")
        elif self.scale not in (READINGS if scored else MOOD_SCALES):
            raise ProtocolError(self.scale, f"one of {', '.join(READINGS if scored else MOOD_SCALES)}", "scale")
        if self.baseline != "part" and self.rule not in ("response", "no-response"):
            raise ProtocolError(self.baseline, "a baseline only with response or no-response", "baseline")
        if scored and self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ProtocolError(self.at_least, f"at most {self.at_most:g}", "at_least")
        if self.least is not None and not 1 <= self.least <= max(1, len(self.at)):
            raise ProtocolError(self.least, f"1 to {max(1, len(self.at))}, the ratings named", "least")
        return self


class Decision(Record):
    """Something decided from a person's ratings, at each time of ``at``, for those in ``arms`` who meet every rule of ``when``.

    ``then``: ``note`` it, ``stop`` treatment, ``leave`` the trial, ``dose`` (each time the next amount of ``to``), ``interval`` (sessions
    at least ``every`` apart from now on).  With ``confirm`` it must be met again at a rating that lies so much later.
    """

    name: Text
    at: tuple[Text, ...] = ()
    """Left out: at every rating of the first rule's scale after the baseline, or from ``since`` on."""
    since: str = ""
    arms: tuple[Text, ...] = ()
    when: tuple[Rule, ...] = Field(min_length=1)
    confirm: tuple[Text, Text] | None = None
    then: Literal["note", "stop", "leave", "dose", "interval"] = NOTHING
    drug: str = ""
    to: tuple[Text, ...] = ()
    every: str = ""
    source: str = ""
    place: str = ""
    note: str = ""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.then == "dose") != bool(self.to) or (self.then == "dose") != bool(self.drug):
            raise ProtocolError(
                (self.drug, self.to), "a drug and its next amounts, with then = 'dose' and no other", "to"
            )
        if (self.then == "interval") != bool(self.every):
            raise ProtocolError(self.every, "a time, with then = 'interval' and no other", "every")
        if self.every:
            with reading("every"):
                schedule.span(self.every)
        if self.at and self.since:
            raise ProtocolError(self.since, "either at or since", "since")
        if not self.at and not self.when[0].scale:
            raise ProtocolError(self.at, "the times of a decision that looks at no scale", "at")
        if self.confirm is not None:
            self._check_confirm(*self.confirm)
        return self

    def _check_confirm(self, low: str, high: str) -> None:
        with reading("confirm"):
            if not 0 < schedule.span(low) <= schedule.span(high):
                raise ProtocolError((low, high), "two times above zero, the shorter first")
        if any(rule.chance is not None for rule in self.when):
            raise ProtocolError((low, high), "rules that look at ratings", "confirm")


class Entry(Record):
    """Some of those who go on to a stage: from these ``arms`` of the part before (left out: all), who meet ``when``, into ``to``.

    Several arms in ``to`` are a randomisation in the ratio of their ``n``.
    """

    name: str = ""
    arms: tuple[Text, ...] = ()
    when: tuple[Rule, ...] = ()
    to: tuple[Text, ...] = ()


class Stage(Record):
    """A further part of a trial: when it starts, who enters which arm, and what is rated; times count from its first session."""

    name: Text
    follows: str = ""
    """The stage before it; left out, the first part of the trial (of a crossover: its last period)."""
    start: Text
    """A time of the part before, or the name of one of its decisions: then at the moment that this was first met."""
    after: str = "0 h"
    """How long after ``start``."""
    first_day: Whole | None = Field(default=None, ge=0, le=1)
    context: str = ""
    arms: tuple[Arm, ...] = Field(alias="arm", min_length=1)
    entries: tuple[Entry, ...] = Field(alias="enter", default=(Entry(),))
    ratings: tuple[Rating, ...] = Field(alias="rating", min_length=1)
    decisions: tuple[Decision, ...] = Field(alias="decision", default=())
    groups: tuple[Group, ...] = Field(alias="group", default=())
    analyses: tuple[Analysis, ...] = Field(alias="analysis", default=())
    patterns: tuple[Pattern, ...] = Field(alias="pattern", default=())
    note: str = ""

    @model_validator(mode="after")
    def _readable(self) -> Self:
        with reading("after"):
            schedule.span(self.after)
        if not self.entries:
            raise ProtocolError(self.entries, "somebody who enters", "enter")
        return self

    def told(self) -> dict[str, Any]:
        """The fields that a protocol of this stage alone takes from it."""
        names = ("arms", "ratings", "decisions", "groups", "analyses", "patterns")
        told: dict[str, Any] = {name: getattr(self, name) for name in names}
        told |= {"context": self.context} if self.context else {}
        return told | ({"first_day": self.first_day} if self.first_day is not None else {})
