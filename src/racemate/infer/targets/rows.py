"""Rows: which rows of a trial's report are targets, what each gives, and the reason for every other.

A row enters when the virtual trial computes its statistic, when somebody read it (a recalled number is never a target) and when no other
row says the same of the same people.
"""

from __future__ import annotations

from dataclasses import replace

from racemate.evidence.record import DOUBTFUL, Observation, Trial
from racemate.infer.targets.printed import course, printed, shares_of, sides
from racemate.infer.targets.rival import said_before, weight
from racemate.infer.targets.statistic import CONTRASTS, MEANS, RELAPSE, SHARES
from racemate.infer.targets.target import Dropped, Target
from racemate.trial.analysis.counted import arms_of
from racemate.trial.analysis.look import DROPOUT, Question
from racemate.trial.design.protocol import Protocol
from racemate.trial.design.scheme import EVERYONE, MOOD_SCALES
from racemate.trial.published import mirror


def choose(trial: Trial, protocol: Protocol) -> tuple[list[Target], list[Dropped]]:
    """Targets of one trial, and the rows left out."""
    found: list[tuple[Target, Observation]] = []
    dropped: list[Dropped] = []
    for row in trial.observations:
        asked, why = mirror(protocol, row)
        context = "context: to be read beside the others, not to be fitted" if trial.use_of(row) == "context" else ""
        why = _not_counted(row) or why or context or _pooled(trial) or _refused(protocol, row, asked)
        made = [] if why else list(printed(trial, protocol, row, asked))
        if made:
            found += [(one, row) for one in made]
        else:
            dropped.append(_drop(trial, row, why or "no standard error can be derived"))
    kept: list[Target] = []
    for one, row in found:
        why = said_before(one, [other for other, _ in found])
        if why:
            dropped.append(_drop(trial, row, why))
        else:
            kept.append(one)
    return [replace(one, weight=weight(one, kept)) for one in kept], dropped


def _pooled(trial: Trial) -> str:
    return f"pools people of trials that stand alone ({', '.join(trial.people_of)})" if trial.people_of else ""


def _not_counted(row: Observation) -> str:
    """Why a row on relapse gives no number of people who relapsed by one time; empty when it does, or is of something else."""
    if row.outcome != RELAPSE:
        return ""
    if row.statistic == "mean-time":
        return "a mean time to relapse leaves out those who had not relapsed"
    if row.statistic != RELAPSE:
        return f"no standard error can be derived from a {row.statistic} of relapse"
    if row.time is None:
        return "relapse over a time that differs between people"
    return "" if row.n else "relapse of people whose number is not printed"


def _outside(protocol: Protocol, arm: str) -> str:
    """The treatment outside the chain that people of an arm, or of either side of a contrast, were given; empty when none was."""
    mine = {each for name in sides(arm) for each, _ in shares_of(protocol, name)}
    given = (one.comparator.name for one in protocol.conditions if one.name in mine and one.comparator is not None)
    return next(given, "")


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
    if row.statistic == RELAPSE:
        return "" if course(protocol, asked) else "what counted as relapse was not found"
    if row.statistic not in (*MEANS, *SHARES, *CONTRASTS, "sd"):
        return f"{row.statistic}: what it says is in the means and the counts"
    if row.statistic == "sd" and len(arms_of(protocol, row.arm)) > 1:
        return "the spread of arms taken together is not predicted"
    outside = _outside(protocol, row.arm)
    if outside:
        return f"{outside} is not in the chain: what it did tells of it, not of the chain"
    if asked.group != EVERYONE and not protocol.crossover:
        return f"the group {asked.group} is chosen by an outcome"
    return ""
