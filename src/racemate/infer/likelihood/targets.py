"""Targets: the rows of trial reports that a fit may look at, each with its error, and why every other row is left out.

A row enters when the virtual trial computes its statistic, when somebody read it (a recalled number is never a target) and when no other
row says the same of the same people.  `admitted` is the only door to outcomes: it refuses a trial that is held out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from racemate.evidence.finding import EvidenceError
from racemate.evidence.library import Library, library
from racemate.evidence.record import DOUBTFUL, Claim, Observation, Quantity, Trial, Use
from racemate.trial.analysis.counted import arms_of
from racemate.trial.analysis.look import DROPOUT, Question
from racemate.trial.design.protocol import Protocol
from racemate.trial.design.scheme import EVERYONE, MOOD_SCALES, parted
from racemate.trial.published import mirror, protocol_of
from racemate.units import convert

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["mean", "sd", "share", "effect-size", "scan"]
Scope = Literal["calibration", "all-trials"]
SCOPES: dict[Scope, tuple[Use, ...]] = {"calibration": ("calibration",), "all-trials": ("calibration", "hold-out")}
"""What each set of trials may read; trials of use ``context`` are never fitted."""
REUSED = 0.5
"""Weight of counts whose people also enter by their mean (calibration probe, section 1): they are not new people."""
_MEANS = ("observed-change", "ls-change", "observed-mean", "ls-mean", "locf-change", "locf-mean")
"""Means of one arm, the one to keep first."""
_SHARES = ("response", "remission")
_CONTRASTS = ("ls-difference", "difference", "effect-size")
_RELAPSE = "relapse"
_IMAGING = "imaging"
"""Topic of the anchors and quantities that hold scans."""
GLUTAMATE = "glx"
"""The outcome of scans that the chain computes."""
_Z95 = 1.959963984540054


@dataclass(frozen=True)
class Course:
    """Relapse of those who had responded by hour ``entered``: a score above ``over`` at any of ``hours``."""

    entered: float
    hours: tuple[float, ...]
    over: float


@dataclass(frozen=True)
class Target:
    """One published number and its sampling error, on the scale of its own outcome.

    ``terms`` are arms with their coefficients; ``n`` are people behind it; ``error`` is a standard error (0 for a share, whose law is
    binomial in ``value * n``, and for a spread, whose law is chi-squared).  A scan has no arm: its ``trial`` is the source.
    """

    trial: str
    line: int
    outcome: str
    statistic: str
    arm: str
    hour: float
    kind: Kind
    terms: tuple[tuple[str, float], ...]
    value: float
    error: float
    n: float
    weight: float = 1.0
    from_baseline: bool = True
    adjusted: bool = False
    error_from: str = ""
    source: str = ""
    course: Course | None = None

    @property
    def hours(self) -> tuple[float, ...]:
        """Every hour at which the chain is asked."""
        return (self.course.entered, *self.course.hours) if self.course else (self.hour,)

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms whose people the number is about, one or several taken together; none for a contrast."""
        return () if any(coefficient < 0 for _, coefficient in self.terms) else tuple(arm for arm, _ in self.terms)


@dataclass(frozen=True)
class Dropped:
    """A row that does not enter, and why."""

    trial: str
    line: int
    outcome: str
    statistic: str
    arm: str
    reason: str


@dataclass(frozen=True)
class Targets:
    """What a fit may look at: targets, the protocols of their trials, the rows left out, and the evidence's hash."""

    scope: Scope
    targets: tuple[Target, ...]
    dropped: tuple[Dropped, ...]
    protocols: dict[str, Protocol]
    evidence_hash: str

    @property
    def trials(self) -> tuple[str, ...]:
        """Trials with at least one target, in order; a scan is no trial."""
        return tuple(dict.fromkeys(one.trial for one in self.targets if one.kind != "scan"))

    def table(self) -> pd.DataFrame:
        """Every row of the admitted trials: used or not, with its error, its weight and the reason."""
        import pandas as pd

        used = [
            {**_label(one), "used": True, "value": one.value, "error": one.error or None, "n": one.n}
            | {"weight": one.weight, "reason": one.error_from}
            for one in self.targets
        ]
        left = [{**_label(one), "used": False, "reason": one.reason} for one in self.dropped]
        frame = pd.DataFrame([*used, *left]).astype({"value": "Float64", "error": "Float64", "n": "Float64"})
        return frame.sort_values(["trial", "line", "used"], kind="stable", ignore_index=True)


def _label(one: Target | Dropped) -> dict[str, object]:
    return {name: getattr(one, name) for name in ("trial", "line", "outcome", "statistic", "arm")}


def admitted(name: str, scope: Scope = "calibration", known: Library | None = None) -> Trial:
    """A trial without the rows that this scope must not see; raises EvidenceError for a trial that it must not see at all."""
    trial = (known or library()).trial(name)
    if trial.use not in SCOPES[scope]:
        raise EvidenceError(f"{trial.folder}/protocol.toml", "trial.use", trial.use, " or ".join(SCOPES[scope]))
    rows = tuple(row for row in trial.observations if trial.use_of(row) in (*SCOPES[scope], "context"))
    return trial.model_copy(update={"observations": rows})


def read(scope: Scope = "calibration", trials: tuple[str, ...] | None = None, known: Library | None = None) -> Targets:
    """Targets of a scope (default: every trial it admits, and scans).

    Raises EvidenceError for an unknown trial, for one that the scope must not see, and when nothing is left to fit.
    """
    evidence = known or library()
    if scope not in SCOPES:
        raise EvidenceError("fit", "trials", repr(scope), f"one of {', '.join(SCOPES)}")
    names = trials or tuple(name for name, trial in evidence.trials.items() if trial.use in SCOPES[scope])
    targets: list[Target] = []
    dropped: list[Dropped] = []
    protocols: dict[str, Protocol] = {}
    for name in names:
        trial = admitted(name, scope, evidence)
        if not trial.observations:
            continue
        # Only the first part is fitted: who enters a later stage is chosen by an outcome.
        protocol = protocol_of(trial).model_copy(update={"stages": ()})
        kept, left = _choose(trial, protocol)
        targets += kept
        dropped += left
        if kept:
            protocols[name] = protocol
    if not targets:
        raise EvidenceError("fit", "trials", ", ".join(names), "trials with a row that can be fitted")
    if trials is None:
        targets += _scans(evidence)
        dropped += _unscanned(evidence)
    return Targets(scope, tuple(targets), tuple(dropped), protocols, evidence.hash)


def _scans(evidence: Library) -> Iterator[Target]:
    """Anchors of imaging that the chain computes, with their printed or derived error."""
    for anchor in evidence.about(_IMAGING):
        error = anchor.spread.value if anchor.spread.kind == "se" else None
        if anchor.use == "calibration" and anchor.outcome == GLUTAMATE and error and anchor.n:
            hour = 0.0 if anchor.time is None else convert(anchor.time, anchor.time_unit, "h")
            told = f"{anchor.spread.how or 'printed'} standard error"
            yield Target(
                anchor.source, 0, anchor.outcome, anchor.statistic, anchor.who, hour, "scan", (), anchor.value, error,
                float(anchor.n), error_from=told, source=anchor.source,
            )  # fmt: skip


def _unscanned(evidence: Library) -> Iterator[Dropped]:
    """Scans of people that are no target."""
    used = {one.source for one in _scans(evidence)}
    for name, quantity in evidence.quantities.items():
        for claim in quantity.claims:
            if quantity.topic in (_IMAGING, "glutamate") and claim.species == "human" and claim.source not in used:
                yield Dropped(claim.source, 0, quantity.topic, name, quantity.drug, _unseen(evidence, quantity, claim))


def _unseen(evidence: Library, quantity: Quantity, claim: Claim) -> str:
    """Why a scan is no target."""
    for parameter in sorted(evidence.parameters.values(), key=lambda one: one.link != quantity.link):
        formed = {name for one in parameter.pooled for name in one.sources}
        if parameter.drug == quantity.drug and claim.source in formed:
            return f"already the prior of {parameter.name}"
    if claim.how in DOUBTFUL:
        return f"{claim.how}: a number that nobody read in its source is no target"
    if claim.spread.kind == "none":
        return "no standard error can be derived"
    return "the chain has no such reading at an hour that is printed"


def _choose(trial: Trial, protocol: Protocol) -> tuple[list[Target], list[Dropped]]:
    """Targets of one trial, and the rows left out."""
    found: list[tuple[Target, Observation]] = []
    dropped: list[Dropped] = []
    for row in trial.observations:
        asked, why = mirror(protocol, row)
        context = "context: to be read beside the others, not to be fitted" if trial.use_of(row) == "context" else ""
        why = _not_counted(row) or why or context or _pooled(trial) or _refused(protocol, row, asked)
        made = [] if why else list(_targets(trial, protocol, row, asked))
        if made:
            found += [(one, row) for one in made]
        else:
            dropped.append(_drop(trial, row, why or "no standard error can be derived"))
    kept: list[Target] = []
    for one, row in found:
        why = _said_before(one, [other for other, _ in found])
        if why:
            dropped.append(_drop(trial, row, why))
        else:
            kept.append(one)
    return [replace(one, weight=_weight(one, kept)) for one in kept], dropped


def _pooled(trial: Trial) -> str:
    return f"pools people of trials that stand alone ({', '.join(trial.people_of)})" if trial.people_of else ""


def _not_counted(row: Observation) -> str:
    """Why a row on relapse gives no number of people who relapsed by one time; empty when it does, or is of something else."""
    if row.outcome != _RELAPSE:
        return ""
    if row.statistic == "mean-time":
        return "a mean time to relapse leaves out those who had not relapsed"
    if row.statistic != _RELAPSE:
        return f"no standard error can be derived from a {row.statistic} of relapse"
    if row.time is None:
        return "relapse over a time that differs between people"
    return "" if row.n else "relapse of people whose number is not printed"


def _drop(trial: Trial, row: Observation, reason: str) -> Dropped:
    return Dropped(trial.id, row.line, row.outcome, row.statistic, row.arm, reason)


def _refused(protocol: Protocol, row: Observation, asked: Question) -> str:
    """Why a row that the virtual trial computes is still no target."""
    if row.how in DOUBTFUL:
        return f"{row.how}: a number that nobody read in its source is no target"
    if row.outcome == DROPOUT:
        return "dropout is put into the protocol, not predicted"
    if asked.hour == protocol.baseline_h:
        return "baseline: it says who was let in"
    if asked.outcome not in MOOD_SCALES:
        return f"{asked.outcome} is not fitted"
    if row.statistic == _RELAPSE:
        return "" if _course(protocol, asked) else "what counted as relapse was not found"
    if row.statistic not in (*_MEANS, *_SHARES, *_CONTRASTS, "sd"):
        return f"{row.statistic}: what it says is in the means and the counts"
    if row.statistic == "sd" and len(arms_of(protocol, row.arm)) > 1:
        return "the spread of arms taken together is not predicted"
    if asked.group != EVERYONE and not protocol.crossover:
        return f"the group {asked.group} is chosen by an outcome"
    return ""


def _course(protocol: Protocol, asked: Question) -> Course | None:
    """The rule of relapse as an analysis of the trial has it; None where there is none, or where it does not follow a response."""
    group = next((one for one in protocol.groups if one.name == asked.group and one.rule == "response"), None)
    if group is None or asked.over is None or not asked.hours or len(group.at) > 1:
        return None
    (responded,) = map(protocol.at, group.at)
    return Course(responded, asked.hours, asked.over)


def _targets(trial: Trial, protocol: Protocol, row: Observation, asked: Question) -> Iterator[Target]:
    """The targets that one row gives: a mean also gives its spread when that was printed."""
    sides = ((row.arm, 1.0),) if " vs " not in row.arm else tuple(zip(parted(row.arm), (1.0, -1.0), strict=True))
    terms = tuple((arm, sign * share) for name, sign in sides for arm, share in _shares_of(protocol, name))
    n = float(row.n or sum(_people(protocol, arm) or 0 for arm, _ in terms))
    plain = Target(
        trial.id, row.line, row.outcome, row.statistic, row.arm, float(asked.hour or 0.0), "mean", terms, row.value, 0.0, n,
        from_baseline=not row.statistic.endswith("mean"), adjusted=row.statistic.startswith("ls-"), source=row.source,
    )  # fmt: skip
    if row.statistic == _RELAPSE:
        course = _course(protocol, asked)
        yield replace(
            plain, outcome=asked.outcome, kind="share", value=_share(row, n), error_from="binomial", course=course
        )
    elif row.statistic in _SHARES:
        if n:
            yield replace(plain, kind="share", value=_share(row, n), error_from="binomial")
    elif row.statistic == "sd":
        yield replace(plain, kind="sd", error_from="chi-squared")
    elif row.statistic == "effect-size":
        sizes = [float(_people(protocol, arm) or 0) for arm, _ in terms]
        if all(sizes):
            error = float(np.sqrt(sum(1 / size for size in sizes) + row.value**2 / (2 * sum(sizes))))
            yield replace(plain, kind="effect-size", error=error, n=sum(sizes), error_from="people per arm")
    else:
        error, error_from = _error(row, n)
        if error > 0:
            yield replace(plain, error=error, error_from=error_from)
        if row.spread_kind == "sd" and row.spread and n > 1 and not plain.adjusted and len(terms) == 1:
            yield replace(plain, kind="sd", value=row.spread, error_from="chi-squared")


def _shares_of(protocol: Protocol, name: str) -> Iterator[tuple[str, float]]:
    """The arms that a printed name takes together, each with its share of the people."""
    arms = arms_of(protocol, name) or (name,)
    people = [float(_people(protocol, arm) or 1) for arm in arms]
    yield from ((arm, count / sum(people)) for arm, count in zip(arms, people, strict=True))


def _people(protocol: Protocol, arm: str) -> int | None:
    if protocol.crossover:
        return protocol.people
    return {one.name: one.n for one in protocol.conditions}.get(arm)


def _share(row: Observation, n: float) -> float:
    if row.count is not None and row.n:
        return row.count / row.n
    return round(n * row.value / (1.0 if row.unit == "1" else 100.0)) / n


def _error(row: Observation, n: float) -> tuple[float, str]:
    """Standard error of a mean or a difference, and what it comes from; 0 when nothing printed gives one."""
    if row.spread_kind == "se" and row.spread:
        return row.spread, "printed standard error"
    if row.spread_kind == "range95" and row.low is not None and row.high is not None:
        return (row.high - row.low) / (2 * _Z95), "printed 95 % interval"
    if row.spread_kind == "sd" and row.spread and n > 1:
        return row.spread / float(np.sqrt(n)), "printed standard deviation and people"
    return 0.0, ""


def _said_before(one: Target, found: list[Target]) -> str:
    """The reason to leave a target out because others say the same of the same people; empty when none does."""
    rivals = [o for o in found if o is not one and (o.outcome, o.hour) == (one.outcome, one.hour)]
    if len(one.arms) > 1 and any(
        o.kind == one.kind and o.statistic == one.statistic and set(o.arms) < set(one.arms) for o in rivals
    ):
        return "the arms themselves are in"
    if one.kind == "mean" and one.arms:
        order = _MEANS.index(one.statistic)
        same = [o for o in rivals if o.kind == "mean" and o.arm == one.arm and o.statistic in _MEANS]
        better = any((_MEANS.index(o.statistic), o.line) < (order, one.line) for o in same)
        return "another row gives the mean of the same people" if better else ""
    if one.kind in ("mean", "effect-size"):
        means = {arm for o in rivals if o.kind == "mean" and len(o.arms) == 1 for arm in o.arms}
        if means >= {arm for arm, _ in one.terms}:
            return "the means of both arms are in"
        order = _CONTRASTS.index(one.statistic)
        same = [o for o in rivals if o.arm == one.arm and o.statistic in _CONTRASTS]
        better = any((_CONTRASTS.index(o.statistic), o.line) < (order, one.line) for o in same)
        return "another row gives the same contrast" if better else ""
    same = [o for o in rivals if o.kind == one.kind and o.arm == one.arm]
    if one.kind == "sd":
        rank = (_spread_rank(one), one.line)
        better = any((_spread_rank(o), o.line) < rank for o in same)
        return "another row gives the spread of the same people" if better else ""
    same = [o for o in same if o.statistic == one.statistic]
    return "another row states the same quantity" if any(o.line < one.line for o in same) else ""


def _spread_rank(one: Target) -> int:
    return 0 if one.statistic == "sd" else 1 + _MEANS.index(one.statistic)


def _weight(one: Target, kept: list[Target]) -> float:
    """Weight of the counts of one arm at one time: shared among them, and halved when their people also enter by a mean."""
    if one.kind != "share":
        return 1.0
    here = [o for o in kept if (o.outcome, o.hour) == (one.outcome, one.hour) and set(o.arms) & set(one.arms)]
    reused = any(o.kind == "mean" for o in here)
    return (REUSED if reused else 1.0) / sum(o.kind == "share" for o in here)
