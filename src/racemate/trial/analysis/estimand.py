"""Estimand: what a number of a trial is an estimate of, in words (ICH E9(R1): treatment, population, variable, events, summary)."""

from racemate.trial.analysis.counted import arms_of
from racemate.trial.analysis.look import DROPOUT, Question
from racemate.trial.design.protocol import Protocol
from racemate.trial.design.scheme import COMPLETERS, EVERYONE, OVER_TIMES, SHARE_TESTS, parted

DAY_H = 24.0
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
    "risk-difference": "difference of shares",
    "remission-difference": "difference of shares",
    "risk-ratio": "ratio of shares",
    "odds-ratio": "odds ratio",
    "remission-odds-ratio": "odds ratio",
    "number-needed-to-treat": "one over the difference of shares",
    "hazard-ratio": "hazard ratio by Cox's partial likelihood",
    "median-time": "median time by Kaplan-Meier",
    "event-free": "share of people by Kaplan-Meier",
    "tipping-point": "points by which those who left must have done worse before p reaches 0.05",
}
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


def said(protocol: Protocol, question: Question) -> str:
    """What the answer to a question estimates, in five short sentences.

    They are built from the question and the protocol, so that they say what is computed.  The protocol's own estimand, where it has
    one, follows as what the trial set out to estimate: whether the question is the primary one is not for the machine to tell.
    """
    parts = {
        "Treatment": _treatment(protocol, question),
        "Population": _population(protocol, question),
        "Variable": _variable(protocol, question),
        "Intercurrent events": _events(protocol, question),
        "Summary": _summary(protocol, question),
    }
    text = " ".join(f"{name}: {words}." for name, words in parts.items())
    if protocol.estimand is None:
        return text
    stated = protocol.estimand
    events = "; ".join(stated.intercurrent) or "none named"
    return f"{text} The trial set out to estimate: {stated.summary} of {stated.variable} in {stated.population}; events: {events}."


def _treatment(protocol: Protocol, question: Question) -> str:
    if " vs " not in question.arm:
        return _together(protocol, question.arm)
    return " against ".join(_together(protocol, arm) for arm in parted(question.arm))


def _together(protocol: Protocol, arm: str) -> str:
    several = arms_of(protocol, arm)
    return f"{', '.join(several)}, taken together" if several[1:] else arm


def _population(protocol: Protocol, question: Question) -> str:
    entry = "everyone randomised" if question.group == EVERYONE else question.group
    if question.group == COMPLETERS:
        entry = "those who stayed to the end, picked by what happened after randomisation"
    elif question.group in {group.name for group in protocol.groups}:
        group = next(group for group in protocol.groups if group.name == question.group)
        under = f" under {group.arm}" if group.arm else ""
        entry = f"{question.group}: {group.rule} on {group.outcome} at {', '.join(group.at)}{under}, picked after randomisation"
    return entry


def _variable(protocol: Protocol, question: Question) -> str:
    if question.outcome == DROPOUT:
        return "leaving before the last visit"
    when = "no time" if question.hour is None else _moment(question.hour, protocol.baseline_h)
    name, kind = question.outcome.upper(), question.statistic
    if question.way.event:
        since = _moment(question.way.since_h, protocol.baseline_h)
        return f"time from {since} to {question.way.event}, as the decision of that name defines it, looked at until {when}"
    if kind == "relapse":
        return f"{name} above {question.over:g} at some rating up to {when}"
    if kind == "sustained-response":
        return f"{_response(protocol, name)} at {question.least} or more of {len(question.hours)} ratings up to {when}"
    if kind.startswith("remission"):
        return f"{name} of {protocol.remission[question.outcome]:g} or less at {when}"
    if kind == "share":
        return f"{name} above {question.over:g} at {when}"
    if kind == "response" or kind in _OF_SHARES or question.test in SHARE_TESTS:
        return f"{_response(protocol, name)} at {when}"
    if kind.endswith("mean") or kind in ("median", "sd"):
        return f"{name} at {when}"
    return f"change of {name} from baseline to {when}"


def _response(protocol: Protocol, name: str) -> str:
    return f"fall of {name} by {_PERCENT * protocol.response:g} % or more of the score at {protocol.response_from}"


def _moment(hour: float, baseline_h: float) -> str:
    if hour in (0.0, baseline_h):
        return "baseline"
    return f"{hour / DAY_H:g} days" if hour >= 2 * DAY_H else f"{hour:g} h"


def _events(protocol: Protocol, question: Question) -> str:
    if question.outcome == DROPOUT:
        return "leaving is itself the variable"
    if question.way.event:
        return f"who leaves is followed until then; {_DOSED}"
    shares = question.statistic in ("response", "remission", "share", *_OF_SHARES) or question.test in SHARE_TESTS
    if question.statistic in OVER_TIMES:
        rule = "counts where the ratings before it settle the matter, else is left out"
    elif question.statistic.startswith("locf"):
        rule = _MISSING["locf"]
    elif question.test == "mmrm" and not shares:
        rule = "counts with the ratings made before it, as if missing at random"
    elif question.way.missing:
        rule = _MISSING[question.way.missing].format(reference=question.way.reference)
    elif shares or question.statistic.startswith("remission"):
        rule = _MISSING[protocol.missing]
    else:
        adjusted = question.statistic.startswith("ls-") or question.test == "ancova"
        rule = _MISSING["locf" if adjusted and protocol.missing == "locf" else "observed"]
    return f"who leaves {rule}; {_DOSED}"


def _summary(protocol: Protocol, question: Question) -> str:
    summary = _SUMMARY.get(question.statistic, "share of people")
    strata = f", over strata by {' and '.join(question.way.strata)}" if question.way.strata else ""
    if question.statistic not in ("p-value", "test-statistic"):
        model = (
            f" by the {_model(question)}" if question.test == "mmrm" and question.statistic.startswith("ls-") else ""
        )
        return f"{summary}{model}{strata}"
    usual = "paired-t" if protocol.crossover else "two-sample-t"
    name = _model(question) if question.test == "mmrm" else _TEST[question.test or usual]
    return f"{summary} of the {name}{strata}"


def _model(question: Question) -> str:
    visits, way = len(question.way.hours), question.way
    return f"{_TEST['mmrm']} ({visits} visits, covariance {way.structure}, degrees of freedom {way.df})"
