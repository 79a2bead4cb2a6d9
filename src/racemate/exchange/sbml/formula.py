"""Formula: expressions of the symbolic reading in the text of SBML Level 3, each shared part written once.

The reading is taken as it was written, without sympy's own rearrangements: so products of units stay products of units, and a file
repeats the arithmetic of the chain.  Every number in the chain is plain (0, 1, 2), so every literal is.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import sympy as sp

from racemate.exchange.sbml import ids
from racemate.exchange.sbml.units import PLAIN, Powers, inverse, product

_SHORT = 3
"""Nodes in a part that is cheaper to repeat than to name: a product or a sum of two symbols."""


class Part(NamedTuple):
    """An expression under a name: ``symbol`` stands for ``right`` in every other formula; ``shared`` if nothing declares it."""

    symbol: Any
    right: Any
    shared: bool = False


def share(parts: list[Part], others: list[Any], name: Callable[[int], str]) -> dict[Any, Part]:
    """What stands for each expression that occurs more than once in ``parts`` and ``others``, by expression.

    A part whose own formula occurs in another formula is used by its symbol; what belongs to no part gets a symbol ``name(k)``.
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
        if counted[one] > 1 and one not in known and _nameable(one):
            known[one] = Part(sp.Symbol(name(len(known))), one, shared=True)
    return known


def _count(root: Any, counted: Counter[Any], found: list[Any]) -> None:
    """Count how often each expression is an argument; what it contains is counted once, and found before it."""
    counted[root] += 1
    if counted[root] > 1 or not root.args:
        return
    for below in root.args:
        _count(below, counted, found)
    found.append(root)


def _nameable(one: Any) -> bool:
    """True for an expression that has a value and a unit of its own and is long enough to be named."""
    piece = one.is_Boolean or one.is_Relational or isinstance(one, sp.functions.elementary.piecewise.ExprCondPair)
    return not piece and not one.is_Atom and _size(one) > _SHORT and not _negative(one) and not _inverse(one)


def _size(one: Any) -> int:
    return 1 + sum(_size(part) for part in one.args)


def _negative(one: Any) -> bool:
    return one.is_Mul and one.args[0] == sp.Integer(-1)


def _inverse(one: Any) -> bool:
    return one.is_Pow and one.args[1] == sp.Integer(-1)


class Writer:
    """Text and unit of expressions; ``known`` says what stands for an expression, ``unit`` the unit of each symbol."""

    def __init__(self, known: Mapping[Any, Part], unit: dict[Any, Powers]) -> None:
        self._known, self._unit = known, unit

    def formula(self, one: Any) -> str:
        """Formula of a whole right-hand side, its own name not used in it."""
        return self._written(one)

    def units(self, one: Any) -> Powers:
        """Unit of an expression."""
        if one in self._unit:
            return self._unit[one]
        if one.is_Mul:
            found = product(*(self.units(part) for part in one.args))
        elif _inverse(one):
            found = inverse(self.units(one.args[0]))
        elif one.is_Add or isinstance(one, sp.Max | sp.Piecewise):
            first = one.args[0].args[0] if isinstance(one, sp.Piecewise) else one.args[0]
            found = self.units(first)
        elif one.is_Number or isinstance(one, sp.exp | sp.log):
            found = {}
        else:
            raise TypeError(f"formula: found {type(one).__name__} in {one}, allowed: what the laws of the chain use")
        self._unit[one] = found
        return found

    def _text(self, one: Any) -> str:
        part = self._known.get(one)
        return self._written(one) if part is None else ids.of(part.symbol)

    def _written(self, one: Any) -> str:
        if one.is_Symbol:
            return ids.of(one)
        if one.is_Integer:
            return f"{int(one)} {PLAIN}"
        if one.is_Add:
            return self._sum(one)
        if one.is_Mul:
            return self._product(one)
        if _inverse(one):
            return f"(1 {PLAIN} / {self._text(one.args[0])})"
        if isinstance(one, sp.Piecewise):
            (held, condition), (other, _) = one.args
            return f"piecewise({self._text(held)}, {self._text(condition)}, {self._text(other)})"
        if isinstance(one, sp.StrictGreaterThan):
            return f"({self._text(one.args[0])} > {self._text(one.args[1])})"
        called = {sp.Max: "max", sp.exp: "exp", sp.log: "ln"}.get(type(one))
        if called is None:
            raise TypeError(f"formula: found {type(one).__name__}, allowed: what the laws of the chain use")
        return f"{called}({', '.join(self._text(part) for part in one.args)})"

    def _sum(self, one: Any) -> str:
        """Positive terms first, so that none starts with a minus; terms that are zero times something are left out."""
        terms = [term for term in one.args if not (term.is_Mul and sp.Integer(0) in term.args)] or list(one.args)
        added = [self._text(term) for term in terms if not _negative(term)]
        taken = [self._text(sp.Mul(*term.args[1:], evaluate=False)) for term in terms if _negative(term)]
        return f"({' - '.join([' + '.join(added) or f'0 {PLAIN}', *taken])})"

    def _product(self, one: Any) -> str:
        if len(one.args) == 1:
            return self._text(one.args[0])
        below = [self._text(part.args[0]) for part in one.args if _inverse(part)]
        above = [self._text(part) for part in one.args if not _inverse(part) and part != sp.Integer(-1)]
        text = "*".join(above) or f"1 {PLAIN}"
        sign = "-" if sp.Integer(-1) in one.args else ""
        divided = f"{text}/({'*'.join(below)})" if len(below) > 1 else "/".join([text, *below])
        return f"({sign}{divided})"
