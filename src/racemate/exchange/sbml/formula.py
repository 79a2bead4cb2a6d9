"""Formula: expressions of the symbolic reading in the text of SBML Level 3, each shared part written once.

The reading is taken as it was written, without sympy's own rearrangements: so products of units stay products of units, and a file
repeats the arithmetic of the chain.  Numbers in the chain are 0, 1 and 2; 1 and 2 are plain, and what is multiplied by 0 has a unit.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import sympy as sp

from racemate.exchange.sbml import ids
from racemate.exchange.sbml.units import PLAIN, Powers, inverse, named, product

_SHORT = 3
"""Symbols and numbers in an expression that is written out wherever it occurs, such as a cube or a sum over a third."""
_ZERO, _ONE, _MINUS = sp.Integer(0), sp.Integer(1), sp.Integer(-1)


class Part(NamedTuple):
    """An expression under a name: ``symbol`` stands for ``right`` in every other formula; ``shared`` if nothing declares it."""

    symbol: Any
    right: Any
    shared: bool = False


def tidy(one: Any, done: dict[Any, Any]) -> Any:
    """The same without factors of one and terms that are zero times something; call it where sympy does not evaluate.

    Zero times something stays where nothing else does, because it has a unit.  ``done`` remembers what was tidied.
    """
    if not one.args:
        return one
    if one not in done:
        done[one] = _tidied(one, [tidy(part, done) for part in one.args])
    return done[one]


def _tidied(one: Any, args: list[Any]) -> Any:
    if one.is_Add:
        kept = [term for term in args if not _zero(term)] or args[:1]
        return sp.Add(*kept) if len(kept) > 1 else kept[0]
    if one.is_Mul:
        kept = [part for part in args if part != _ONE] or args[:1]
        return sp.Mul(*kept) if len(kept) > 1 else kept[0]
    return one.func(*args)


def _zero(one: Any) -> bool:
    return one == _ZERO or (one.is_Mul and any(_zero(part) for part in one.args))


def share(parts: list[Part], others: list[Any], name: Callable[[int], str]) -> dict[Any, Part]:
    """What stands for each expression that occurs more than once in ``parts`` and ``others``, by expression.

    A part whose own formula occurs in another formula is used by its symbol; what belongs to no part gets a symbol ``name(k)``, k
    from 1.
    """
    known: dict[Any, Part] = {}
    for part in parts:
        if part.right.args:
            known.setdefault(part.right, part)
    counted: Counter[Any] = Counter()
    found: list[Any] = []
    for root in (*(part.right for part in parts), *others):
        _count(root, counted, found)
    for one in found:
        if counted[one] > 1 and one not in known and _nameable(one, known):
            known[one] = Part(sp.Symbol(name(sum(part.shared for part in known.values()) + 1)), one, shared=True)
    return known


def _count(root: Any, counted: Counter[Any], found: list[Any]) -> None:
    """Count how often each expression is an argument; what it contains is counted once, and found before it."""
    counted[root] += 1
    if counted[root] > 1 or not root.args:
        return
    for below in root.args:
        _count(below, counted, found)
    found.append(root)


def _nameable(one: Any, known: Mapping[Any, Part]) -> bool:
    """True for an expression that has a value of its own and is not written faster than named."""
    piece = not isinstance(one, sp.Expr) or _negative(one) or _inverse(one) or _zero(one)
    return not piece and sum(_length(part, known) for part in one.args) > _SHORT


def _length(one: Any, known: Mapping[Any, Part]) -> int:
    """Symbols and numbers in the text of an expression."""
    if one == _MINUS or not one.args or one in known:
        return int(one != _MINUS)
    return sum(_length(part, known) for part in one.args)


def _negative(one: Any) -> bool:
    return one == _MINUS or (one.is_Mul and one.args[0] == _MINUS)


def _positive(one: Any) -> Any:
    """A negative term without its sign."""
    return _ONE if one == _MINUS else sp.Mul(*one.args[1:], evaluate=False)


def _inverse(one: Any) -> bool:
    return one.is_Pow and one.args[1] == _MINUS


class Writer:
    """Text and unit of expressions; ``known`` says what stands for an expression, ``unit`` the unit of each symbol."""

    def __init__(self, known: Mapping[Any, Part], unit: Mapping[Any, Powers]) -> None:
        self._known, self._unit = known, unit
        self._found: dict[Any, Powers] = {}

    def formula(self, one: Any) -> str:
        """Formula of a whole right-hand side, its own name not used in it.  Raises TypeError for what no law of the chain uses."""
        return self._written(one)

    def used(self, one: Any) -> Counter[Any]:
        """How often each symbol stands in the formula of a whole right-hand side."""
        return self._used([one] if one.is_Symbol else one.args)

    def _used(self, parts: Iterable[Any]) -> Counter[Any]:
        found: Counter[Any] = Counter()
        for one in parts:
            known = self._known.get(one)
            if known is not None or one.is_Symbol:
                found[one if known is None else known.symbol] += 1
            elif not _zero(one):
                found += self._used([_positive(one)] if _negative(one) else one.args)
        return found

    def units(self, one: Any) -> Powers:
        """Unit of an expression.  Raises TypeError for what no law of the chain uses."""
        if one.is_Symbol:
            return self._unit[one]
        if one not in self._found:
            self._found[one] = self._derived(one)
        return self._found[one]

    def _derived(self, one: Any) -> Powers:
        if one.is_Mul:
            return product(*(self.units(part) for part in one.args))
        if _inverse(one):
            return inverse(self.units(one.args[0]))
        if one.is_Add or isinstance(one, sp.Max):
            return self.units(one.args[0])
        if isinstance(one, sp.Piecewise):
            return self.units(one.args[0].args[0])
        if one.is_Number or isinstance(one, sp.exp | sp.log):
            return {}
        raise _strange(one)

    def _text(self, one: Any) -> str:
        part = self._known.get(one)
        return self._written(one) if part is None else ids.of(part.symbol)

    def _written(self, one: Any) -> str:
        if one.is_Symbol:
            return ids.of(one)
        if _zero(one):
            return f"0 {named(self.units(one))}"
        if one.is_Number:
            return f"{int(one) if one.is_Integer else float(one)!r} {PLAIN}"
        if one.is_Add:
            return self._sum(one)
        if one.is_Mul:
            return self._product(one)
        if _inverse(one):
            return f"(1 {PLAIN} / {self._text(one.args[0])})"
        if isinstance(one, sp.Piecewise):
            chosen, other = (choice.args for choice in one.args)
            return f"piecewise({self._text(chosen[0])}, {self._text(chosen[1])}, {self._text(other[0])})"
        if isinstance(one, sp.StrictGreaterThan):
            return f"({self._text(one.args[0])} > {self._text(one.args[1])})"
        called = {sp.Max: "max", sp.exp: "exp", sp.log: "ln"}.get(type(one))
        if called is None:
            raise _strange(one)
        return f"{called}({', '.join(self._text(part) for part in one.args)})"

    def _sum(self, one: Any) -> str:
        """Positive terms first, so that none starts with a minus."""
        added = [self._text(term) for term in one.args if not _negative(term)] or [f"0 {named(self.units(one))}"]
        taken = [self._text(_positive(term)) for term in one.args if _negative(term)]
        return f"({' - '.join([' + '.join(added), *taken])})"

    def _product(self, one: Any) -> str:
        below = [self._text(part.args[0]) for part in one.args if _inverse(part)]
        above = [self._text(part) for part in one.args if not _inverse(part) and part != _MINUS]
        text = "*".join(above) or f"1 {PLAIN}"
        sign = "-" if _MINUS in one.args else ""
        divided = f"{text}/({'*'.join(below)})" if len(below) > 1 else "/".join([text, *below])
        return f"({sign}{divided})"


def _strange(one: Any) -> TypeError:
    return TypeError(f"formula: found {type(one).__name__} in {one}, allowed: what the laws of the chain use")
