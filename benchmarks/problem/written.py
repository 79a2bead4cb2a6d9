"""Written: equations in symbols as the text of a Python function and as SBML."""

from collections.abc import Mapping, Sequence
from typing import Any

from sympy.printing.pycode import PythonCodePrinter
from sympy.printing.str import StrPrinter

from benchmarks.problem.told import Stretch, Values


class _Python(PythonCodePrinter):
    """Plain names, so that numba's, numpy's or JAX's functions can stand behind them."""

    def __init__(self) -> None:
        super().__init__({"fully_qualified_modules": False})

    def _print_Max(self, expr: Any) -> str:  # noqa: N802 sympy asks for this name
        return f"maximum({', '.join(self._print(one) for one in expr.args)})"

    def _print_Piecewise(self, expr: Any) -> Any:  # noqa: N802
        (chosen, condition), (other, _) = (one.args for one in expr.args)
        return f"where({self._print(condition)}, {self._print(chosen)}, {self._print(other)})"

    def _print_Pow(self, expr: Any, rational: bool = False) -> str:  # noqa: N802
        below, above = expr.args
        if above.is_Integer and 1 < int(above) <= 4:
            return "(" + "*".join([self.parenthesize(below, 100)] * int(above)) + ")"
        return super()._print_Pow(expr, rational)


class _Formula(StrPrinter):
    """SBML Level 3 formulas."""

    def _print_Max(self, expr: Any) -> str:  # noqa: N802
        return f"max({', '.join(self._print(one) for one in expr.args)})"

    def _print_Piecewise(self, expr: Any) -> str:  # noqa: N802
        (chosen, condition), (other, _) = (one.args for one in expr.args)
        return f"piecewise({self._print(chosen)}, {self._print(condition)}, {self._print(other)})"

    def _print_log(self, expr: Any) -> str:
        return f"ln({self._print(expr.args[0])})"


def python(
    states: Sequence[Any], parameters: Sequence[Any], held: Sequence[Any], algebra: Sequence[Any], slopes: Sequence[Any]
) -> str:
    """Statements that set ``d0``, ``d1``, ... from ``y``, ``p`` and ``h``."""
    show, used = _Python(), set().union(*(one.free_symbols for one in (*slopes, *(right for _, right in algebra))))
    lines = [
        f"{one} = {letter}[{k}]"
        for letter, group in (("y", states), ("p", parameters), ("h", held))
        for k, one in enumerate(group)
        if one in used
    ]
    lines += [f"{left} = {show.doprint(right)}" for left, right in algebra]
    lines += [f"d{k} = {show.doprint(right)}" for k, right in enumerate(slopes)]
    return "\n".join(lines)


def sbml(
    name: str,
    start: Mapping[str, float],
    parameters: Mapping[str, float],
    algebra: Sequence[Any],
    slopes: Sequence[Any],
    held: Sequence[str],
    stretches: Sequence[Stretch],
) -> str:
    """SBML Level 3 Version 2: states as parameters with rate rules, events where a stretch begins."""
    import libsbml

    document = libsbml.SBMLDocument(3, 2)
    model = document.createModel()
    model.setId(name)
    show = _Formula()

    def parameter(symbol: str, value: float | None, constant: bool) -> None:
        one = model.createParameter()
        one.setId(symbol)
        one.setConstant(constant)
        if value is not None:
            one.setValue(float(value))

    def math(text: str) -> Any:
        parsed = libsbml.parseL3Formula(text.replace("**", "^"))
        if parsed is None:
            raise ValueError(f"formula {text}: {libsbml.getLastParseL3Error()}")
        return parsed

    first = stretches[0]
    for (symbol, value), jump in zip(start.items(), first.jump, strict=True):
        parameter(symbol, value + jump, False)
    for symbol, value in parameters.items():
        parameter(symbol, value, True)
    for symbol, value in zip(held, first.held, strict=True):
        parameter(symbol, value, False)
    for left, right in algebra:
        parameter(str(left), None, False)
        rule = model.createAssignmentRule()
        rule.setVariable(str(left))
        rule.setMath(math(show.doprint(right)))
    for symbol, right in zip(start, slopes, strict=True):
        rule = model.createRateRule()
        rule.setVariable(symbol)
        rule.setMath(math(show.doprint(right)))
    before = first.held
    for k, one in enumerate(stretches[1:], 1):
        _event(model, k, one, before, tuple(start), held, math)
        before = one.held
    return libsbml.writeSBMLToString(document)


def _event(
    model: Any, k: int, one: Stretch, before: Values, states: Sequence[str], held: Sequence[str], math: Any
) -> None:
    event = model.createEvent()
    event.setId(f"change_{k}")
    event.setUseValuesFromTriggerTime(True)
    trigger = event.createTrigger()
    trigger.setInitialValue(False)
    trigger.setPersistent(True)
    trigger.setMath(math(f"time >= {one.start_h!r}"))
    added = {name: f"{name} + {jump!r}" for name, jump in zip(states, map(float, one.jump), strict=True) if jump}
    pairs = zip(held, map(float, before), map(float, one.held), strict=True)
    for name, text in (added | {name: repr(new) for name, old, new in pairs if new != old}).items():
        assigned = event.createEventAssignment()
        assigned.setVariable(name)
        assigned.setMath(math(text))
