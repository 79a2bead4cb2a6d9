"""Printed: the targets that one row gives, each with the error that can be derived from what was printed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from racemate.evidence.record import Observation, Trial
from racemate.infer.targets.statistic import RELAPSE, SHARES
from racemate.infer.targets.target import Course, Target
from racemate.trial.analysis.counted import arms_of
from racemate.trial.analysis.look import Question
from racemate.trial.design.protocol import Protocol
from racemate.trial.design.scheme import parted

_Z95 = 1.959963984540054


def printed(trial: Trial, protocol: Protocol, row: Observation, asked: Question) -> Iterator[Target]:
    """The targets that one row gives: a mean also gives its spread when that was printed."""
    plain = _plain(trial, protocol, row, asked)
    if row.statistic == RELAPSE:
        yield replace(_counted(plain, row), outcome=asked.outcome, course=course(protocol, asked))
    elif row.statistic in SHARES:
        if plain.n:
            yield _counted(plain, row)
    elif row.statistic == "sd":
        yield replace(plain, kind="sd", error_from="chi-squared")
    elif row.statistic == "effect-size":
        yield from _effect_size(plain, [float(_people(protocol, arm) or 0) for arm, _ in plain.terms])
    else:
        yield from _mean(plain, row)


def _plain(trial: Trial, protocol: Protocol, row: Observation, asked: Question) -> Target:
    """What every target of a row shares; a mean without an error as yet."""
    signed = zip(sides(row.arm), (1.0, -1.0), strict=False)
    terms = tuple((arm, sign * share) for name, sign in signed for arm, share in shares_of(protocol, name))
    return Target(
        trial=trial.id,
        line=row.line,
        outcome=row.outcome,
        statistic=row.statistic,
        arm=row.arm,
        hour=float(asked.hour or 0.0),
        kind="mean",
        terms=terms,
        value=row.value,
        error=0.0,
        n=float(row.n or sum(_people(protocol, arm) or 0 for arm, _ in terms)),
        from_baseline=not row.statistic.endswith("mean"),
        adjusted=row.statistic.startswith("ls-"),
        source=row.source,
    )


def _counted(plain: Target, row: Observation) -> Target:
    return replace(plain, kind="share", value=_share(row, plain.n), error_from="binomial")


def _effect_size(plain: Target, sizes: list[float]) -> Iterator[Target]:
    """A standardised difference of arms of these sizes; nothing where a size is not known."""
    if all(sizes):
        error = float(np.sqrt(sum(1 / size for size in sizes) + plain.value**2 / (2 * sum(sizes))))
        yield replace(plain, kind="effect-size", error=error, n=sum(sizes), error_from="people per arm")


def _mean(plain: Target, row: Observation) -> Iterator[Target]:
    """A mean or a difference with its error, and the spread of its people."""
    error, error_from = _error(row, plain.n)
    if error > 0:
        yield replace(plain, error=error, error_from=error_from)
    if row.spread_kind == "sd" and row.spread and plain.n > 1 and not plain.adjusted and len(plain.terms) == 1:
        yield replace(plain, kind="sd", value=row.spread, error_from="chi-squared")


def course(protocol: Protocol, asked: Question) -> Course | None:
    """The rule of relapse as an analysis of the trial has it; None where there is none, or where it does not follow a response."""
    group = next((one for one in protocol.groups if one.name == asked.group and one.rule == "response"), None)
    if group is None or asked.over is None or not asked.hours or len(group.at) > 1:
        return None
    (responded,) = map(protocol.at, group.at)
    return Course(responded, asked.hours, asked.over)


def sides(arm: str) -> tuple[str, ...]:
    """The printed name of an arm, or those of both sides of a contrast."""
    return tuple(parted(arm)) if " vs " in arm else (arm,)


def shares_of(protocol: Protocol, name: str) -> Iterator[tuple[str, float]]:
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
