"""Endpoint: the one comparison whose power is asked: outcome, time, contrast and group, as the protocol names them or as chosen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, get_args

from racemate.evidence.finding import EvidenceError, nearest
from racemate.trial.analysis.look import Question, refusal, way_of
from racemate.trial.design.protocol import Protocol
from racemate.trial.design.scheme import (
    ADJUSTED_TESTS,
    EVERYONE,
    MOOD_SCALES,
    PLAIN,
    SHARE_TESTS,
    Analysis,
    Expect,
    Test,
    Way,
    parted,
)

PLACE = "power"
ALPHA = 0.05
"""Two-sided level of a test where the protocol names none."""
CROSSED = ("paired-t", "crossover")
"""Analyses of a crossover whose characteristics can be asked."""
PARALLEL = ("two-sample-t", "ancova", "mmrm", "chi-squared", "fisher", "cochran-mantel-haenszel")
"""Those of a trial in which every arm has its own people."""
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
    tests: tuple[Test, ...]

    @property
    def contrast(self) -> str:
        """Both arms in one name."""
        return f"{self.first} vs {self.second}"


def question(protocol: Protocol, told: Endpoint, test: Test) -> Question:
    """The size of the difference that an analysis estimates, as a question."""
    statistic = "difference"
    if test in SHARE_TESTS:
        statistic = "risk-difference"
    elif test in ADJUSTED_TESTS:
        statistic = "ls-difference"
    return Question(told.outcome, statistic, told.contrast, told.hour, told.group, test, way=way(protocol, told, test))


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
        told = replace(told, tests=tuple(_known(protocol, test) for test in tests))
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


def _usual(protocol: Protocol) -> Test:
    return "paired-t" if protocol.crossover else "two-sample-t"


def _known(protocol: Protocol, name: str) -> Test:
    """The analysis of that name, if the trial can have it."""
    allowed = CROSSED if protocol.crossover else PARALLEL
    for test in get_args(Test):
        if test == name and test in allowed:
            return test
    if name in (*CROSSED, *PARALLEL):
        kind = "a crossover" if protocol.crossover else "groups of different people"
        raise EvidenceError(PLACE, "analysis", f"{name!r} in {kind}", ", ".join(allowed))
    raise EvidenceError(PLACE, "analysis", repr(name), nearest(name, allowed))


def way(protocol: Protocol, told: Endpoint, test: Test) -> Way:
    """How an analysis is made: as the protocol does it there; else a mixed model has every visit, and strata are all there are."""
    named = (test, None) if test == _usual(protocol) else (test,)
    ways = [way_of(protocol, told.outcome, told.contrast, told.group, one, told.hour) for one in named]
    found = next((one for one in ways if one != PLAIN), PLAIN)
    if test == "mmrm" and told.hour not in found.hours:
        found = found._replace(hours=protocol.rated_h(told.outcome)[1:])
    if test == "cochran-mantel-haenszel" and not found.strata:
        found = found._replace(strata=protocol.randomise.strata)
    return found


def _allow(protocol: Protocol, told: Endpoint) -> None:
    """Refuse what the trial cannot answer; raises EvidenceError."""
    if not told.tests:
        raise EvidenceError(PLACE, "analysis", "none", "at least one analysis")
    if not 0 < told.alpha < 1:
        raise EvidenceError(PLACE, "alpha", repr(told.alpha), "a number between 0 and 1")
    if told.outcome not in protocol.scales:
        raise EvidenceError(PLACE, "outcome", repr(told.outcome), f"one of {', '.join(protocol.scales)}")
    for test in told.tests:
        if told.tests.count(test) > 1:
            raise EvidenceError(PLACE, "analysis", f"{test!r} twice", "each once")
        _known(protocol, test)
        how = way(protocol, told, test)
        asked = Question(told.outcome, "difference", told.contrast, told.hour, told.group, test, way=how)
        why = refusal(protocol, asked)
        if why:
            place = f"{test} of {told.outcome} at {told.at}, {told.contrast}"
            raise EvidenceError(PLACE, place, why, "what the trial rates and simulates")
        if test == "cochran-mantel-haenszel" and not how.strata:
            raise EvidenceError(
                PLACE, "analysis", f"{test!r} of a trial without strata", "a trial randomised in strata"
            )
