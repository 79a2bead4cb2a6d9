"""Pooling: the claims about one parameter become one prior, by a named rule.

`single`          one claim, its own spread
`lognormal-meta`  positive numbers: claims pooled on the log scale, with a variance between claims (DerSimonian-Laird 1986)
`logit-meta`      fractions: the same on the logit scale
`normal-meta`     numbers of either sign: the same on their own scale
`widest`          the narrowest law whose 95 % range holds the 95 % range of every claim
`fixed`           a definition or convention: no spread

A pooled prior is for the next laboratory's value, so it carries the variance between claims and not only the error of their mean.
Sums are exactly rounded, so the order of the claims never matters, to the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum, inf, log1p, sqrt
from statistics import NormalDist

from racemate.evidence.finding import EvidenceError
from racemate.evidence.prior import Prior, carry
from racemate.evidence.record import Claim, Law, Number, Parameter, Record, Spread, Stated
from racemate.units import convert, factor

Z95 = NormalDist().inv_cdf(0.975)
_HALF_WIDTHS = {"range95": Z95, "range": 2.0, "iqr": NormalDist().inv_cdf(0.75)}
_META: dict[str, Law] = {"lognormal-meta": "lognormal", "logit-meta": "logit-normal", "normal-meta": "normal"}


class Doubtful(Record):
    """How much less a number that nobody read in its source counts beside numbers that were read."""

    inflate: Number
    note: str


class Wide(Record):
    """How uncertain a recalled or assumed claim must at least be."""

    sd_log: Number
    sd_logit: Number
    share_of_value: Number
    share_of_range: Number
    note: str


class BetweenClaims(Record):
    """The least standard deviation between claims, and the spread of a claim that prints none."""

    floor: Number
    floor_alone: Number
    unstated: Number
    note: str


class Cut(Record):
    """How much of a prior its range may take away."""

    cut: Number
    note: str


class Judgement(Record):
    """The choices of `evidence/pooling.toml`."""

    doubtful: Doubtful
    wide: Wide
    between_claims: dict[str, BetweenClaims]
    range: Cut


def pool(parameter: Parameter, judgement: Judgement) -> Prior:
    """Make one prior of a parameter's claims, in the parameter's unit.

    Raises EvidenceError when the claims do not suit the rule, UnitError when one of their units does not convert.
    """
    claims = parameter.pooled
    if not claims:
        raise _fault(parameter, "claim", "no claim with pooled = true", "at least one")
    if parameter.pool in ("single", "fixed") and len(claims) > 1:
        raise _fault(parameter, "pool", f"{parameter.pool!r} with {len(claims)} pooled claims", "one, or another rule")
    if parameter.pool in ("single", "fixed"):
        return _one(parameter, next(iter(claims)))
    if parameter.pool == "widest":
        return _widest(parameter, claims)
    return _meta(parameter, claims, judgement)


def standing(parameter: Stated, claim: Claim, law: Law, unstated: float | None = None) -> tuple[float, float]:
    """Where a claim stands on the scale of a law, and its standard deviation there.

    `unstated` is the standard deviation of a claim that prints none; without it such a claim raises EvidenceError.
    """
    number = _index(parameter, claim)
    if isinstance(claim.value, tuple):
        raise _fault(
            parameter, f"{number}.value", "a list of numbers", "one number; a list goes with 'single' or 'fixed'"
        )
    return _stand(parameter, claim, claim.value, law, unstated)


def law_of(parameter: Parameter, claims: Sequence[Claim]) -> Law:
    """The law a rule gives its prior: that of a meta rule, else log-normal for positive numbers unless their spread says otherwise."""
    if parameter.pool in _META:
        return _META[parameter.pool]
    if parameter.pool == "fixed":
        return "fixed"
    kinds = {claim.spread.kind for claim in claims}
    if "sd-logit" in kinds:
        return "logit-normal"
    lows = [low for claim in claims for low in (*_values(claim), claim.spread.low) if low is not None]
    return "normal" if kinds <= {"sd", "se"} or min(lows) <= 0 else "lognormal"


def _one(parameter: Parameter, claim: Claim) -> Prior:
    law = law_of(parameter, (claim,))
    values = [convert(value, claim.unit or parameter.unit, parameter.unit) for value in _values(claim)]
    array = isinstance(claim.value, tuple)
    if law == "fixed":
        return _prior(parameter, law, tuple(values) if array else values[0], 0.0)
    stands = [_stand(parameter, claim, value, law, None) for value in _values(claim)]
    if array:
        return _prior(parameter, law, tuple(y for y, _ in stands), tuple(s for _, s in stands))
    return _prior(parameter, law, *stands[0])


def _widest(parameter: Parameter, claims: Sequence[Claim]) -> Prior:
    law = law_of(parameter, claims)
    stands = [standing(parameter, claim, law) for claim in claims]
    low = min(y - Z95 * s for y, s in stands)
    high = max(y + Z95 * s for y, s in stands)
    return _prior(parameter, law, (low + high) / 2, (high - low) / (2 * Z95))


def _meta(parameter: Parameter, claims: Sequence[Claim], judgement: Judgement) -> Prior:
    law = law_of(parameter, claims)
    rule = judgement.between_claims[parameter.pool]
    unstated, size = rule.unstated, 1.0
    if law == "normal":
        scale = [abs(convert(v, c.unit or parameter.unit, parameter.unit)) for c in claims for v in _values(c)]
        size = fsum(scale) / len(scale)
        unstated *= size
    mixed = len({claim.doubtful for claim in claims}) > 1
    inflate = [judgement.doubtful.inflate if mixed and claim.doubtful else 1.0 for claim in claims]
    stands = [standing(parameter, claim, law, unstated) for claim in claims]
    centres = [y for y, _ in stands]
    variances = [s**2 * more for (_, s), more in zip(stands, inflate, strict=True)]
    if min(variances) <= 0:
        raise _fault(parameter, "claim", "a spread of 0", "a positive spread in every pooled claim")
    floor = (rule.floor if len(claims) > 1 else rule.floor_alone) * size
    between = max(between_variance(centres, variances), floor**2)
    weights = [1 / (variance + between) for variance in variances]
    total = fsum(weights)
    centre = fsum(w * y for w, y in zip(weights, centres, strict=True)) / total
    return _prior(parameter, law, centre, sqrt(between + 1 / total))


def between_variance(centres: Sequence[float], variances: Sequence[float]) -> float:
    """The variance between claims by the method of moments (DerSimonian-Laird 1986); 0 for a single claim."""
    if len(centres) < 2:
        return 0.0
    weights = [1 / variance for variance in variances]
    total = fsum(weights)
    mean = fsum(w * y for w, y in zip(weights, centres, strict=True)) / total
    heterogeneity = fsum(w * (y - mean) ** 2 for w, y in zip(weights, centres, strict=True))
    return max(0.0, (heterogeneity - (len(centres) - 1)) / (total - fsum(w**2 for w in weights) / total))


def _stand(parameter: Stated, claim: Claim, value: float, law: Law, unstated: float | None) -> tuple[float, float]:
    unit = claim.unit or parameter.unit
    centre = convert(value, unit, parameter.unit)
    rule = parameter.pool if isinstance(parameter, Parameter) else law
    place = carry(law, centre)
    if abs(place) == inf:
        inside = "strictly between 0 and 1" if law == "logit-normal" else "above 0"
        raise _fault(
            parameter,
            f"{_index(parameter, claim)}.value",
            f"{centre:g} {parameter.unit}",
            f"a number {inside} for {rule!r}",
        )
    if claim.spread.kind == "none":
        if unstated is None:
            raise _fault(parameter, f"{_index(parameter, claim)}.spread", "none", f"a spread, which {rule!r} needs")
        return place, unstated
    return place, _width(claim.spread, claim.n, centre, place, law, factor(unit, parameter.unit))


def _width(spread: Spread, n: int | None, centre: float, place: float, law: Law, per_unit: float) -> float:
    """The standard deviation on the scale of a law; across scales by the slope at the centre."""
    slope = {"lognormal": abs(centre), "logit-normal": centre * (1 - centre)}.get(law, 1.0)
    if spread.low is not None and spread.high is not None:
        half = _HALF_WIDTHS[spread.kind]
        low, high = carry(law, spread.low * per_unit), carry(law, spread.high * per_unit)
        if abs(low) < inf and abs(high) < inf:
            return (high - low) / (2 * half)
        if abs(high) < inf:
            return (high - place) / half
        return (spread.high - spread.low) * per_unit / (2 * half) / slope
    size = spread.value or 0.0
    if spread.kind == "sd-log":
        return size * abs(centre) / slope
    if spread.kind == "sd-logit":
        return size * centre * (1 - centre) / slope
    natural = size * abs(centre) if spread.kind == "cv" else size * per_unit
    if spread.kind != "se" and n is not None and n > 1:
        natural /= sqrt(n)
    return sqrt(log1p((natural / centre) ** 2)) if law == "lognormal" else natural / slope


def _prior(
    parameter: Parameter, law: Law, location: float | tuple[float, ...], scale: float | tuple[float, ...]
) -> Prior:
    low, high = parameter.range
    return Prior(law=law, location=location, scale=scale, low=low, high=high, unit=parameter.unit)


def _values(claim: Claim) -> tuple[float, ...]:
    return claim.value if isinstance(claim.value, tuple) else (claim.value,)


def _index(parameter: Stated, claim: Claim) -> str:
    return f"claim[{next(i for i, known in enumerate(parameter.claims, 1) if known is claim)}]"


def _fault(parameter: Stated, field: str, found: str, allowed: str) -> EvidenceError:
    return EvidenceError(parameter.file, f"{parameter.name}.{field}", found, allowed)
