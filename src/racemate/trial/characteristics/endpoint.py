"""Endpoint: the one comparison whose power is asked: outcome, time, contrast and group, as the protocol names them or as chosen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from racemate.evidence.finding import EvidenceError, nearest
from racemate.trial.analysis.look import Question, refusal
from racemate.trial.design.protocol import Protocol
from racemate.trial.design.scheme import EVERYONE, MOOD_SCALES, Analysis, Expect, parted

PLACE = "power"
ALPHA = 0.05
"""Two-sided level of a test where the protocol names none."""
TESTS = ("paired-t", "two-sample-t", "ancova", "mmrm", "chi-squared", "fisher", "cochran-mantel-haenszel")
"""Analyses whose characteristics can be asked."""
OF_SHARES = ("chi-squared", "fisher", "cochran-mantel-haenszel")
"""Those that compare the shares of people who responded; the others compare changes from baseline."""
Direction = Literal["first", "second", "either"]


@dataclass(frozen=True)
class Endpoint:
    """An outcome at a time (``hour`` from the first session), two arms, a group of people, the level, and the side that is a success."""

    outcome: str
    at: str
    hour: float
    first: str
    second: str
    group: str
    alpha: float
    direction: Direction
    """Which arm must have fallen more for a rejection to count as a success."""
    tests: tuple[str, ...]

    @property
    def contrast(self) -> str:
        """Both arms in one name."""
        return f"{self.first} vs {self.second}"


def choose(
    protocol: Protocol,
    tests: Iterable[str] | None = None,
    outcome: str | None = None,
    at: str | None = None,
    contrast: str | None = None,
    group: str | None = None,
    alpha: float | None = None,
) -> Endpoint:
    """The comparison to look at; what is left out is the first significant line of the published patterns, else the first analysis.

    Of an analysis it is the first contrast at the last time.  Raises EvidenceError for a comparison that the trial cannot answer.
    """
    told = _named(protocol, outcome)
    if contrast is not None:
        told = replace(told, first=parted(contrast)[0], second=parted(contrast)[1])
    if at is not None:
        told = replace(told, at=at, hour=protocol.at(at))
    told = replace(told, group=group or told.group, alpha=told.alpha if alpha is None else alpha)
    if tests is not None:
        told = replace(told, tests=tuple(tests))
    _allow(protocol, told)
    return told


def _named(protocol: Protocol, outcome: str | None) -> Endpoint:
    """What the protocol itself puts first, of that outcome where one is named."""
    wanted = MOOD_SCALES if outcome is None else (outcome,)
    if outcome is not None and outcome not in MOOD_SCALES:
        raise EvidenceError(PLACE, "outcome", repr(outcome), f"a scale of mood: {', '.join(MOOD_SCALES)}")
    lines = [line for pattern in protocol.patterns for line in pattern.expect if line.outcome in wanted]
    for line in sorted(lines, key=lambda line: not line.significant):
        return _of_line(protocol, line)
    for analysis in protocol.analyses:
        if analysis.outcome in wanted and analysis.contrasts:
            return _of_analysis(protocol, analysis)
    found = "none" if outcome is None else f"none of {outcome}"
    raise EvidenceError(PLACE, "analysis", found, "a pattern or an analysis of a scale of mood with a contrast")


def _of_line(protocol: Protocol, line: Expect) -> Endpoint:
    first, second = parted(line.contrast)
    text, test = line.at[0], line.test or _usual(protocol)
    direction: Direction = line.direction
    group = line.group or EVERYONE
    return Endpoint(line.outcome, text, protocol.at(text), first, second, group, line.alpha, direction, (test,))


def _of_analysis(protocol: Protocol, told: Analysis) -> Endpoint:
    first, second = parted(told.contrasts[0])
    text, test = told.at[-1], told.test or _usual(protocol)
    group = told.group or EVERYONE
    return Endpoint(told.outcome, text, protocol.at(text), first, second, group, ALPHA, "either", (test,))


def _usual(protocol: Protocol) -> str:
    return "paired-t" if protocol.crossover else "two-sample-t"


def _allow(protocol: Protocol, told: Endpoint) -> None:
    if not told.tests:
        raise EvidenceError(PLACE, "analysis", "none", f"at least one of {', '.join(TESTS)}")
    for test in told.tests:
        if test not in TESTS:
            raise EvidenceError(PLACE, "analysis", repr(test), nearest(test, TESTS))
        if told.tests.count(test) > 1:
            raise EvidenceError(PLACE, "analysis", f"{test!r} twice", "each once")
        if (test == "paired-t") != protocol.crossover:
            kind = "a crossover" if protocol.crossover else "groups of different people"
            allowed = "paired-t" if protocol.crossover else ", ".join(one for one in TESTS if one != "paired-t")
            raise EvidenceError(PLACE, "analysis", f"{test!r} in {kind}", allowed)
        if test == "cochran-mantel-haenszel" and not protocol.randomise.strata:
            raise EvidenceError(
                PLACE, "analysis", f"{test!r} of a trial without strata", "a trial randomised in strata"
            )
    if not 0 < told.alpha < 1:
        raise EvidenceError(PLACE, "alpha", repr(told.alpha), "a number between 0 and 1")
    single = "ancova" if {"ancova", "mmrm"} & set(told.tests) else None
    asked = Question(told.outcome, "difference", told.contrast, told.hour, told.group, single)
    why = refusal(protocol, asked)
    if why:
        raise EvidenceError(
            PLACE, f"{told.outcome} at {told.at}, {told.contrast}", why, "what the trial rates and simulates"
        )
