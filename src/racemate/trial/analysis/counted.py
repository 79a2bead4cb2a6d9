"""Counted: who counts in an answer, and of whom an event is known: arms alone or together, groups of people, events at one time or over several."""

import re

import numpy as np
from numpy.typing import NDArray

from racemate.trial.analysis.missing.single import RULES
from racemate.trial.conduct.rate import Data
from racemate.trial.design.people import SEVERE, SITE
from racemate.trial.design.protocol import Protocol
from racemate.trial.design.scheme import CARRIED, COMPLETERS, EVERYONE, GENOTYPED, SUBGROUPS, Group, Way

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
ALL = "all"
_SLACK = 1e-9
_SHARED = re.compile(r"(.*?)([\d.]+(?:, [\d.]+)*) and ([\d.]+)(.*)")
"""Doses that share their words, as in "ketamine 0.1, 0.5 and 1.0 mg/kg"."""


def arms_of(protocol: Protocol, name: str) -> tuple[str, ...]:
    """The simulated arms that a name means: one, ``all`` of a trial whose every arm is simulated, or several taken together.

    Taken together are arms joined by " + ", and doses that share their words; empty when the name means none, or people would be in
    an arm twice.
    """
    known = tuple(arm.name for arm in protocol.conditions)
    if name in known:
        return (name,)
    if protocol.crossover:
        return ()
    if name == ALL:
        return known if len(known) == len(protocol.arms) else ()
    if found := _SHARED.fullmatch(name):
        before, several, last, after = found.groups()
        doses = tuple(f"{before}{dose}{after}" for dose in (*several.split(", "), last))
        return doses if set(doses) <= set(known) else ()
    return _joined(name, known)


def _joined(name: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Arms whose names, joined by " + ", give the name; an arm may have a " + " of its own."""
    for arm in known:
        if name.startswith(f"{arm} + "):
            rest = name.removeprefix(f"{arm} + ")
            others = (rest,) if rest in known else _joined(rest, known)
            if others and arm not in others:
                return (arm, *others)
    return ()


def people(data: Data, name: str) -> Mask:
    """Who is in a group, shape (replicates, people); raises ValueError for a group by a covariate in data without people."""
    if name in (EVERYONE, GENOTYPED):
        return np.ones_like(data.left)
    if name == COMPLETERS:
        return data.complete
    if name in SUBGROUPS:
        if data.enrolled is None:
            raise ValueError(
                f"group: found {name!r}, which needs the people as enrolled; allowed: data of a trial that was conducted"
            )
        low, high = SUBGROUPS[name].low, SUBGROUPS[name].high
        value = data.enrolled.roll.fold(data.enrolled.cohort.covariate(SUBGROUPS[name].covariate))
        return (value >= low) & (value < high)
    if name in data.entered:
        return data.entered[name]
    group: Group = next(group for group in data.protocol.groups if group.name == name)
    found = people(data, group.group or EVERYONE)
    for arms in [(group.arm,)] if group.arm else [(arm,) for arm in data.member]:
        for text in group.at:
            met, known = at_once(data, group.outcome, arms, data.protocol.at(text), group.rule.removeprefix("no-"))
            picked = known & (~met if group.rule.startswith("no-") else met)
            found = found & (picked if group.arm else picked | ~data.member[arms[0]])
    return found


def stratum(data: Data, name: str) -> NDArray[np.int64]:
    """Level of each person, whole numbers from 0, shape (replicates, people); severe is told by the score at screening."""
    if name == SEVERE:
        return (data.screening >= (data.protocol.randomise.severe or 0.0)).astype(np.int64)
    if data.enrolled is None:
        raise ValueError(
            f"strata: found {name!r}, which needs the people as enrolled; allowed: data of a trial that was conducted"
        )
    value = data.enrolled.site if name == SITE else data.enrolled.cohort.covariate(name)
    return data.enrolled.roll.fold(value).astype(np.int64)


def rule_of(protocol: Protocol, way: Way) -> str:
    """What stands in for a missing rating where means are adjusted: the analysis's own rule, or else the protocol's; empty for nothing."""
    rule = way.missing or protocol.missing
    return rule if rule in CARRIED else ""


def pair(data: Data, scale: str, arms: tuple[str, ...], hour: float, rule: str = "") -> tuple[Floats, Floats, Mask]:
    """Score at a time, score at baseline, and who has both, in arms taken together; ``rule`` stands in for missing ratings."""
    score, base, known = _of_one(data, scale, arms[0], hour, rule)
    for arm in arms[1:]:
        other, start, seen = _of_one(data, scale, arm, hour, rule)
        score, base, known = np.where(seen, other, score), np.where(seen, start, base), known | seen
    return score, base, known


def _of_one(data: Data, scale: str, arm: str, hour: float, rule: str) -> tuple[Floats, Floats, Mask]:
    base, known = data.at(arm, scale, data.protocol.baseline_h)
    if rule in CARRIED:
        k = data.protocol.rated_h(scale).index(hour)
        values, seen = RULES[rule](data.value[arm, scale], data.seen[arm, scale])
        return values[k], base, seen[k] & known
    score, seen = data.at(arm, scale, hour)
    return score, base, seen & known


def at_once(
    data: Data, scale: str, arms: tuple[str, ...], hour: float, what: str, over: float | None = None, rule: str = ""
) -> tuple[Mask, Mask]:
    """Who met the definition at a time, and of whom it is known, as the trial (or ``rule``) treats missing ratings."""
    protocol, rule = data.protocol, rule or data.protocol.missing
    score, base, known = pair(data, scale, arms, hour, rule)
    if what == "response":
        start = data.screening if protocol.response_from == "screening" and scale == protocol.baseline_scale else base
        met = (start > 0) & (start - score >= protocol.response * start - _SLACK)
    elif what == "remission":
        met = score <= protocol.remission[scale] + _SLACK
    else:
        met = score > (over or 0.0)
    if rule == "failure":
        return met & known, np.any([data.member[arm] for arm in arms], axis=0)
    return met, known


def often(
    data: Data, scale: str, arms: tuple[str, ...], hours: tuple[float, ...], what: str, over: float | None, least: int
) -> tuple[Mask, Mask]:
    """Who met the definition at ``least`` so many of the times, and of whom that is known.

    It is known of those who met it so often among the ratings they have, and of those who could not have, whatever the missing were.
    """
    events = [at_once(data, scale, arms, hour, what, over) for hour in hours]
    met = np.sum([event & known for event, known in events], axis=0)
    open_ = np.sum([~known for _, known in events], axis=0)
    member = np.any([data.member[arm] for arm in arms], axis=0)
    return met >= least, member & ((met >= least) | (met + open_ < least))
