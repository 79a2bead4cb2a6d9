"""Look: one question put to the data of a trial: a statistic of an outcome at a time, for an arm or a contrast, in a group of people."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from racemate.trial.analysis import statistics
from racemate.trial.analysis.compare import change, completed, event, genotype, repeated, shares
from racemate.trial.analysis.compare.shares import RATIOS
from racemate.trial.analysis.counted import arms_of, at_once, often, pair, people
from racemate.trial.conduct.rate import Data
from racemate.trial.design.protocol import Protocol
from racemate.trial.design.scheme import (
    ADJUSTED_TESTS,
    BY_ALLELE,
    COMPLETERS,
    CONTRASTS,
    CROSSED_TESTS,
    EVERYONE,
    GENOTYPED,
    IMPUTED,
    OVER_TIMES,
    PLAIN,
    SHARE_TESTS,
    SINGLE,
    SUBGROUPS,
    TO_EVENT,
    Expect,
    Pattern,
    Test,
    Way,
    parted,
)

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
DROPOUT = "dropout"
SHARES = ("response", "remission", "share", "risk-difference", "remission-difference", "event-free", *OVER_TIMES)
"""Statistics given in percent."""
PURE = ("p-value", "remission-p-value", "slope-p-value", "test-statistic", "effect-size", "hazard-ratio", *RATIOS)
UNITS = {
    **dict.fromkeys(SHARES, "percent"),
    **dict.fromkeys(PURE, "1"),
    "median-time": "day",
    "variance-explained": "percent",
}
OF_MODEL = ("ls-mean", "ls-change", "ls-difference", "difference", "p-value", "test-statistic")
"""Statistics that a mixed model gives where a question names it."""
_PERCENT = 100.0
_PAIR = 2


@dataclass(frozen=True)
class Question:
    """What is asked; ``arm`` is a name, ``a vs b``, or several together (`counted.arms_of`); ``hour`` counts from the first session of a period.

    A statistic over several times has them in ``hours``, of which ``hour`` is the last, and ``least`` says at how many it must hold.
    """

    outcome: str
    statistic: str
    arm: str
    hour: float | None
    group: str = EVERYONE
    test: Test | None = None
    over: float | None = None
    hours: tuple[float, ...] = ()
    least: int = 1
    way: Way = PLAIN
    stage: str = ""
    """The stage in whose data, and on whose clock, it is asked; empty: the first part of the trial."""

    @property
    def unit(self) -> str:
        """Unit of the answer."""
        return UNITS.get(self.statistic, "point")


@dataclass(frozen=True)
class Answer:
    """One number per replicate (nan: not defined there), the people behind it, and for means the spread between people."""

    value: Floats
    n: Floats
    sd: Floats | None = None
    ended: NDArray[np.int_] | None = None
    """How the fit of a mixed model ended in each replicate (`mmrm.state.State`); None where no such model is fitted."""


def part_of(protocol: Protocol, asked: Question) -> tuple[Protocol | None, set[str]]:
    """The protocol of the part a question is about, with the names of its groups; None for a stage that there is not."""
    told = {EVERYONE, COMPLETERS, GENOTYPED, *SUBGROUPS}
    if not asked.stage:
        return protocol, told | {group.name for group in protocol.groups}
    stage = next((stage for stage in protocol.stages if stage.name == asked.stage), None)
    if stage is None:
        return None, told
    names = {group.name for group in stage.groups} | {entry.name for entry in stage.entries if entry.name}
    return protocol.of_stage(stage), told | names


def refusal(protocol: Protocol, asked: Question) -> str:
    """Why a question cannot be put to the trial; empty when it can."""
    part, groups = part_of(protocol, asked)
    if part is None:
        return f"the stage {asked.stage!r} is not simulated"
    if asked.outcome == DROPOUT:
        told = asked.statistic == "share" and (asked.arm == "all" or arms_of(part, asked.arm))
        return "" if told else "not a share of an arm who left"
    if asked.statistic not in (*SINGLE, *CONTRASTS):
        return f"{asked.statistic} is not computed"
    if asked.group not in groups:
        return f"the group {asked.group} is not told apart"
    if (asked.group == GENOTYPED) != (asked.statistic in (*BY_ALLELE, "interaction")):
        return "of people by their genotype, only slopes on the number of alleles are computed"
    return _of_arms(part, asked) or (_of_events if asked.way.event else _of_ratings)(part, asked)


def _of_arms(protocol: Protocol, asked: Question) -> str:
    arms = parted(asked.arm) if asked.statistic in CONTRASTS and " vs " in asked.arm else (asked.arm,)
    meant = [arms_of(protocol, arm) for arm in arms]
    if not all(meant) or (asked.statistic in CONTRASTS) != (len(arms) > 1):
        return f"{asked.arm} is not simulated"
    adjusted = asked.statistic.startswith("ls-") or asked.test in ADJUSTED_TESTS
    if (adjusted or asked.test in CROSSED_TESTS) and any(len(one) > 1 for one in meant):
        return "adjusted means are of single arms"
    if asked.statistic == "remission-p-value" and asked.test not in SHARE_TESTS:
        return "remission is compared by a test of shares"
    if asked.test in SHARE_TESTS and protocol.crossover:
        return "a test of shares needs groups of different people"
    if protocol.crossover and (adjusted or asked.test == "two-sample-t"):
        return "adjusted means need groups of different people"
    crossed = protocol.crossover and len(protocol.conditions) == len(protocol.live_periods) == _PAIR
    return "" if crossed or asked.test not in CROSSED_TESTS else "not a crossover of two conditions in two periods"


def _of_events(protocol: Protocol, asked: Question) -> str:
    if asked.way.event not in {decision.name for decision in protocol.decisions}:
        return f"{asked.way.event} is no decision of the protocol"
    if asked.statistic == "event-free" and asked.hour is None:
        return "no time is given"
    return ""


def _of_ratings(protocol: Protocol, asked: Question) -> str:
    if asked.statistic in TO_EVENT or asked.test == "log-rank":
        return f"{asked.statistic} is defined by no analysis of the protocol"
    if asked.statistic in OVER_TIMES and not asked.hours:
        return f"{asked.statistic} is defined by no analysis of the protocol"
    if asked.outcome not in protocol.scales:
        return f"{asked.outcome} is not rated"
    if asked.hour is None:
        return "no time is given"
    if not {asked.hour, *asked.hours, *asked.way.hours} <= set(protocol.rated_h(asked.outcome)):
        return "not rated at that time"
    if asked.test == "mmrm" and asked.hour not in asked.way.hours:
        return "not a visit of the mixed model"
    plain = asked.statistic in ("observed-mean", "median", "share", "remission", "response")
    if asked.hour == protocol.baseline_h and not plain:
        return "a change at baseline"
    if asked.statistic.startswith("remission") and asked.outcome not in protocol.remission:
        return "no cut-off for remission"
    if asked.statistic in ("share", "relapse") and asked.over is None:
        return "no score above which a person counts"
    if not set(asked.way.strata) <= set(protocol.randomise.strata):
        return "nobody was randomised within these strata"
    if asked.statistic == "tipping-point" and asked.way.missing not in IMPUTED:
        return "nothing is imputed"
    return ""


def ask(data: Data, asked: Question) -> Answer:
    """Answer a question for every replicate; raises ValueError for a question that `refusal` refuses."""
    if why := refusal(data.protocol, asked):
        raise ValueError(f"{asked.statistic} of {asked.outcome} in {asked.arm}: {why}")
    part = data.stages[asked.stage] if asked.stage else data
    found = _answer(part, asked)
    if asked.test != "mmrm" or asked.statistic not in OF_MODEL:
        return found
    change_from_baseline = asked.statistic != "ls-mean"
    fit = repeated.fitted(part, asked.outcome, asked.group, asked.way, change=change_from_baseline)
    return replace(found, ended=fit.state)


def _answer(data: Data, asked: Question) -> Answer:
    if asked.outcome == DROPOUT:
        arms = list(data.member) if asked.arm == "all" else arms_of(data.protocol, asked.arm)
        belongs = np.any([data.member[arm] for arm in arms], axis=0)
        return Answer(_PERCENT * statistics.share(data.left, belongs), statistics.count(belongs))
    if asked.statistic in CONTRASTS:
        return _contrast(data, asked)
    if asked.statistic in BY_ALLELE:
        found = genotype.line(data, asked.outcome, arms_of(data.protocol, asked.arm), float(asked.hour or 0.0))
        value = {"slope": found.slope, "slope-p-value": found.p, "variance-explained": _PERCENT * found.r**2}
        return Answer(value[asked.statistic], found.n)
    if asked.way.event:
        who = people(data, asked.group)
        return Answer(*event.single(data, asked.statistic, asked.arm, asked.hour, asked.way, who))
    return _single(data, asked)


def _single(data: Data, asked: Question) -> Answer:
    hour, who, arms = float(asked.hour or 0.0), people(data, asked.group), arms_of(data.protocol, asked.arm)
    if asked.statistic in ("response", "remission", "share", *OVER_TIMES):
        what = asked.statistic.removeprefix("sustained-")
        met, known = (
            often(data, asked.outcome, arms, asked.hours, what, asked.over, asked.least)
            if asked.hours
            else at_once(data, asked.outcome, arms, hour, what, asked.over, asked.way.missing)
        )
        return Answer(_PERCENT * statistics.share(met, known & who), statistics.count(known & who))
    if asked.statistic in ("ls-mean", "ls-change"):
        return Answer(*change.mean(data, _changed(asked), asked.arm, change=asked.statistic == "ls-change"))
    carried = asked.statistic.startswith("locf")
    y, x, known = pair(data, asked.outcome, arms, hour, "locf" if carried else "")
    known = known & who
    if asked.statistic == "observed-percent-change":
        known = known & (x > 0)
        z = _PERCENT * statistics.divide(y - x, np.where(x > 0, x, 1))
    else:
        z = y if asked.statistic.endswith("mean") or asked.statistic == "median" else y - x
    summary: Callable[[Floats, Mask], Floats] = statistics.mean
    if asked.statistic.startswith("median"):
        summary = statistics.median
    elif asked.statistic == "sd":
        return Answer(statistics.sd(z, known), statistics.count(known))
    return Answer(summary(z, known), statistics.count(known), statistics.sd(z, known))


def _changed(asked: Question) -> change.Asked:
    """The change of a question; a mean or difference called adjusted is so by covariance unless the mixed model is named."""
    test = asked.test
    if asked.statistic.startswith("ls-") and test != "mmrm":
        test = "ancova"
    return change.Asked(asked.outcome, float(asked.hour or 0.0), asked.group, test, asked.way)


def _contrast(data: Data, asked: Question) -> Answer:
    first, second = parted(asked.arm)
    who, hour = people(data, asked.group), float(asked.hour or 0.0)
    if asked.statistic in (*RATIOS, "risk-difference", "remission-difference"):
        both = (first, second)
        return Answer(*shares.effect(data, asked.outcome, both, hour, who, asked.statistic, asked.test, asked.way))
    if asked.statistic == "remission-p-value":
        found, n = shares.compared(
            data, asked.outcome, (first, second), hour, who, asked.test, asked.way, what="remission"
        )
        return Answer(found.p, n)
    if asked.statistic == "effect-size":
        (y, x, one), (v, u, two) = (
            pair(data, asked.outcome, arms_of(data.protocol, arm), hour) for arm in (first, second)
        )
        n = statistics.count(one & who) + statistics.count(two & who)
        return Answer(statistics.effect_size(y - x, v - u, one & who, two & who), n)
    if asked.statistic == "interaction":
        one, two = (genotype.line(data, asked.outcome, arms_of(data.protocol, arm), hour) for arm in (first, second))
        return Answer(one.slope - two.slope, one.n + two.n)
    if asked.statistic == "hazard-ratio":
        return Answer(*event.hazard_ratio(data, first, second, asked.way, who))
    if asked.statistic == "tipping-point":
        return Answer(*completed.tipped(data, asked.outcome, hour, who, asked.way, first, second))
    found, n = _tested(data, _changed(asked), first, second, who)
    picked = {"p-value": found.p, "test-statistic": found.t}.get(asked.statistic, found.difference)
    return Answer(picked, n)


def compared(
    data: Data, outcome: str, first: str, second: str, hour: float, who: Mask, test: Test | None
) -> tuple[statistics.Comparison, Floats]:
    """Compare two arms among ``who`` by a test without options; raises ValueError for one that needs visits or an event."""
    if test in ("mmrm", "log-rank"):
        raise ValueError(f"test: found {test!r}, which an analysis of the protocol defines; allowed: another test")
    return _tested(data, change.Asked(outcome, hour, EVERYONE, test), first, second, who)


def _tested(
    data: Data, asked: change.Asked, first: str, second: str, who: Mask
) -> tuple[statistics.Comparison, Floats]:
    if asked.test == "log-rank":
        return event.compared(data, first, second, asked.way, who)
    if asked.test in SHARE_TESTS:
        return shares.compared(data, asked.outcome, (first, second), asked.hour, who, asked.test, asked.way)
    return change.compared(data, asked, first, second, who)


def way_of(protocol: Protocol, outcome: str, arm: str, group: str, test: Test | None, hour: float | None) -> Way:
    """How the protocol makes the analysis of that test for an arm or contrast: as its first `[[analysis]]` there says."""
    for analysis in protocol.analyses:
        here = analysis.outcome == outcome and arm in (*analysis.contrasts, *analysis.named_arms)
        way = analysis.way(protocol.at)
        fits = analysis.test == test and (analysis.group or EVERYONE) == group
        if here and fits and (test != "mmrm" or hour in way.hours):
            return way
    return PLAIN


def holds(data: Data, pattern: Pattern) -> tuple[Mask, Mask]:
    """In which replicates a published pattern holds, and in which it can be told; shape (replicates,)."""
    true = np.ones(len(data.left), dtype=bool)
    known = np.ones_like(true)
    for line in pattern.expect:
        for text in line.at:
            met, told = _meets(data, line, data.protocol.at(text))
            true, known = true & met, known & told
    return true & known, known


def _meets(data: Data, line: Expect, hour: float) -> tuple[Mask, Mask]:
    first, second = parted(line.contrast)
    group = line.group or EVERYONE
    way = way_of(data.protocol, line.outcome, line.contrast, group, line.test, hour)
    if line.test == "mmrm" and not way.hours:
        way = way._replace(hours=tuple(sorted(data.protocol.at(text) for text in line.at)))
    asked = change.Asked(line.outcome, hour, group, line.test, way)
    found, _ = _tested(data, asked, first, second, people(data, group))
    told = np.isfinite(found.p)
    side = {"first": found.difference < 0, "second": found.difference > 0}.get(line.direction, told)
    significant = told & side & (np.where(told, found.p, 1.0) < line.alpha)
    return (significant if line.significant else told & ~significant), told
