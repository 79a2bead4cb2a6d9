"""Scans: measurements in people's brains that the chain computes, and why others are no target."""

from __future__ import annotations

from collections.abc import Iterator

from racemate.evidence.library import Library
from racemate.evidence.record import DOUBTFUL, Claim, Quantity
from racemate.infer.targets.target import Dropped, Target
from racemate.units import convert

GLUTAMATE = "glx"
"""The outcome of scans that the chain computes."""
_IMAGING = "imaging"
"""Topic of the anchors and quantities that hold scans."""


def scans(evidence: Library) -> Iterator[Target]:
    """Anchors of imaging that the chain computes, with their printed or derived error."""
    for anchor in evidence.about(_IMAGING):
        error = anchor.spread.value if anchor.spread.kind == "se" else None
        if anchor.use == "calibration" and anchor.outcome == GLUTAMATE and error and anchor.n:
            yield Target(
                trial=anchor.source,
                line=0,
                outcome=anchor.outcome,
                statistic=anchor.statistic,
                arm=anchor.who,
                hour=0.0 if anchor.time is None else convert(anchor.time, anchor.time_unit, "h"),
                kind="scan",
                terms=(),
                value=anchor.value,
                error=error,
                n=float(anchor.n),
                error_from=f"{anchor.spread.how or 'printed'} standard error",
                source=anchor.source,
            )


def unscanned(evidence: Library) -> Iterator[Dropped]:
    """Scans of people that are no target."""
    used = {one.source for one in scans(evidence)}
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
