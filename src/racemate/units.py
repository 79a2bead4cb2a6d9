"""Units: the one registry, conversion by name, and the unit each field of an equation declares.

Mass and amount of substance stay apart: ng/mL is never umol/L without a molar mass, which is a parameter like any other.
A quotient that only cancels, such as mg/kg, is not a plain number either.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tokenize import TokenError
from typing import Any, get_args, get_origin, get_type_hints

_FIELD_UNITS = (
    "fraction = []",
    "point = []",
    "device = []",
    "event = []",
    "person = []",
)
"""Counts and scores of the field; pint's own point is a printer's length."""


class UnitError(ValueError):
    """A unit that cannot be read, or that does not fit the one asked for."""


@cache
def registry() -> Any:
    """The pint registry, made on first use."""
    import pint

    # Pint's own file first, then ours over it: a registry that has already looked `point` up would keep the printer's.
    build: Any = pint.UnitRegistry
    made = build(None, on_redefinition="ignore")
    made.load_definitions(Path(pint.__file__).with_name("default_en.txt"))
    for line in _FIELD_UNITS:
        made.define(line)
    return made


@cache
def parse(unit: str) -> Any:
    """Read a unit; "1" is a plain number.  Raises UnitError when it cannot be read."""
    import pint

    if not unit.strip():
        raise UnitError("no unit given; a plain number has unit '1'")
    # pint's reader lets the errors of its own tokenizer and evaluator through.
    faults = (
        pint.errors.PintError,
        ArithmeticError,
        AssertionError,
        AttributeError,
        SyntaxError,
        TokenError,
        TypeError,
        ValueError,
    )
    try:
        return registry().Unit("" if unit.strip() == "1" else unit)
    except faults as error:
        raise UnitError(f"{unit!r} is not a unit") from error


@cache
def dimension(unit: str) -> str:
    """The dimension as text, for comparison and for messages; a quotient that cancels is named by its parts."""
    parsed = parse(unit)
    dims = str(parsed.dimensionality)
    if dims != "dimensionless":
        return dims
    units = registry()
    parts = {str(units.Unit(name).dimensionality) for name, _ in sorted(units.Quantity(1, parsed).unit_items())}
    named = sorted(parts - {"dimensionless"})
    return f"{named[0]} / {named[0]}" if named else dims


def same_dimension(a: str, b: str) -> bool:
    """True when a value in one unit can be written in the other."""
    return dimension(a) == dimension(b)


@cache
def _line(unit: str, to: str) -> tuple[float, float]:
    """The slope and intercept that carry a value from one unit to the other."""
    if not same_dimension(unit, to):
        raise UnitError(f"{unit!r} ({dimension(unit)}) does not convert to {to!r} ({dimension(to)})")
    quantity = registry().Quantity
    start = float(quantity(0.0, parse(unit)).to(parse(to)).magnitude)
    return float(quantity(1.0, parse(unit)).to(parse(to)).magnitude) - start, start


def convert(value: float, unit: str, to: str) -> float:
    """Write a value given in one unit in another.  Raises UnitError when they measure different things."""
    if unit == to:
        parse(unit)
        return value
    slope, intercept = _line(unit, to)
    return value * slope + intercept


def factor(unit: str, to: str) -> float:
    """The number that multiplies a difference in one unit to give it in another.  Raises UnitError as `convert` does."""
    return 1.0 if unit == to else _line(unit, to)[0]


@cache
def declared(cls: type) -> dict[str, str]:
    """The unit of each field of a NamedTuple, read from `Annotated[Any, "umol/L"]`.

    A field that is itself such a NamedTuple gives dotted names, `link.field`.  Raises UnitError when a field declares none.
    """
    units: dict[str, str] = {}
    for field, hint in get_type_hints(cls, include_extras=True).items():
        if isinstance(hint, type) and hasattr(hint, "_fields"):
            units |= {f"{field}.{name}": unit for name, unit in declared(hint).items()}
            continue
        texts = [part for part in get_args(hint)[1:] if isinstance(part, str)] if get_origin(hint) else []
        if len(texts) != 1:
            raise UnitError(f"{cls.__module__}.{cls.__name__}.{field} declares no unit; write Annotated[Any, 'umol/L']")
        parse(texts[0])
        units[field] = texts[0]
    return units
