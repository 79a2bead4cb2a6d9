"""Rival: which of several targets says it first of the same people, and what their counts weigh beside their means."""

from __future__ import annotations

from racemate.infer.targets.statistic import CONTRASTS, MEANS
from racemate.infer.targets.target import Target

REUSED = 0.5
"""Weight of counts whose people also enter by their mean (calibration probe, section 1): they are not new people."""


def said_before(one: Target, found: list[Target]) -> str:
    """The reason to leave a target out because others say the same of the same people; empty when none does."""
    rivals = [o for o in found if o is not one and (o.outcome, o.hour) == (one.outcome, one.hour)]
    if len(one.arms) > 1 and any(
        o.kind == one.kind and o.statistic == one.statistic and set(o.arms) < set(one.arms) for o in rivals
    ):
        return "the arms themselves are in"
    if one.kind == "mean" and one.arms:
        order = MEANS.index(one.statistic)
        same = [o for o in rivals if o.kind == "mean" and o.arm == one.arm and o.statistic in MEANS]
        better = any((MEANS.index(o.statistic), o.line) < (order, one.line) for o in same)
        return "another row gives the mean of the same people" if better else ""
    if one.kind in ("mean", "effect-size"):
        means = {arm for o in rivals if o.kind == "mean" and len(o.arms) == 1 for arm in o.arms}
        if means >= {arm for arm, _ in one.terms}:
            return "the means of both arms are in"
        order = CONTRASTS.index(one.statistic)
        same = [o for o in rivals if o.arm == one.arm and o.statistic in CONTRASTS]
        better = any((CONTRASTS.index(o.statistic), o.line) < (order, one.line) for o in same)
        return "another row gives the same contrast" if better else ""
    same = [o for o in rivals if o.kind == one.kind and o.arm == one.arm]
    if one.kind == "sd":
        rank = (_spread_rank(one), one.line)
        better = any((_spread_rank(o), o.line) < rank for o in same)
        return "another row gives the spread of the same people" if better else ""
    same = [o for o in same if o.statistic == one.statistic]
    return "another row states the same quantity" if any(o.line < one.line for o in same) else ""


def _spread_rank(one: Target) -> int:
    return 0 if one.statistic == "sd" else 1 + MEANS.index(one.statistic)


def weight(one: Target, kept: list[Target]) -> float:
    """Weight of the counts of one arm at one time: shared among them, and halved when their people also enter by a mean."""
    if one.kind != "share":
        return 1.0
    here = [o for o in kept if (o.outcome, o.hour) == (one.outcome, one.hour) and set(o.arms) & set(one.arms)]
    reused = any(o.kind == "mean" for o in here)
    return (REUSED if reused else 1.0) / sum(o.kind == "share" for o in here)
