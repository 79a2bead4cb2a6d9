"""Scheme: how a trial's data are to be read: groups of people, statistics, the estimand, and the pattern its authors report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from typing import Literal, NamedTuple, Self

from pydantic import Field, model_validator

from racemate.chain.score import Score
from racemate.evidence.record import Number, Record, Text, Whole
from racemate.trial.design.schedule import ProtocolError

NOT_RATED = ("systolic_rise", "sedation", "nausea")
Test = Literal[
    "paired-t",
    "two-sample-t",
    "ancova",
    "mmrm",
    "crossover",
    "period",
    "carry-over",
    "chi-squared",
    "fisher",
    "cochran-mantel-haenszel",
    "log-rank",
]
SHARE_TESTS = ("chi-squared", "fisher", "cochran-mantel-haenszel")
"""Tests that compare the shares of people who responded; the others compare the changes from baseline, or times to an event."""
CROSSED_TESTS = ("crossover", "period", "carry-over")
"""Tests of a crossover of two conditions in two periods: treatment adjusted for period, period, and carry-over."""
ADJUSTED_TESTS = ("ancova", "mmrm")
"""Tests of means adjusted for the baseline."""
CARRIED = ("locf", "bocf", "worst")
"""Single values in place of a missing rating: the last one, the baseline, or the worst so far."""
IMPUTED = ("mar", "jump-to-reference", "copy-reference", "copy-increments")
"""Assumptions under which the ratings after leaving are imputed many times over."""
OF_IMPUTED = ("ls-difference", "p-value", "test-statistic", "tipping-point")
"""Statistics of imputed ratings."""
READINGS = {**{name: name for name in Score._fields if name not in NOT_RATED}, "systolic": "systolic_rise"}
"""Reading of the chain behind each scale that can be rated."""
MOOD_SCALES = ("madrs", "hamd17", "hamd6", "bdi2", "qids", "phq9", "ssi")
"""Scales that read the latent severity, so that mood and rater error move them."""
FELT_SCALE = "cadss"
"""The scale of what is felt in a session, which differs from session to session."""
EVERYONE, COMPLETERS, GENOTYPED = "everyone", "completers", "genotyped"
"""Groups that every trial has: whoever has the rating at hand, whoever has every rating, and whoever has a genotype, which is everyone."""


class Range(NamedTuple):
    """People told apart by a covariate: those from ``low`` up to and without ``high``."""

    covariate: str
    low: float
    high: float


SUBGROUPS: Mapping[str, Range] = {
    "women": Range("female", 0.5, inf),
    "men": Range("female", -inf, 0.5),
    "older": Range("age", 65, inf),
    "younger": Range("age", -inf, 65),
    "g-carriers": Range("oprm1_g", 0.5, inf),
    "aa": Range("oprm1_g", -inf, 0.5),
}
"""Groups by a covariate, as the vocabulary of the evidence defines them; a yes or no is 1 or 0."""
CONTRASTS = (
    "difference",
    "ls-difference",
    "p-value",
    "test-statistic",
    "effect-size",
    "risk-difference",
    "risk-ratio",
    "odds-ratio",
    "number-needed-to-treat",
    "remission-difference",
    "remission-odds-ratio",
    "remission-p-value",
    "hazard-ratio",
    "tipping-point",
    "interaction",
)
"""Statistics that compare two arms; shares are of those who responded, unless the name says remission."""
TO_EVENT = ("event-free", "median-time", "hazard-ratio")
"""Statistics of the time to an event, which is a decision of the protocol: by Kaplan-Meier for one arm, by Cox for two."""
BY_ALLELE = ("slope", "slope-p-value", "variance-explained")
"""Statistics of the line of a change on the number of OPRM1 118G alleles in one arm; an interaction is the difference of two slopes."""
OVER_TIMES = ("sustained-response", "relapse")
"""Statistics of one arm over several times: who responded at so many of them, and who once scored above a limit."""
SINGLE = (
    "observed-mean",
    "observed-change",
    "observed-percent-change",
    "ls-mean",
    "ls-change",
    "locf-mean",
    "locf-change",
    "median",
    "median-change",
    "sd",
    "response",
    "remission",
    "share",
    *OVER_TIMES,
    "event-free",
    "median-time",
    *BY_ALLELE,
)
"""Statistics of one arm."""


class Way(NamedTuple):
    """How an analysis is made, beyond the name of its test."""

    hours: tuple[float, ...] = ()
    """Visits of the mixed model for repeated measures."""
    structure: str = "us"
    df: str = "satterthwaite"
    strata: tuple[str, ...] = ()
    """Strata of the randomisation that the analysis adjusts for."""
    missing: str = ""
    """How missing ratings are treated; empty: as the protocol says."""
    reference: str = ""
    """The arm whose course those who left are taken to follow."""
    event: str = ""
    """The decision that is the event."""
    since_h: float = 0.0
    """Hour from which the time to the event counts."""


PLAIN = Way()
"""The way of an analysis that states none."""


class Estimand(Record):
    """What is estimated: whom it is about, the variable, what becomes of intercurrent events, and the summary."""

    population: Text
    variable: Text
    intercurrent: tuple[Text, ...] = ()
    summary: Text


class Look(Record):
    """A place in the data: an outcome at one or more times, in the arms named."""

    outcome: Text
    at: tuple[Text, ...] = Field(min_length=1)
    group: str = ""

    @property
    def label(self) -> str:
        """How errors call this part."""
        return type(self).__name__.lower()

    @property
    def named_arms(self) -> tuple[str, ...]:
        """Arms this part speaks of."""
        return ()


def parted(contrast: str) -> tuple[str, str]:
    """The two arms of ``a vs b``; raises ProtocolError."""
    parts = tuple(name.strip() for name in contrast.split(" vs "))
    if len(parts) != 2 or not all(parts):
        raise ProtocolError(contrast, "two arms, as 'a vs b'")
    return parts[0], parts[1]


class Group(Look):
    """People picked by an earlier outcome, such as those who responded on day 1 under one condition."""

    name: Text
    arm: str = ""
    """Left out: each person's own arm (of a crossover: under every condition)."""
    rule: Literal["response", "no-response", "remission"] = "response"

    @property
    def named_arms(self) -> tuple[str, ...]:
        """The arm under which the outcome is looked at."""
        return (self.arm,) if self.arm else ()


class Analysis(Look):
    """Statistics of an outcome at some times, for each arm or for contrasts ``a vs b``."""

    statistics: tuple[Text, ...] = Field(min_length=1)
    arms: tuple[Text, ...] = ()
    contrasts: tuple[Text, ...] = ()
    test: Test | None = None
    """Left out: paired where each person has both arms, else two-sample."""
    over: Number | None = None
    """For `share` and `relapse`: the share of people above this score."""
    least: Whole | None = Field(default=None, ge=1)
    """For `sustained-response`: at how many of the times a person must have responded; left out, at all."""
    structure: Literal["us", "toep", "toeph", "ar1", "ar1h", "cs", "csh"] | None = None
    """Of the test `mmrm`, whose visits are the times of this analysis; left out, unstructured."""
    df: Literal["satterthwaite", "kr", "kr-linear"] | None = None
    """Of the test `mmrm`; left out, `satterthwaite`."""
    strata: tuple[Text, ...] = ()
    """Of the tests `ancova` and `cochran-mantel-haenszel`: strata of the randomisation."""
    missing: (
        Literal["observed", "locf", "bocf", "worst", "mar", "jump-to-reference", "copy-reference", "copy-increments"]
        | None
    ) = None
    """Of this analysis; left out, as the protocol says."""
    reference: str = ""
    """The arm whose course those who left are taken to follow, where their ratings are imputed."""
    event: str = ""
    """The decision that is the event of `event-free`, `median-time`, `hazard-ratio`, `relapse` and the test `log-rank`."""
    since: str = ""
    """The time from which the time to the event counts; left out, the first session."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for statistic in self.statistics:
            if statistic not in (*CONTRASTS, *SINGLE):
                raise ProtocolError(statistic, f"one of {', '.join((*SINGLE, *CONTRASTS))}", "statistics")
            if statistic in CONTRASTS and not self.contrasts:
                raise ProtocolError(statistic, "'a vs b', which this statistic compares", "contrasts")
        if "share" in self.statistics and self.over is None and self.outcome != "dropout":
            raise ProtocolError(None, "the score above which a person counts", "over")
        if "relapse" in self.statistics and self.over is None and not self.event:
            raise ProtocolError(None, "the score above which a person has relapsed, or an event", "over")
        if self.least is not None and self.least > len(self.at):
            raise ProtocolError(self.least, f"at most the number of times, {len(self.at)}", "least")
        for contrast in self.contrasts:
            parted(contrast)
        self._optioned()
        return self

    def _optioned(self) -> None:
        """Refuse an option that the analysis has no use for, and one that it lacks."""
        imputed = self.missing in IMPUTED
        timed = self.test == "log-rank" or any(name in TO_EVENT for name in self.statistics)
        for field, found, needed, used in (
            ("structure", self.structure, False, self.test == "mmrm"),
            ("df", self.df, False, self.test == "mmrm"),
            (
                "strata",
                self.strata,
                self.test == "cochran-mantel-haenszel",
                self.test in ("ancova", "cochran-mantel-haenszel"),
            ),
            ("reference", self.reference, imputed, imputed),
            ("event", self.event, timed, timed or "relapse" in self.statistics),
            ("since", self.since, False, bool(self.event)),
        ):
            if found and not used:
                raise ProtocolError(found, "none, for no statistic or test of this analysis uses it", field)
            if needed and not found:
                raise ProtocolError(
                    found or None, "given, for a statistic, test or rule of this analysis needs it", field
                )
        if imputed and (self.test != "ancova" or not set(self.statistics) <= set(OF_IMPUTED)):
            found = next((name for name in self.statistics if name not in OF_IMPUTED), self.test)
            raise ProtocolError(
                found, f"test 'ancova' and {', '.join(OF_IMPUTED)}, where ratings are imputed", "missing"
            )
        if "tipping-point" in self.statistics and not imputed:
            raise ProtocolError(self.missing, f"one of {', '.join(IMPUTED)}, which the tipping point shifts", "missing")
        if self.missing is not None and self.test == "mmrm":
            raise ProtocolError(self.missing, "none: the mixed model uses the ratings as they were made", "missing")

    @property
    def named_arms(self) -> tuple[str, ...]:
        """Arms looked at alone and in contrasts."""
        named = (*self.arms, *(arm for contrast in self.contrasts for arm in parted(contrast)))
        return (*named, self.reference) if self.reference else named

    def way(self, at: Callable[[str], float]) -> Way:
        """How it is made; ``at`` turns a time of the protocol into hours."""
        return Way(
            tuple(sorted(at(text) for text in self.at)) if self.test == "mmrm" else (),
            self.structure or "us",
            self.df or "satterthwaite",
            self.strata,
            self.missing or "",
            self.reference,
            self.event,
            at(self.since) if self.since else 0.0,
        )


class Expect(Look):
    """One line of a pattern: the first arm of ``contrast`` falls more (or not) than the second, by a test at ``alpha``."""

    contrast: Text
    significant: bool
    test: Test | None = None
    alpha: Number = Field(default=0.05, gt=0, lt=1)
    """Two-sided."""
    direction: Literal["first", "second", "either"] = "first"
    """Which arm must have fallen more for the difference to count."""

    @property
    def named_arms(self) -> tuple[str, ...]:
        """Both arms of the contrast."""
        return parted(self.contrast)


class Pattern(Record):
    """A published finding as a predicate on simulated data: it holds when every line holds."""

    name: Text
    expect: tuple[Expect, ...] = Field(min_length=1)
    source: Text
    place: str = ""
    note: str = ""
