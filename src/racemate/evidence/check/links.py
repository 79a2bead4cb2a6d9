"""Rules for the meeting of numbers and equations: every field of the chain has its parameter, and no parameter is left over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from racemate.evidence.finding import Finding, nearest
from racemate.evidence.library import Library
from racemate.units import UnitError, dimension, same_dimension


def parameter_is_present(library: Library, declared: Mapping[str, str]) -> Iterator[Finding]:
    """Every field that a link declares has a parameter."""
    for name, unit in declared.items():
        if name not in library.parameters:
            file = f"evidence/parameters/{name.partition('.')[0]}.toml"
            yield Finding(file, name, "nothing", f"a parameter in {unit!r}, which the link asks for")


def parameter_is_asked_for(library: Library, declared: Mapping[str, str]) -> Iterator[Finding]:
    """Every parameter is a field of its link."""
    for name, parameter in library.parameters.items():
        if name not in declared:
            yield Finding(parameter.file, name, "a parameter no link asks for", nearest(name, declared))


def unit_fits_the_link(library: Library, declared: Mapping[str, str]) -> Iterator[Finding]:
    """A parameter's unit converts to the one its link declares."""
    for name, parameter in library.parameters.items():
        unit = declared.get(name)
        if unit is None:
            continue
        try:
            fits = same_dimension(parameter.unit, unit)
        except UnitError:
            continue
        if not fits:
            found = f"{parameter.unit!r} ({dimension(parameter.unit)})"
            yield Finding(parameter.file, f"{name}.unit", found, f"a unit of {dimension(unit)} such as {unit}")


RULES = (parameter_is_present, parameter_is_asked_for, unit_fits_the_link)
