"""Estimand: what a number of a trial is an estimate of, in words (ICH E9(R1): treatment, population, variable, events, summary)."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from racemate.trial.analysis.counted import arms_of
from racemate.trial.analysis.look import DROPOUT, OF_MODEL, Question, part_of
from racemate.trial.design.protocol import Protocol
from racemate.trial.design.scheme import (
    ADJUSTED_TESTS,
    COMPLETERS,
    CONTRASTS,
    EVERYONE,
    GENOTYPED,
    OVER_TIMES,
    SHARE_TESTS,
    parted,
)

DAY_H = 24.0
_HOUR_MIN = 60
_PERCENT = 100
_SUMMARY = {
    "observed-mean": "mean score",
    "observed-change": "mean change",
    "observed-percent-change": "mean change in percent of each person's baseline",
    "ls-mean": "mean score adjusted for the baseline",
    "ls-change": "mean change adjusted for the baseline",
    "locf-mean": "mean score",
    "locf-change": "mean change",
    "median": "median score",
    "median-change": "median change",
    "sd": "standard deviation between people",
    "difference": "difference of mean changes",
    "ls-difference": "difference of mean changes adjusted for the baseline",
    "effect-size": "difference of mean changes over their common standard deviation",
    "p-value": "two-sided p",
    "test-statistic": "test statistic",
    "remission-p-value": "two-sided p",
    "risk-difference": "difference of shares",
    "remission-difference": "difference of shares",
    "risk-ratio": "ratio of shares",
    "odds-ratio": "odds ratio",
    "remission-odds-ratio": "odds ratio",
    "number-needed-to-treat": "one over the difference of shares",
    "slope": "slope on the number of OPRM1 118G alleles",
    "slope-p-value": "two-sided p of the slope on the number of OPRM1 118G alleles",
    "variance-explained": "share of the variance that the number of OPRM1 118G alleles explains",
    "interaction": "difference of slopes on the number of OPRM1 118G alleles",
    "hazard-ratio": "hazard ratio by Cox's partial likelihood",
    "median-time": "median time by Kaplan-Meier",
    "event-free": "share of people by Kaplan-Meier",
    "tipping-point": "points by which those who left must have done worse before p reaches 0.05",
}
_ADJUSTED = {
    **dict.fromkeys(ADJUSTED_TESTS, " adjusted for the baseline"),
    "crossover": " adjusted for period",
    "period": " between the periods, adjusted for treatment",
}
"""What a test makes of a difference that is not called adjusted."""
_DOSED = "a dose changed as the protocol allows is part of the treatment"
_OF_SHARES = ("risk-difference", "risk-ratio", "odds-ratio", "number-needed-to-treat")
_MISSING = {
    "observed": "is left out from when it happens",
    "locf": "keeps the last rating before it",
    "failure": "counts as not improved",
    "bocf": "counts as unchanged from the baseline",
    "worst": "keeps the worst rating so far",
    "mar": "goes on as others of the own arm would",
    "jump-to-reference": "does from then on as {reference} does",
    "copy-reference": "is taken to have done as {reference} from the start",
    "copy-increments": "keeps what was gained and moves on as {reference} does",
}
_TEST = {
    "paired-t": "paired t test",
    "two-sample-t": "two-sample t test",
    "ancova": "analysis of covariance on the baseline",
    "mmrm": "mixed model for repeated measures",
    "crossover": "t test within persons adjusted for period",
    "period": "t test of the period adjusted for treatment",
    "carry-over": "t test of carry-over",
    "cochran-mantel-haenszel": "Cochran-Mantel-Haenszel test",
    "log-rank": "log-rank test",
    "chi-squared": "chi-squared test",
    "fisher": "Fisher's exact test",
}


class Estimand(NamedTuple):
    """What the answer to a question estimates; the variable and when it is looked at make one sentence."""

    treatment: str
    population: str
    variable: str
    when: str
    events: str
    summary: str

    def __str__(self) -> str:
        """Five short sentences."""
        parts = {
            "Treatment": self.treatment,
            "Population": self.population,
            "Variable": f"{self.variable} {self.when}".strip(),
            "Intercurrent events": self.events,
            "Summary": self.summary,
        }
        return " ".join(f"{name}: {words}." for name, words in parts.items())


def of(protocol: Protocol, question: Question) -> Estimand:
    """What the answer to a question estimates, built from the question and the protocol, so that it says what is computed."""
    part = part_of(protocol, question)[0] or protocol
    return Estimand(
        _treatment(part, question),
        _population(part, question),
        *_variable(part, question),
        _events(part, question),
        _summary(part, question),
    )


def said(protocol: Protocol, question: Question) -> str:
    """What the answer to a question estimates, in five short sentences.

    The protocol's own estimand, where it has one, follows as what the trial set out to estimate: whether the question is the primary
    one is not for the machine to tell.
    """
    return " ".join(filter(None, (str(of(protocol, question)), set_out(protocol))))


def set_out(protocol: Protocol) -> str:
    """What the trial itself set out to estimate, in its own words; empty where its record names nothing."""
    if protocol.estimand is None:
        return ""
    stated = protocol.estimand
    events = "; ".join(stated.intercurrent) or "none named"
    return f"The trial set out to estimate: {stated.summary} of {stated.variable} in {stated.population}; events: {events}."


def compared(protocol: Protocol, questions: Iterable[Question]) -> list[dict[str, Any]]:
    """The estimand of every comparison among some questions; those that differ in time or summary alone are told together.

    Items hold ``outcome``, ``arm`` (``a vs b``), ``population``, ``stage``, ``statistics`` and ``estimand``.
    """
    found: dict[tuple[str, ...], list[tuple[Question, Estimand]]] = {}
    for one in questions:
        if one.statistic in CONTRASTS:
            told = of(protocol, one)
            key = (one.stage, one.outcome, one.arm, one.group, told.variable, told.events)
            found.setdefault(key, []).append((one, told))
    return [_told(kin) for kin in found.values()]


def _told(kin: list[tuple[Question, Estimand]]) -> dict[str, Any]:
    question, first = kin[0]
    when = _listed(dict.fromkeys(told.when for _, told in kin))
    summary = "; ".join(dict.fromkeys(told.summary for _, told in kin))
    return {
        "outcome": question.outcome,
        "arm": question.arm,
        "population": question.group,
        "stage": question.stage,
        "statistics": list(dict.fromkeys(one.statistic for one, _ in kin)),
        "estimand": str(first._replace(when=when, summary=summary)),
    }


def _listed(words: Iterable[str]) -> str:
    """Times one after another; what they begin with in common is said once: "at 1 days, 3 days and 5 days"."""
    *before, last = words
    if not before:
        return last
    start = last.partition(" ")[0]
    rest = [word.removeprefix(f"{start} ") for word in (*before[1:], last)]
    return f"{', '.join((before[0], *rest[:-1]))} and {rest[-1]}"


def _treatment(protocol: Protocol, question: Question) -> str:
    if " vs " not in question.arm:
        return _together(protocol, question.arm)
    return " against ".join(_together(protocol, arm) for arm in parted(question.arm))


def _together(protocol: Protocol, arm: str) -> str:
    several = arms_of(protocol, arm)
    return f"{', '.join(several)}, taken together" if several[1:] else arm


def _population(protocol: Protocol, question: Question) -> str:
    entry = "everyone randomised" if question.group == EVERYONE else question.group
    if question.stage:
        entry = f"{'everyone' if question.group == EVERYONE else question.group} in the stage {question.stage}"
    if question.group == GENOTYPED:
        entry = "everyone randomised, all of them genotyped"
    if question.group == COMPLETERS:
        entry = "those who stayed to the end, picked by what happened after randomisation"
    elif question.group in {group.name for group in protocol.groups}:
        group = next(group for group in protocol.groups if group.name == question.group)
        under = f" under {group.arm}" if group.arm else ""
        entry = f"{question.group}: {group.rule} on {group.outcome} at {', '.join(group.at)}{under}, picked after randomisation"
    return entry


def _variable(protocol: Protocol, question: Question) -> tuple[str, str]:
    """The variable, and when it is looked at."""
    if question.outcome == DROPOUT:
        return "leaving before the last visit", ""
    when = "no time" if question.hour is None else _moment(question.hour, protocol.baseline_h)
    name, kind = question.outcome.upper(), question.statistic
    if question.way.event:
        since = _moment(question.way.since_h, protocol.baseline_h)
        what = f"time from {since} to {question.way.event}, as the decision of that name defines it"
        return what, "" if question.hour is None else f"looked at until {when}"
    if kind == "relapse":
        return f"{name} above {question.over:g} at some rating", f"up to {when}"
    if kind == "sustained-response":
        often = f"at {question.least} or more of {len(question.hours)} ratings"
        return f"{_response(protocol, name)} {often}", f"up to {when}"
    if kind.startswith("remission"):
        return f"{name} of {protocol.remission[question.outcome]:g} or less", f"at {when}"
    if kind == "share":
        return f"{name} above {question.over:g}", f"at {when}"
    if kind == "response" or kind in _OF_SHARES or question.test in SHARE_TESTS:
        return _response(protocol, name), f"at {when}"
    if kind.endswith("mean") or kind in ("median", "sd"):
        return name, f"at {when}"
    return f"change of {name} from baseline", f"to {when}"


def _response(protocol: Protocol, name: str) -> str:
    return f"fall of {name} by {_PERCENT * protocol.response:g} % or more of the score at {protocol.response_from}"


def _moment(hour: float, baseline_h: float) -> str:
    if hour in (0.0, baseline_h):
        return "baseline"
    if hour < 1:
        return f"{_HOUR_MIN * hour:.0f} min"
    return f"{hour / DAY_H:g} days" if hour >= 2 * DAY_H else f"{hour:g} h"


def _events(protocol: Protocol, question: Question) -> str:
    if question.outcome == DROPOUT:
        return "leaving is itself the variable"
    if question.way.event:
        return f"who leaves is followed until then; {_DOSED}"
    told = question.statistic in ("response", "share", *_OF_SHARES) or question.statistic.startswith("remission")
    shares = told or question.test in SHARE_TESTS
    if question.statistic in OVER_TIMES:
        rule = "counts where the ratings before it settle the matter, else is left out"
    elif question.statistic.startswith("locf"):
        rule = _MISSING["locf"]
    elif question.test == "mmrm" and not shares:
        rule = "counts with the ratings made before it, as if missing at random"
    elif question.way.missing:
        rule = _MISSING[question.way.missing].format(reference=question.way.reference)
    elif shares:
        rule = _MISSING[protocol.missing]
    else:
        adjusted = question.statistic.startswith("ls-") or question.test == "ancova"
        rule = _MISSING["locf" if adjusted and protocol.missing == "locf" else "observed"]
    return f"who leaves {rule}; {_DOSED}"


def _summary(protocol: Protocol, question: Question) -> str:
    summary = _SUMMARY.get(question.statistic, "share of people")
    strata = f", over strata by {' and '.join(question.way.strata)}" if question.way.strata else ""
    if question.statistic not in ("p-value", "remission-p-value", "test-statistic"):
        by_model = question.test == "mmrm" and question.statistic in OF_MODEL
        model = f" by the {_model(question)}" if by_model else ""
        adjusted = _ADJUSTED.get(question.test or "", "") if question.statistic == "difference" else ""
        return f"{summary}{adjusted}{model}{strata}"
    usual = "paired-t" if protocol.crossover else "two-sample-t"
    name = _model(question) if question.test == "mmrm" else _TEST[question.test or usual]
    return f"{summary} of the {name}{strata}"


def _model(question: Question) -> str:
    visits, way = len(question.way.hours), question.way
    return f"{_TEST['mmrm']} ({visits} visits, covariance {way.structure}, degrees of freedom {way.df})"
