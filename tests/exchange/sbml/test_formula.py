"""Formulas: what is shared is named once, zeros go, numbers have units, and what no law uses is refused."""

import pytest
import sympy as sp

from racemate.exchange.sbml import ids
from racemate.exchange.sbml.formula import Part, Writer, share, tidy
from racemate.exchange.sbml.units import bases, named, powers
from racemate.units import UnitError

A, B, C, HALF = (sp.Symbol(name, positive=True) for name in "abcd")


def written(text: str, **unit: str) -> str:
    with sp.evaluate(False):
        names = {"a": A, "b": B, "c": C}
        one = tidy(eval(text, {"sp": sp}, names), {})
    units = {symbol: powers(unit.get(name, "1")) for name, symbol in names.items()}
    return Writer({}, units).formula(one)


@pytest.mark.parametrize(
    ("python", "text"),
    [
        ("a/(b*c)", "(a/(b*c))"),
        ("c - a*b", "(c - (a*b))"),
        ("1 - a", "(1 dimensionless - a)"),
        ("0*a + b", "b"),
        ("1*a", "a"),
        ("sp.exp(-a/b)", "exp(((-a)/b))"),
    ],
)
def test_a_formula_is_written_as_the_chain_has_it(python: str, text: str) -> None:
    assert written(python) == text


def test_what_is_multiplied_by_zero_keeps_its_unit() -> None:
    assert written("sp.Max(a, 0*a)", a="h") == "max(a, 0 hour)"


def test_what_no_law_uses_is_refused() -> None:
    with pytest.raises(TypeError, match="sin"):
        Writer({}, {A: {}}).formula(sp.sin(A))


def test_a_part_that_occurs_again_is_named_once() -> None:
    with sp.evaluate(False):
        long = A * B + C / A
        parts = [Part(sp.Symbol("x"), long / (1 + long)), Part(sp.Symbol("y"), long * long)]
    known = share(parts, [], "shared_{}".format)
    assert [str(part.symbol) for part in known.values() if part.shared] == ["shared_1"]
    writer = Writer(known, {})
    assert writer.formula(parts[0].right) == "(shared_1/(1 dimensionless + shared_1))"
    assert writer.used(parts[1].right)[sp.Symbol("shared_1")] == 2


def test_a_declared_part_stands_for_its_formula_elsewhere() -> None:
    with sp.evaluate(False):
        own = A * B * C + 1
        parts = [Part(sp.Symbol("x"), own), Part(sp.Symbol("y"), A - own)]
    assert Writer(share(parts, [], "shared_{}".format), {}).formula(parts[1].right) == "(a - x)"


def test_units_are_composed_of_base_units() -> None:
    assert named(powers("mg/L")) == "milligram_per_liter"
    assert [(one.kind, one.exponent, one.scale, one.multiplier) for one in bases(powers("mg/h"))] == [
        ("second", -1.0, 0, 3600.0),
        ("gram", 1.0, -3, 1.0),
    ]
    with pytest.raises(UnitError):
        bases(powers("candela"))


def test_ids_follow_the_names_of_readings_and_parameters() -> None:
    names = ("occupancy.Par.kd_dor", "severity.State.fast", "concentration.State.ketamine_s.gut", "score.Score.madrs")
    assert [ids.of(sp.Symbol(name)) for name in names] == [
        "occupancy_kd_dor",
        "state_severity_fast",
        "amount_ketamine_s_gut",
        "score_madrs",
    ]
