"""Look: one question put to the data of a trial: a statistic of an outcome at a time, for an arm or a contrast, in a group of people."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from racemate.trial.analysis import statistics
from racemate.trial.analysis.categorical import table
from racemate.trial.analysis.counted import arms_of, at_once, often, pair, people
from racemate.trial.conduct.rate import Data
from racemate.trial.design.protocol import Protocol
from racemate.trial.design.scheme import (
    COMPLETERS,
    CONTRASTS,
    EVERYONE,
    OVER_TIMES,
    SHARE_TESTS,
    SINGLE,
    SUBGROUPS,
    Expect,
    Pattern,
    Test,
    parted,
)

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
DROPOUT = "dropout"
SHARES = ("response", "remission", "share", "risk-difference", "remission-difference", *OVER_TIMES)
"""Statistics given in percent."""
RATIOS = ("risk-ratio", "odds-ratio", "remission-odds-ratio", "number-needed-to-treat")
PURE = ("p-value", "test-statistic", "effect-size", *RATIOS)
_PERCENT = 100.0


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

    @property
    def unit(self) -> str:
        """Unit of the answer."""
        return "percent" if self.statistic in SHARES else "1" if self.statistic in PURE else "point"


@dataclass(frozen=True)
class Answer:
    """One number per replicate (nan: not defined there), the people behind it, and for means the spread between people."""

    value: Floats
    n: Floats
    sd: Floats | None = None


def refusal(protocol: Protocol, asked: Question) -> str:
    """Why a question cannot be put to the trial; empty when it can."""
    if asked.outcome == DROPOUT:
        told = asked.statistic == "share" and (asked.arm == "all" or arms_of(protocol, asked.arm))
        return "" if told else "not a share of an arm who left"
    if asked.statistic not in (*SINGLE, *CONTRASTS):
        return f"{asked.statistic} is not computed"
    if asked.statistic in OVER_TIMES and not asked.hours:
        return f"{asked.statistic} is defined by no analysis of the protocol"
    if asked.outcome not in protocol.scales:
        return f"{asked.outcome} is not rated"
    arms = parted(asked.arm) if asked.statistic in CONTRASTS and " vs " in asked.arm else (asked.arm,)
    meant = [arms_of(protocol, arm) for arm in arms]
    if not all(meant) or (asked.statistic in CONTRASTS) != (len(arms) > 1):
        return f"{asked.arm} is not simulated"
    if not {asked.hour, *asked.hours} <= set(protocol.rated_h(asked.outcome)):
        return "not rated at that time"
    if (asked.statistic.startswith("ls-") or asked.test == "ancova") and any(len(one) > 1 for one in meant):
        return "adjusted means are of single arms"
    if asked.test in SHARE_TESTS and protocol.crossover:
        return "a test of shares needs groups of different people"
    plain = asked.statistic in ("observed-mean", "median", "share", "remission", "response")
    if asked.hour == protocol.baseline_h and not plain:
        return "a change at baseline"
    if asked.group not in {EVERYONE, COMPLETERS, *SUBGROUPS} | {group.name for group in protocol.groups}:
        return f"the group {asked.group} is not told apart"
    if protocol.crossover and (asked.statistic.startswith("ls-") or asked.test in ("ancova", "two-sample-t")):
        return "adjusted means need groups of different people"
    return _missing_rule(protocol, asked)


def _missing_rule(protocol: Protocol, asked: Question) -> str:
    if asked.statistic.startswith("remission") and asked.outcome not in protocol.remission:
        return "no cut-off for remission"
    if asked.statistic in ("share", "relapse") and asked.over is None:
        return "no score above which a person counts"
    return ""


def ask(data: Data, asked: Question) -> Answer:
    """Answer a question for every replicate; raises ValueError for a question that `refusal` refuses."""
    if why := refusal(data.protocol, asked):
        raise ValueError(f"{asked.statistic} of {asked.outcome} in {asked.arm}: {why}")
    if asked.outcome == DROPOUT:
        arms = list(data.member) if asked.arm == "all" else arms_of(data.protocol, asked.arm)
        belongs = np.any([data.member[arm] for arm in arms], axis=0)
        return Answer(_PERCENT * statistics.share(data.left, belongs), statistics.count(belongs))
    if asked.statistic in CONTRASTS:
        return _contrast(data, asked)
    return _single(data, asked)


def _single(data: Data, asked: Question) -> Answer:
    hour, who, arms = float(asked.hour or 0.0), people(data, asked.group), arms_of(data.protocol, asked.arm)
    if asked.statistic in ("response", "remission", "share", *OVER_TIMES):
        what = asked.statistic.removeprefix("sustained-")
        met, known = (
            often(data, asked.outcome, arms, asked.hours, what, asked.over, asked.least)
            if asked.hours
            else at_once(data, asked.outcome, arms, hour, what, asked.over)
        )
        return Answer(_PERCENT * statistics.share(met, known & who), statistics.count(known & who))
    if asked.statistic in ("ls-mean", "ls-change"):
        fit, names = _adjusted(data, asked, who, change=asked.statistic == "ls-change")
        k = names.index(asked.arm)
        return Answer(fit.means[k], fit.counts[k])
    carried = asked.statistic.startswith("locf")
    y, x, known = pair(data, asked.outcome, arms, hour, carried)
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


def _contrast(data: Data, asked: Question) -> Answer:
    first, second = parted(asked.arm)
    who, hour = people(data, asked.group), float(asked.hour or 0.0)
    if asked.statistic in (*RATIOS, "risk-difference", "remission-difference"):
        return _of_shares(data, asked, first, second, who)
    if asked.statistic == "effect-size":
        (y, x, one), (v, u, two) = (
            pair(data, asked.outcome, arms_of(data.protocol, arm), hour) for arm in (first, second)
        )
        n = statistics.count(one & who) + statistics.count(two & who)
        return Answer(statistics.effect_size(y - x, v - u, one & who, two & who), n)
    test = "ancova" if asked.statistic == "ls-difference" else asked.test
    found, n = compared(data, asked.outcome, first, second, hour, who, test)
    picked = {"p-value": found.p, "test-statistic": found.t}.get(asked.statistic, found.difference)
    return Answer(picked, n)


def _of_shares(data: Data, asked: Question, first: str, second: str, who: Mask) -> Answer:
    what = "remission" if asked.statistic.startswith("remission") else "response"
    k, a, h, b = _counts(data, asked.outcome, first, second, float(asked.hour or 0.0), who, what)
    p, q = statistics.divide(k, a), statistics.divide(h, b)
    if asked.statistic.endswith("odds-ratio"):
        value = statistics.divide(p * (1 - q), q * (1 - p))
    elif asked.statistic == "risk-ratio":
        value = statistics.divide(p, q)
    else:
        value = statistics.divide(1.0, p - q) if asked.statistic in RATIOS else _PERCENT * (p - q)
    return Answer(value, a + b)


def _counts(
    data: Data, outcome: str, first: str, second: str, hour: float, who: Mask, what: str
) -> tuple[Floats, Floats, Floats, Floats]:
    """People with the event and people of whom it is known, in the first arm and in the second."""
    (met, known), (other, seen) = (
        at_once(data, outcome, arms_of(data.protocol, arm), hour, what) for arm in (first, second)
    )
    known, seen = known & who, seen & who
    return (
        statistics.count(met & known),
        statistics.count(known),
        statistics.count(other & seen),
        statistics.count(seen),
    )


def compared(
    data: Data, outcome: str, first: str, second: str, hour: float, who: Mask, test: Test | None
) -> tuple[statistics.Comparison, Floats]:
    """Compare the change from baseline in two arms; without a named test paired where each person has both, else two-sample."""
    if test == "ancova":
        fit, arms = _adjusted(data, Question(outcome, "ls-change", first, hour), who, change=True)
        i, k = arms.index(first), arms.index(second)
        return statistics.compare(fit, i, k), fit.counts[i] + fit.counts[k]
    if test in SHARE_TESTS:
        return _shares_compared(data, outcome, first, second, hour, who, test)
    (y, x, one), (v, u, two) = (pair(data, outcome, arms_of(data.protocol, arm), hour) for arm in (first, second))
    one, two = one & who, two & who
    if data.protocol.crossover:
        both = one & two
        return statistics.paired_t(y - x, v - u, both), statistics.count(both)
    return statistics.two_sample_t(y - x, v - u, one, two), statistics.count(one) + statistics.count(two)


def _shares_compared(
    data: Data, outcome: str, first: str, second: str, hour: float, who: Mask, test: Test | None
) -> tuple[statistics.Comparison, Floats]:
    """Compare who responded; below zero where more did in the first arm, as a fall is, so that a pattern reads alike."""
    k, a, h, b = _counts(data, outcome, first, second, hour, who, "response")
    gap, none = statistics.divide(h, b) - statistics.divide(k, a), np.full_like(k, np.nan)
    if test == "fisher":
        return statistics.Comparison(gap, none, none, none, table.fisher(k, a, h, b)), a + b
    found = table.chi_squared(k, a, h, b)
    return statistics.Comparison(gap, none, found.chi_squared, np.ones_like(k), found.p), a + b


def _adjusted(data: Data, asked: Question, who: Mask, *, change: bool) -> tuple[statistics.Adjusted, list[str]]:
    arms = [arm.name for arm in data.protocol.conditions]
    carried = data.protocol.missing == "locf"
    parts = [pair(data, asked.outcome, (arm,), float(asked.hour or 0.0), carried) for arm in arms]
    y = [score - base if change else score for score, base, _ in parts]
    return statistics.ancova(y, [base for _, base, _ in parts], [known & who for _, _, known in parts]), arms


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
    who = people(data, line.group or EVERYONE)
    found, _ = compared(data, line.outcome, first, second, hour, who, line.test)
    told = np.isfinite(found.p)
    side = {"first": found.difference < 0, "second": found.difference > 0}.get(line.direction, told)
    significant = told & side & (np.where(told, found.p, 1.0) < line.alpha)
    return (significant if line.significant else told & ~significant), told
