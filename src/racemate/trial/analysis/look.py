"""Look: one question put to the data of a trial: a statistic of an outcome at a time, for an arm or a contrast, in a group of people."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from racemate.trial.analysis import statistics
from racemate.trial.conduct.rate import Data
from racemate.trial.design.protocol import Protocol
from racemate.trial.design.scheme import COMPLETERS, CONTRASTS, EVERYONE, SINGLE, Expect, Group, Pattern, Test, parted

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
DROPOUT = "dropout"
SHARES = ("response", "remission", "share", "risk-difference")
"""Statistics given in percent."""
PURE = ("p-value", "test-statistic", "effect-size", "odds-ratio")
_PERCENT = 100.0
_SLACK = 1e-9


@dataclass(frozen=True)
class Question:
    """What is asked; ``arm`` is a name, ``a vs b``, or ``all`` for dropout; ``hour`` counts from the first session of a period."""

    outcome: str
    statistic: str
    arm: str
    hour: float | None
    group: str = EVERYONE
    test: Test | None = None
    over: float | None = None

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
    names = {arm.name for arm in protocol.conditions}
    if asked.outcome == DROPOUT:
        return "" if asked.statistic == "share" and asked.arm in names | {"all"} else "not a share of an arm who left"
    if asked.statistic not in (*SINGLE, *CONTRASTS):
        return f"{asked.statistic} is not computed"
    if asked.outcome not in protocol.scales:
        return f"{asked.outcome} is not rated"
    arms = parted(asked.arm) if asked.statistic in CONTRASTS and " vs " in asked.arm else (asked.arm,)
    if not set(arms) <= names or (asked.statistic in CONTRASTS) != (len(arms) > 1):
        return f"{asked.arm} is not simulated"
    if asked.hour not in protocol.rated_h(asked.outcome):
        return "not rated at that time"
    plain = asked.statistic in ("observed-mean", "median", "share", "remission", "response")
    if asked.hour == protocol.baseline_h and not plain:
        return "a change at baseline"
    if asked.group not in {EVERYONE, COMPLETERS} | {group.name for group in protocol.groups}:
        return f"the group {asked.group} is not told apart"
    if protocol.crossover and (asked.statistic.startswith("ls-") or asked.test in ("ancova", "two-sample-t")):
        return "adjusted means need groups of different people"
    return _missing_rule(protocol, asked)


def _missing_rule(protocol: Protocol, asked: Question) -> str:
    if asked.statistic == "remission" and asked.outcome not in protocol.remission:
        return "no cut-off for remission"
    if asked.statistic == "share" and asked.over is None:
        return "no score above which a person counts"
    return ""


def ask(data: Data, asked: Question) -> Answer:
    """Answer a question for every replicate; raises ValueError for a question that `refusal` refuses."""
    if why := refusal(data.protocol, asked):
        raise ValueError(f"{asked.statistic} of {asked.outcome} in {asked.arm}: {why}")
    if asked.outcome == DROPOUT:
        arms = list(data.member) if asked.arm == "all" else [asked.arm]
        belongs = np.any([data.member[arm] for arm in arms], axis=0)
        return Answer(_PERCENT * statistics.share(data.left, belongs), statistics.count(belongs))
    if asked.statistic in CONTRASTS:
        return _contrast(data, asked)
    return _single(data, asked)


def people(data: Data, name: str) -> Mask:
    """Who is in a group, shape (replicates, people)."""
    if name == EVERYONE:
        return np.ones_like(data.left)
    if name == COMPLETERS:
        return data.complete
    group: Group = next(group for group in data.protocol.groups if group.name == name)
    found = people(data, group.group or EVERYONE)
    for text in group.at:
        hour = data.protocol.at(text)
        met, known = _event(data, group.outcome, group.arm, hour, group.rule.removeprefix("no-"))
        found = found & known & (~met if group.rule.startswith("no-") else met)
    return found


def _single(data: Data, asked: Question) -> Answer:
    hour, who = float(asked.hour or 0.0), people(data, asked.group)
    if asked.statistic in ("response", "remission", "share"):
        met, known = _event(data, asked.outcome, asked.arm, hour, asked.statistic, asked.over)
        return Answer(_PERCENT * statistics.share(met, known & who), statistics.count(known & who))
    if asked.statistic in ("ls-mean", "ls-change"):
        fit, arms = _adjusted(data, asked, who, change=asked.statistic == "ls-change")
        k = arms.index(asked.arm)
        return Answer(fit.means[k], fit.counts[k])
    carried = asked.statistic.startswith("locf")
    y, x, known = _pair(data, asked.outcome, asked.arm, hour, carried)
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
    if asked.statistic in ("risk-difference", "odds-ratio"):
        (met, known), (other, seen) = (_event(data, asked.outcome, arm, hour, "response") for arm in (first, second))
        p, q = statistics.share(met, known & who), statistics.share(other, seen & who)
        n = statistics.count(known & who) + statistics.count(seen & who)
        if asked.statistic == "risk-difference":
            return Answer(_PERCENT * (p - q), n)
        return Answer(statistics.divide(p * (1 - q), q * (1 - p)), n)
    if asked.statistic == "effect-size":
        (y, x, one), (v, u, two) = (_pair(data, asked.outcome, arm, hour) for arm in (first, second))
        n = statistics.count(one & who) + statistics.count(two & who)
        return Answer(statistics.effect_size(y - x, v - u, one & who, two & who), n)
    test = "ancova" if asked.statistic == "ls-difference" else asked.test
    found, n = compared(data, asked.outcome, first, second, hour, who, test)
    picked = {"p-value": found.p, "test-statistic": found.t}.get(asked.statistic, found.difference)
    return Answer(picked, n)


def compared(
    data: Data, outcome: str, first: str, second: str, hour: float, who: Mask, test: Test | None
) -> tuple[statistics.Comparison, Floats]:
    """Compare the change from baseline in two arms; without a named test paired where each person has both, else two-sample."""
    if test == "ancova":
        fit, arms = _adjusted(data, Question(outcome, "ls-change", first, hour), who, change=True)
        i, k = arms.index(first), arms.index(second)
        return statistics.compare(fit, i, k), fit.counts[i] + fit.counts[k]
    (y, x, one), (v, u, two) = (_pair(data, outcome, arm, hour) for arm in (first, second))
    one, two = one & who, two & who
    if data.protocol.crossover:
        both = one & two
        return statistics.paired_t(y - x, v - u, both), statistics.count(both)
    return statistics.two_sample_t(y - x, v - u, one, two), statistics.count(one) + statistics.count(two)


def _adjusted(data: Data, asked: Question, who: Mask, *, change: bool) -> tuple[statistics.Adjusted, list[str]]:
    arms = [arm.name for arm in data.protocol.conditions]
    carried = data.protocol.missing == "locf"
    parts = [_pair(data, asked.outcome, arm, float(asked.hour or 0.0), carried) for arm in arms]
    y = [score - base if change else score for score, base, _ in parts]
    return statistics.ancova(y, [base for _, base, _ in parts], [known & who for _, _, known in parts]), arms


def _pair(data: Data, scale: str, arm: str, hour: float, carried: bool = False) -> tuple[Floats, Floats, Mask]:
    """Score at a time, score at baseline, and who has both."""
    base, known = data.at(arm, scale, data.protocol.baseline_h)
    if carried:
        k = data.protocol.rated_h(scale).index(hour)
        values, seen = statistics.carried_forward(data.value[arm, scale], data.seen[arm, scale])
        return values[k], base, seen[k] & known
    score, seen = data.at(arm, scale, hour)
    return score, base, seen & known


def _event(data: Data, scale: str, arm: str, hour: float, what: str, over: float | None = None) -> tuple[Mask, Mask]:
    """Who met the definition, and of whom it is known, as the trial treats missing ratings."""
    protocol = data.protocol
    score, base, known = _pair(data, scale, arm, hour, carried=protocol.missing == "locf")
    if what == "response":
        start = data.screening if protocol.response_from == "screening" and scale == protocol.baseline_scale else base
        met = (start > 0) & (start - score >= protocol.response * start - _SLACK)
    elif what == "remission":
        met = score <= protocol.remission[scale] + _SLACK
    else:
        met = score > (over or 0.0)
    if protocol.missing == "failure":
        return met & known, data.member[arm]
    return met, known


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
