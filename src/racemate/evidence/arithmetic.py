"""Arithmetic of derived numbers: recomputed from its text, with nothing but numbers, + - * / **, sqrt, log and exp."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from decimal import Decimal
from math import exp, isfinite, log, sqrt

_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
}
_UNARY: dict[type[ast.unaryop], Callable[[float], float]] = {ast.UAdd: operator.pos, ast.USub: operator.neg}
_CALLS: dict[str, Callable[[float], float]] = {"sqrt": sqrt, "log": log, "exp": exp}
_LONGEST = 400

ALLOWED = "numbers, + - * / **, brackets, sqrt, log (natural) and exp"
"""What an expression may hold, in words."""


class NotArithmeticError(ValueError):
    """An expression that is not plain arithmetic, or has no finite value."""


def evaluate(text: str) -> float:
    """The value of an expression, with or without a leading `=`.  Raises NotArithmeticError for anything but plain arithmetic."""
    expression = text.strip().removeprefix("=").strip()
    if len(expression) > _LONGEST:
        raise NotArithmeticError(f"{len(expression)} characters")
    try:
        value = float(_value(ast.parse(expression, mode="eval").body))
    except (SyntaxError, ArithmeticError, ValueError, TypeError, RecursionError, MemoryError) as error:
        raise NotArithmeticError(f"{text!r} ({error})") from error
    if not isfinite(value):
        raise NotArithmeticError(f"{text!r} is {value}")
    return value


def _value(node: ast.expr) -> float:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return float(number)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _BINARY[type(op)](_value(left), _value(right))
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
            return _UNARY[type(op)](_value(operand))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _CALLS:
            return _CALLS[name](_value(argument))
        case _:
            raise NotArithmeticError(f"{ast.unparse(node)} is not arithmetic")


def rounding(value: float) -> float:
    """Half a unit of the last digit a number is written with; whole numbers count as written to the unit."""
    exponent = Decimal(repr(value)).normalize().as_tuple().exponent
    places = min(exponent, 0) if isinstance(exponent, int) else 0
    return 0.5 * 10.0**places


def agrees(value: float, result: float) -> bool:
    """True when a result rounds to the value as written; a digit on the edge may round either way."""
    return abs(value - result) <= rounding(value) * (1 + 1e-6) + 1e-12 * abs(value)
