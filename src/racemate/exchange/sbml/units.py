"""Units: the units that the chain declares, and products of them, as SBML composes them from its base units."""

from collections.abc import Mapping
from functools import cache
from math import isclose, log10
from typing import NamedTuple

from racemate.units import UnitError, factor, parse, registry, same_dimension

PLAIN = "dimensionless"
_BASE = {
    "gram": "gram",
    "mole": "mole",
    "litre": "liter",
    "second": "second",
    "volt": "volt",
    "pascal": "pascal",
    "metre": "meter",
    "kelvin": "kelvin",
}
"""SBML's base units that parts of a unit are written in, the first that measures the same, by pint's names for them."""

Powers = Mapping[str, float]
"""A unit as powers of named units, such as ``{"milligram": 1, "liter": -1}``; empty for a plain number."""


class Base(NamedTuple):
    """One part of an SBML unit: ``(multiplier * 10**scale * kind) ** exponent``."""

    kind: str
    exponent: float
    scale: int
    multiplier: float


def powers(unit: str) -> Powers:
    """Powers of named units in a declared unit."""
    return _times((str(name), float(power)) for name, power in registry().Quantity(1, parse(unit)).unit_items())


def product(*parts: Powers) -> Powers:
    """Unit of a product."""
    return _times(item for part in parts for item in part.items())


def inverse(unit: Powers) -> Powers:
    """Unit of one over a number."""
    return {name: -power for name, power in unit.items()}


def _times(items: object) -> Powers:
    total: dict[str, float] = {}
    for name, power in items:  # pyright: ignore[reportGeneralTypeIssues] pairs of a name and its power
        total[name] = total.get(name, 0.0) + power
    return {name: power for name, power in sorted(total.items()) if power}


def named(unit: Powers) -> str:
    """Id of a unit, such as ``milligram_per_liter``."""
    if not unit:
        return PLAIN
    above = [_power(name, power) for name, power in unit.items() if power > 0]
    below = [f"per_{_power(name, -power)}" for name, power in unit.items() if power < 0]
    return "_".join([*above, *below])


def _power(name: str, power: float) -> str:
    return name if power == 1 else f"{name}_{power:g}".replace(".", "p")


def bases(unit: Powers) -> tuple[Base, ...]:
    """A unit in SBML's base units.  Raises UnitError for a unit that none of them measures."""
    return tuple(_base(name, power) for name, power in unit.items())


@cache
def _base(name: str, power: float) -> Base:
    for kind, pint_name in _BASE.items():
        if same_dimension(name, pint_name):
            size = factor(name, pint_name)
            scale = round(log10(size))
            exact = isclose(size, 10.0**scale, rel_tol=1e-12)
            return Base(kind, power, scale if exact else 0, 1.0 if exact else size)
    raise UnitError(f"{name!r} is not composed of {', '.join(_BASE)}")
