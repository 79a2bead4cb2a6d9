"""Rules for parameters and quantities, and the claims about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from racemate.evidence.arithmetic import ALLOWED, NotArithmeticError, agrees, evaluate
from racemate.evidence.finding import EvidenceError, Finding
from racemate.evidence.library import Library
from racemate.evidence.pool import law_of, standing
from racemate.evidence.prior import carry
from racemate.evidence.record import DOUBTFUL, Claim, Parameter, Stated
from racemate.units import UnitError, convert, dimension, parse, same_dimension

S = TypeVar("S", bound=Stated)


def _claims(numbers: Mapping[str, S]) -> Iterator[tuple[S, str, Claim]]:
    for one in numbers.values():
        for number, claim in enumerate(one.claims, 1):
            yield one, f"{one.name}.claim[{number}]", claim


def _values(claim: Claim) -> tuple[float, ...]:
    return claim.value if isinstance(claim.value, tuple) else (claim.value,)


def source_is_given(library: Library) -> Iterator[Finding]:
    """A claim names its source, unless it is an assumption."""
    for parameter, field, claim in _claims(library.stated):
        if not claim.source and claim.how != "assumed":
            yield Finding(
                parameter.file,
                f"{field}.source",
                f"no source for a number {claim.how!r}",
                "a source, or how = 'assumed'",
            )


def place_is_given(library: Library) -> Iterator[Finding]:
    """A claim read in a source says where it stands there."""
    for parameter, field, claim in _claims(library.stated):
        if not claim.place and not claim.doubtful:
            yield Finding(
                parameter.file, f"{field}.place", "nothing", "a place such as 'Table 3', 'abstract' or 'results'"
            )
    for parameter in library.parameters.values():
        between = parameter.between
        if between is not None and between.how not in DOUBTFUL and not (between.place and between.source):
            yield Finding(
                parameter.file, f"{parameter.name}.between", "no source and place", "both, or how = 'assumed'"
            )


def reason_is_given(library: Library) -> Iterator[Finding]:
    """What was assumed, recalled between people, or left out of the pool carries a sentence."""
    for parameter, field, claim in _claims(library.stated):
        if claim.how == "assumed" and not claim.note:
            yield Finding(parameter.file, f"{field}.note", "an assumption without a reason", "a sentence")
        if not claim.pooled and not claim.note:
            yield Finding(parameter.file, f"{field}.note", "pooled = false without a reason", "a sentence")
    for parameter in library.parameters.values():
        if parameter.between is not None and parameter.between.how in DOUBTFUL and not parameter.between.note:
            found = f"a spread {parameter.between.how!r} without a reason"
            yield Finding(parameter.file, f"{parameter.name}.between.note", found, "a sentence")


def unit_converts(library: Library) -> Iterator[Finding]:
    """A unit reads as one, and a claim's unit converts to its parameter's."""
    for parameter in library.stated.values():
        try:
            parse(parameter.unit)
        except UnitError as error:
            yield Finding(parameter.file, f"{parameter.name}.unit", str(error), "a unit such as umol/L, 1/h or 1")
            continue
        for number, claim in enumerate(parameter.claims, 1):
            yield from _misfit(parameter, f"{parameter.name}.claim[{number}].unit", claim.unit)


def _misfit(parameter: Stated, field: str, unit: str) -> Iterator[Finding]:
    allowed = f"a unit of {dimension(parameter.unit)} such as {parameter.unit}"
    try:
        if unit and not same_dimension(unit, parameter.unit):
            yield Finding(parameter.file, field, repr(unit), allowed)
    except UnitError:
        yield Finding(parameter.file, field, f"{unit!r}, which is not a unit", allowed)


def value_is_inside_range(library: Library) -> Iterator[Finding]:
    """A range rises, suits the law of the pool, and holds every pooled claim."""
    for parameter in library.parameters.values():
        low, high = parameter.range
        if low >= high:
            yield Finding(parameter.file, f"{parameter.name}.range", f"[{low:g}, {high:g}]", "the lower end first")
        limits = {"lognormal-meta": (0.0, float("inf")), "logit-meta": (0.0, 1.0)}.get(parameter.pool)
        if limits and not limits[0] <= low <= high <= limits[1]:
            allowed = f"{limits[0]:g} to {limits[1]:g} for {parameter.pool!r}"
            yield Finding(parameter.file, f"{parameter.name}.range", f"[{low:g}, {high:g}]", allowed)
    for parameter, field, claim in _claims(library.parameters):
        if not claim.pooled:
            continue
        low, high = parameter.range
        for value in _converted(parameter, claim):
            if not low <= value <= high:
                found = f"{value:g} {parameter.unit}"
                yield Finding(parameter.file, f"{field}.value", found, f"{low:g} to {high:g} {parameter.unit}")


def _converted(parameter: Parameter, claim: Claim) -> tuple[float, ...]:
    """The claim in the parameter's unit; nothing when the unit does not convert, which has a rule of its own."""
    try:
        return tuple(convert(value, claim.unit or parameter.unit, parameter.unit) for value in _values(claim))
    except UnitError:
        return ()


def spread_is_possible(library: Library) -> Iterator[Finding]:
    """A spread is positive, its ends rise, and they hold the value."""
    for parameter, field, claim in _claims(library.stated):
        spread = claim.spread
        if spread.value is not None and spread.value <= 0:
            yield Finding(parameter.file, f"{field}.spread.value", f"{spread.value:g}", "a number above 0")
        if spread.low is None or spread.high is None:
            continue
        if spread.low >= spread.high:
            yield Finding(
                parameter.file, f"{field}.spread", f"{spread.low:g} to {spread.high:g}", "the lower end first"
            )
        elif not all(spread.low <= value <= spread.high for value in _values(claim)):
            found = f"{spread.low:g} to {spread.high:g} around {claim.value}"
            yield Finding(parameter.file, f"{field}.spread", found, "ends on either side of the value")


def doubtful_is_wide(library: Library) -> Iterator[Finding]:
    """A pooled number that nobody read in a source is uncertain enough; definitions and arrays are exempt."""
    judgement = library.judgement
    for parameter, field, claim in _claims(library.parameters):
        if judgement is None or not (claim.doubtful and claim.pooled) or parameter.pool == "fixed":
            continue
        if isinstance(claim.value, tuple):
            continue
        if claim.spread.kind == "none":
            yield Finding(parameter.file, f"{field}.spread", f"none, for a number {claim.how!r}", "a wide spread")
            continue
        law = law_of(parameter, (claim,))
        try:
            _, width = standing(parameter, claim, law)
        except (EvidenceError, UnitError):
            continue
        wide, (low, high) = judgement.wide, parameter.range
        share = min(
            wide.share_of_value * abs(next(iter(_converted(parameter, claim)), 0.0)), wide.share_of_range * (high - low)
        )
        least = {"lognormal": wide.sd_log, "logit-normal": wide.sd_logit}.get(law, share)
        if width < least * (1 - 1e-9):
            found = f"a standard deviation of {width:.2g} on the {law} scale, for a number {claim.how!r}"
            yield Finding(parameter.file, f"{field}.spread", found, f"at least {least:.2g}")


def arithmetic_recomputes(library: Library) -> Iterator[Finding]:
    """A derived claim carries its arithmetic, and the arithmetic gives the value as written."""
    for parameter, field, claim in _claims(library.stated):
        name = f"{field}.arithmetic"
        if not claim.arithmetic:
            if claim.how == "derived":
                yield Finding(parameter.file, name, "nothing, for a number 'derived'", ALLOWED)
            continue
        texts = (claim.arithmetic,) if isinstance(claim.arithmetic, str) else claim.arithmetic
        values = _values(claim)
        if texts[0].startswith("by "):
            yield from scripted(library, parameter.file, name, texts[0])
            continue
        if len(texts) != len(values):
            allowed = f"{len(values)} expressions, or one sentence that starts with 'by'"
            yield Finding(parameter.file, name, f"{len(texts)} expressions", allowed)
            continue
        for text, value in zip(texts, values, strict=True):
            yield from recomputed(parameter.file, name, text, value)


def scripted(library: Library, file: str, field: str, text: str) -> Iterator[Finding]:
    """Hold `by <script>` against the checkout; an installed library has no scripts to look for."""
    script = text.removeprefix("by ").partition(",")[0].split(" ")[0]
    checkout = library.root.parent
    if not script.endswith((".py", ".R", ".sh")) or (
        (checkout / ".git").exists() and not (checkout / script).is_file()
    ):
        yield Finding(
            file,
            field,
            repr(text),
            "'by' and the path of a script of the repository, such as validation/x/regenerate.py",
        )


def recomputed(file: str, field: str, text: str, value: float) -> Iterator[Finding]:
    """Hold a number against the arithmetic said to give it."""
    try:
        result = evaluate(text)
    except NotArithmeticError as fault:
        yield Finding(file, field, str(fault), ALLOWED)
        return
    if not agrees(value, result):
        yield Finding(file, field, f"{text!r}, which gives {result:.6g}", f"arithmetic that gives {value:g}")


def claims_differ(library: Library) -> Iterator[Finding]:
    """The same number from the same place is entered once."""
    for parameter in library.stated.values():
        seen: dict[object, int] = {}
        for number, claim in enumerate(parameter.claims, 1):
            key = (claim.value, claim.unit, claim.source, claim.place, claim.system, claim.population, claim.note)
            first = seen.setdefault(key, number)
            if first != number:
                found = f"the same claim as claim[{first}]"
                yield Finding(parameter.file, f"{parameter.name}.claim[{number}]", found, "each claim once")


def n_is_positive(library: Library) -> Iterator[Finding]:
    """A number of people or experiments is at least one."""
    for parameter, field, claim in _claims(library.stated):
        if claim.n is not None and claim.n < 1:
            yield Finding(parameter.file, f"{field}.n", str(claim.n), "a whole number of at least 1")


def quantity_only_claims(library: Library) -> Iterator[Finding]:
    """Nothing is pooled for a quantity, so that none of its claims stands beside a pool."""
    for quantity, field, claim in _claims(library.quantities):
        if not claim.pooled:
            yield Finding(quantity.file, f"{field}.pooled", "false", "nothing: no link reads it, so nothing is pooled")


def between_fits_vary(library: Library) -> Iterator[Finding]:
    """What is shared has no spread between people; what varies has one, positive, with correlations to known parameters."""
    for parameter in library.parameters.values():
        field, between = f"{parameter.name}.between", parameter.between
        if (between is None) != (parameter.vary == "shared"):
            found = "nothing" if between is None else "a spread between people or studies"
            allowed = "none for vary = 'shared'" if between else f"a spread, since vary = {parameter.vary!r}"
            yield Finding(parameter.file, field, found, allowed)
        if between is None:
            continue
        if between.scale <= 0 or min(x for x in (between.sd, between.cv, between.variance) if x is not None) <= 0:
            yield Finding(parameter.file, field, f"{between.scale:g}", "a size above 0")
        for name, size in between.correlation.items():
            if name not in library.parameters or not -1 <= size <= 1:
                allowed = "the name of a parameter, and a number from -1 to 1"
                yield Finding(parameter.file, f"{field}.correlation", f"{name} = {size:g}", allowed)
        centres = [value for claim in parameter.pooled for value in _converted(parameter, claim)]
        if any(abs(carry(between.law, value)) == float("inf") for value in centres):
            found = f"{between.law!r} about {centres}"
            yield Finding(parameter.file, f"{field}.law", found, "a law that can hold the claims")


def prior_can_be_pooled(library: Library) -> Iterator[Finding]:
    """The claims suit the rule, and the range leaves the prior its bulk."""
    for parameter in library.parameters.values():
        if library.judgement is None or parameter.range[0] >= parameter.range[1]:
            continue
        try:
            inside = library.prior(parameter.name).inside
        except EvidenceError as error:
            yield from error.findings
            continue
        except UnitError:
            continue
        if inside < 1 - library.judgement.range.cut:
            found = f"[{parameter.range[0]:g}, {parameter.range[1]:g}], which holds {inside:.0%} of the pooled prior"
            allowed = f"a range, or a rule, that keeps at least {1 - library.judgement.range.cut:.0%}"
            yield Finding(parameter.file, f"{parameter.name}.range", found, allowed)


RULES = (
    source_is_given,
    place_is_given,
    reason_is_given,
    unit_converts,
    value_is_inside_range,
    spread_is_possible,
    doubtful_is_wide,
    arithmetic_recomputes,
    claims_differ,
    n_is_positive,
    quantity_only_claims,
    between_fits_vary,
    prior_can_be_pooled,
)
