"""Names: every number that a record of the chain holds, by its dotted name; how the readings take records apart and build them."""

from collections.abc import Callable
from typing import Any

from racemate.model import fill
from racemate.units import declared

MANY = {"node_above": 9, "node_below": 9}
"""Fields that hold a tuple of coefficients, each in the declared unit, and how many."""


def is_record(value: Any) -> bool:
    """True for a NamedTuple or its class."""
    return hasattr(value, "_fields")


def build(cls: Any, give: Callable[[str, str], Any], prefix: str = "") -> Any:
    """A record of ``cls`` whose every number is ``give(dotted name, declared unit)``; a tuple of coefficients asks for each."""
    unit = declared(cls)

    def value(name: str) -> Any:
        count = MANY.get(name.rpartition(".")[2])
        if count is None:
            return give(prefix + name, unit[name])
        return tuple(give(f"{prefix}{name}.{k}", unit[name]) for k in range(count))

    return fill(cls, value)


def leaves(record: Any, prefix: str = "") -> dict[str, Any]:
    """Every number of a record by its dotted name, in the order of declaration; a tuple of coefficients counts from 0."""
    found: dict[str, Any] = {}
    parts = zip(record._fields, record, strict=True) if is_record(record) else enumerate(record)
    for field, value in parts:
        name = f"{prefix}{field}"
        if isinstance(value, tuple):
            found |= leaves(value, f"{name}.")
        else:
            found[name] = value
    return found


def units(cls: type, prefix: str = "") -> dict[str, str]:
    """Declared unit of every number of ``cls`` by the same names as `leaves`."""
    found: dict[str, str] = {}
    for name, unit in declared(cls).items():
        count = MANY.get(name.rpartition(".")[2])
        names = [name] if count is None else [f"{name}.{k}" for k in range(count)]
        found |= {f"{prefix}{one}": unit for one in names}
    return found
