"""Units convert by name, keep mass and amount apart, and come from the types of the equations."""

import math
from typing import Annotated, Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from racemate.units import UnitError, convert, declared, factor, parse, same_dimension

FAMILIES = [
    ("umol/L", "nmol/L", "mmol/m^3", "umol/mL"),
    ("1/h", "1/min", "1/day", "1/week", "Hz"),
    ("h", "min", "day", "week", "s"),
    ("ng/mL", "ug/L", "mg/L", "kg/m^3"),
    ("L/h", "mL/min", "L/day"),
    ("mg/kg", "ug/kg", "g/kg"),
    ("1", "percent", "fraction", "point"),
    ("mmHg", "kPa"),
]
PAIRS = [(a, b) for family in FAMILIES for a in family for b in family]


@given(st.sampled_from(PAIRS), st.floats(-1e9, 1e9).filter(lambda x: x == 0 or abs(x) > 1e-9))
def test_a_value_comes_back_from_any_unit_of_its_kind(pair: tuple[str, str], value: float) -> None:
    there, back = pair
    assert same_dimension(there, back)
    assert math.isclose(convert(convert(value, there, back), back, there), value, rel_tol=1e-12)


@pytest.mark.parametrize(
    ("value", "unit", "to", "expected"),
    [
        (500, "nmol/L", "umol/L", 0.5),
        (1, "1/min", "1/h", 60),
        (54, "percent", "1", 0.54),
        (37, "degC", "K", 310.15),
        (1.5, "mL/min", "L/h", 0.09),
    ],
)
def test_known_conversions(value: float, unit: str, to: str, expected: float) -> None:
    assert convert(value, unit, to) == pytest.approx(expected, rel=1e-12)


def test_a_difference_of_temperatures_has_no_zero_point() -> None:
    assert factor("degC", "K") == pytest.approx(1)


@pytest.mark.parametrize(
    ("unit", "to"), [("ng/mL", "umol/L"), ("mg/kg", "1"), ("mg", "umol"), ("h", "1/h"), ("point", "h"), ("mg", "mg/kg")]
)
def test_what_measures_something_else_is_refused(unit: str, to: str) -> None:
    with pytest.raises(UnitError, match="does not convert"):
        convert(1.0, unit, to)


@pytest.mark.parametrize("unit", ["", " ", "umoll", "1/", "!", "3 mg", "L/h/70/kg", "(", "0"])
def test_what_is_no_unit_is_refused(unit: str) -> None:
    with pytest.raises(UnitError):
        parse(unit)


class Occupancy(NamedTuple):
    kd_nmda_s: Annotated[Any, "umol/L"]
    hill: Annotated[Any, "1"]


class Chain(NamedTuple):
    occupancy: Occupancy
    clock: Annotated[Any, "h"]


class Bare(NamedTuple):
    clock: float


def test_units_are_read_from_the_types() -> None:
    assert declared(Chain) == {"occupancy.kd_nmda_s": "umol/L", "occupancy.hill": "1", "clock": "h"}


def test_a_field_without_a_unit_is_refused() -> None:
    with pytest.raises(UnitError, match=r"Bare\.clock declares no unit"):
        declared(Bare)
