"""The symbolic reading: the chain run on sympy symbols, for formulas to read, Jacobians, and whatever else algebra can do.

A symbol is named ``link.Class.field``, so that no two numbers of the chain share one.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, NamedTuple, get_type_hints

import sympy as sp

from racemate.chain import circuit, concentration, dose, laws, occupancy, plasticity, score, severity, whole
from racemate.hypothesis import EDGE, edges
from racemate.readings.glyphs import Glyph, glyph
from racemate.readings.names import build, is_record, leaves

_SIGNED = ("mV",)
"""Units of numbers that may have either sign; coefficients of the node may too."""

_LONGEST = 40
"""Operations in the longest formula that is worth trying to shorten."""


class Algebra:
    """The functions that equations ask of their number library, for sympy."""

    maximum = staticmethod(sp.Max)
    exp = staticmethod(sp.exp)
    log = staticmethod(sp.log)

    @staticmethod
    def where(condition: Any, a: Any, b: Any) -> Any:
        """``a`` where the condition holds, else ``b``; a choice already made is not asked again inside."""
        return sp.Piecewise((_decided(a, condition, True), condition), (_decided(b, condition, False), True))


def _decided(branch: Any, condition: Any, held: bool) -> Any:
    branch = sp.sympify(branch)
    asked = [choice for choice in branch.atoms(sp.Piecewise) if choice.args[0][1] == condition]
    return branch.xreplace({choice: choice.args[0 if held else 1][0] for choice in asked})


class Abbreviated:
    """The same, but each result gets a symbol of its own, so that long expressions stay short; ``meaning`` holds what it stands for."""

    def __init__(self) -> None:
        self.meaning: dict[sp.Symbol, Any] = {}

    def _name(self, value: Any) -> Any:
        if value.is_Atom:
            return value
        one = sp.Symbol(f"z{len(self.meaning)}", real=True)
        self.meaning[one] = value
        return one

    def maximum(self, a: Any, b: Any) -> Any:
        """The larger of two, written as a choice, which has a derivative on either side."""
        return self.where(a > b, a, b)

    def where(self, condition: Any, a: Any, b: Any) -> Any:
        """``a`` where the condition holds, else ``b``."""
        return self._name(Algebra.where(condition, a, b))

    def exp(self, x: Any) -> Any:
        """Exponential."""
        return self._name(sp.exp(x))

    def log(self, x: Any) -> Any:
        """Natural logarithm."""
        return self._name(sp.log(x))


class Equation(NamedTuple):
    """One formula: ``kind`` is person, term, signal, state or input; ``left`` and ``right`` are sympy expressions.

    Of a state, ``right`` is the time derivative per hour.
    """

    name: str
    kind: str
    left: Any
    right: Any

    @property
    def latex(self) -> str:
        """The formula in LaTeX."""
        left = latex(self.left)
        rate = r"\frac{d}{dt} " if self.kind == "state" else ""
        return f"{rate}{left} = {latex(self.right)}"


class Jacobian(NamedTuple):
    """Derivatives of the slopes of the slow states (per hour) with respect to the slow states.

    ``matrix`` and ``slopes`` hold symbols of states, exposures, setting and parameters, and abbreviations whose meaning ``where``
    gives, each in terms of those before it.  ``states`` are the dotted names of rows and columns.
    """

    states: tuple[str, ...]
    slopes: Any
    matrix: Any
    where: tuple[tuple[Any, Any], ...]


def symbol(record: str, field: str, unit: str = "1") -> sp.Symbol:
    """The symbol of one number: positive for parameters, not negative for states and signals, real where a sign is possible."""
    name = f"{record}.{field}"
    if unit in _SIGNED or "node_" in field:
        return sp.Symbol(name, real=True)
    return sp.Symbol(name, positive=True) if record.endswith(".Par") else sp.Symbol(name, nonnegative=True)


def symbols(cls: Any) -> Any:
    """A record of the chain with a symbol in every field; what another link declares keeps that link's name."""
    hints = get_type_hints(cls)
    if all(is_record(hints[field]) and hints[field].__module__ != cls.__module__ for field in cls._fields):
        return cls(*(symbols(hints[field]) for field in cls._fields))
    title = f"{cls.__module__.rpartition('.')[2]}.{cls.__name__}"
    return build(cls, lambda field, unit: symbol(title, field, unit))


def par(on: Iterable[str] | None = None) -> whole.Par:
    """Symbols of every parameter; gains of edges that are not ``on`` are zero (None: all on).  Raises ValueError for no edge."""
    wanted = set(edges() if on is None else on)
    unknown = wanted - set(edges())
    if unknown:
        raise ValueError(f"edges: found {', '.join(sorted(unknown))}, allowed: {', '.join(edges())}")
    off = {f"{EDGE}{edge}": sp.Integer(0) for edge in edges() if edge not in wanted}
    links = symbols(whole.Par)
    return whole.Par(*(p._replace(**{name: zero for name, zero in off.items() if name in p._fields}) for p in links))


def latex(expression: Any) -> str:
    """An expression in LaTeX, with the chain's own glyphs."""
    names = {one: glyph_of(one).latex for one in sp.sympify(expression).free_symbols}
    return str(sp.latex(expression, symbol_names=names, mul_symbol="dot", order="none"))


def glyph_of(one: Any) -> Glyph:
    """The glyph of a symbol; a symbol that names no record is a word."""
    link, _, rest = str(one.name).partition(".")
    cls, _, field = rest.partition(".")
    return glyph(f"{link}.{cls}", field) if field else Glyph(link.replace("_", " "))


def jacobian(on: Iterable[str] | None = None) -> Jacobian:
    """Jacobian of the slow states' slopes under a hypothesis whose edges are ``on`` (None: every edge)."""
    names, states = Abbreviated(), symbols(whole.Slow)
    records = whole.relaxations(symbols(concentration.Exposure), states, par(on), symbols(severity.Setting), names)
    flat = [one for part in states for one in part]
    slopes = [
        laws.slope(y, r) for part, found in zip(states, records, strict=True) for y, r in zip(part, found, strict=True)
    ]
    change = {one: [sp.Integer(int(one == y)) for y in flat] for one in flat}
    for short, meaning in names.meaning.items():
        change[short] = _chain(meaning, change, len(flat))
    matrix = sp.Matrix([_chain(sp.sympify(slope), change, len(flat)) for slope in slopes])
    titles = tuple(f"{link}.{name}" for link, part in zip(states._fields, states, strict=True) for name in part._fields)
    return Jacobian(titles, sp.Matrix(slopes), matrix, tuple(names.meaning.items()))


def _chain(expression: Any, change: dict[Any, list[Any]], count: int) -> list[Any]:
    """Derivative with respect to each state, through the abbreviations known so far."""
    parts = [(sp.diff(expression, one), row) for one, row in change.items() if one in expression.free_symbols]
    return [sp.Add(*(slope * row[k] for slope, row in parts)) for k in range(count)]


def equations(link: str, on: Iterable[str] | None = None) -> list[Equation]:
    """Formulas of one link in the order a reader needs them; what the link before hands on stays a symbol.

    ``on`` are the edges that are on (None: all).  Raises ValueError for an unknown link.
    """
    if link not in _READERS:
        raise ValueError(f"link: found {link!r}, allowed: {', '.join(_READERS)}")
    return list(_equations(link, None if on is None else frozenset(on)))


@cache
def _equations(link: str, on: frozenset[str] | None) -> tuple[Equation, ...]:
    return tuple(_fold(_READERS[link](par(on))))


def _named(cls: Any, values: Any, kind: str = "signal") -> list[Equation]:
    found = leaves(values)
    return [Equation(name, kind, one, sp.sympify(found[name])) for name, one in leaves(symbols(cls)).items()]


def _terms(**values: Any) -> list[Equation]:
    return [Equation(name, "term", sp.Symbol(name, nonnegative=True), value) for name, value in values.items()]


def _persons(record: str, own: Any, changed: Any) -> list[Equation]:
    """Parameters that a person's covariates change."""
    before, after = leaves(own), leaves(changed)
    return [
        Equation(name, "person", sp.Symbol(f"{record}.Person.{name}", positive=True), value)
        for name, value in after.items()
        if value != before[name]
    ]


def _states(cls: Any, records: Any) -> list[Equation]:
    found: list[Equation] = []
    for name, y, record in zip(cls._fields, symbols(cls), records, strict=True):
        gained = sp.sympify(record.rate * record.target)
        drains = sp.count_ops(gained) < sp.count_ops(record.target)
        right = gained - record.rate * y if drains else sp.Mul(record.rate, record.target - y, evaluate=False)
        found.append(Equation(name, "state", y, right))
    return found


def _fold(found: list[Equation]) -> list[Equation]:
    """Write each formula in terms of the other terms and signals that it contains, the longest first."""
    known = [one for one in found if one.kind == "term" or (one.kind == "signal" and sp.count_ops(one.right) > 1)]
    known.sort(key=lambda one: -sp.count_ops(one.right))
    folded: list[Equation] = []
    for place, one in enumerate(found):
        before = {other.left for other in found[:place]}
        pairs = [(k.right, k.left) for k in known if k.left != one.left and (k.right != one.right or k.left in before)]
        right = one.right.xreplace(dict(pairs))
        pairs += [(k.right, k.left) for k in folded if k.kind != "state" and sp.count_ops(k.right) > 1]
        for contained, left in pairs:
            if contained.free_symbols <= right.free_symbols and sp.count_ops(contained) <= sp.count_ops(right):
                powers = [(contained**n, left**n) for n in (3, 2)] if contained.is_Mul else []
                right = right.subs([*powers, (-contained, -left), (contained, left)])
        folded.append(one._replace(right=_shorter(right)))
    return folded


def _shorter(expression: Any) -> Any:
    """The same with powers written as powers and, where that is shorter, one fraction in place of nested ones."""
    a, b = sp.Wild("a"), sp.Wild("b")
    plain = sp.nsimplify(expression.replace(sp.exp(a * sp.log(b)), b**a))
    if sp.count_ops(plain) > _LONGEST or plain.has(sp.Piecewise, sp.Max):
        return plain
    return min((plain, sp.cancel(plain)), key=sp.count_ops)


def _dose(p: whole.Par) -> list[Equation]:
    found = _persons("dose", p.dose, dose.individual(p.dose, symbols(laws.Person)))
    ketamine = [("esketamine", route, later) for route in dose.routes("esketamine") for later in (False, True)]
    others = [
        (drug, route, False) for drug in dose.drugs() if drug not in dose.ENANTIOMERS for route in dose.routes(drug)
    ]
    for drug, route, later in (*ketamine, *others):
        for way in dose.inputs(drug, route, later, p.dose):
            name = f"{drug} {route}{', later device' * later} to {way.compartment.replace('_', ' ')}"
            if not later or "later" in str(way.fraction):
                found.append(Equation(name, "input", sp.Symbol(f"share of {name}"), sp.sympify(way.fraction)))
    return found


def _concentration(p: whole.Par) -> list[Equation]:
    y, moves = symbols(concentration.State), concentration.transfers(p.concentration)
    twin = dict(zip(y.ketamine_s, y.ketamine_r, strict=True))
    changed = concentration.individual(p.concentration, symbols(laws.Person), Algebra)
    found = _persons("concentration", p.concentration, changed)
    for body, amounts in zip(y._fields, y, strict=True):
        for part, one in zip(amounts._fields, amounts, strict=True):
            slope = laws.transfer_slope(part, amounts, moves[body])
            same = [e for e in found if e.left.xreplace(twin) == one and sp.sympify(e.right).xreplace(twin) == slope]
            if not same:
                found.append(Equation(f"{body}.{part}", "state", one, slope))
    found += _named(concentration.Exposure, concentration.signal(y, p.concentration))
    return found + _named(concentration.Plasma, concentration.plasma(y, p.concentration))


def _occupancy(p: whole.Par) -> list[Equation]:
    x, own = symbols(concentration.Exposure), p.occupancy
    cells = ("interneuron", "pyramidal", "rest")
    terms = {"load": occupancy.nmda_load(x, own)}
    terms |= {f"magnesium_{c}": occupancy.magnesium_load(own, getattr(own, f"v_{c}"), Algebra) for c in cells}
    terms |= {f"trapping_{c}": occupancy.use_dependence(own, getattr(own, f"open_{c}")) for c in cells}
    return _terms(**terms) + _named(occupancy.Occupancy, occupancy.signal(x, own, Algebra))


def _circuit(p: whole.Par) -> list[Equation]:
    o, y = symbols(occupancy.Occupancy), symbols(circuit.State)
    own = p.circuit
    tone, rise = circuit.opioid(o, y, own)
    records = circuit.relaxations(o, y, own, Algebra)
    terms = {
        "mor_rise": rise,
        "raised": records.homeostasis.target,
        "permission": laws.permit(tone, own.half_permission),
    }
    terms |= {f"loss_{cell}": _loss(o, y, own, place) for cell, place in (("interneuron", 0), ("pyramidal", 3))}
    signals = _named(circuit.Circuit, circuit.signal(o, y, own, Algebra))
    persons = _persons("circuit", own, circuit.individual(own, symbols(laws.Person)))
    return persons + _terms(**terms) + signals + _states(circuit.State, records)


def _loss(o: Any, y: Any, own: Any, place: int) -> Any:
    """Loss of NMDA drive that the node sees: the exponent of a node with one coefficient, at ``place``, and nothing below."""
    none = tuple(sp.Integer(0) for _ in own.node_below)
    one = tuple(sp.Integer(int(k == place)) for k in range(len(none)))
    return sp.log(circuit.signal(o, y, own._replace(node_above=one, node_below=none), Algebra).excitation)


def _plasticity(p: whole.Par) -> list[Equation]:
    c, y = symbols(circuit.Circuit), symbols(plasticity.State)
    signals = _named(plasticity.Plasticity, plasticity.signal(c, y, p.plasticity))
    blocked = symbols(occupancy.Occupancy).mtorc1_blocked
    return signals + _states(plasticity.State, plasticity.relaxations(c, blocked, y, p.plasticity))


def _severity(p: whole.Par) -> list[Equation]:
    y, s, own = symbols(severity.State), symbols(severity.Setting), p.severity
    blocked, felt = symbols(occupancy.Occupancy).mor_blocked, symbols(circuit.Circuit).felt
    since = sp.Symbol("hours_on_treatment", real=True)
    seen = severity.signal(y, symbols(severity.Reference), blocked, since, s, own, Algebra)
    states = _states(severity.State, severity.relaxations(symbols(plasticity.Plasticity), felt, blocked, s, own))
    persons = _persons("severity", own, severity.individual(own, symbols(laws.Person)))
    return persons + _terms(context=severity.context(s, own)) + _named(severity.Severity, seen) + states


def _score(p: whole.Par) -> list[Equation]:
    x, felt = symbols(concentration.Exposure), symbols(circuit.Circuit).felt
    return _named(score.Score, score.signal(symbols(severity.Severity), x, felt, p.score))


_READERS: dict[str, Callable[[whole.Par], list[Equation]]] = {
    "dose": _dose,
    "concentration": _concentration,
    "occupancy": _occupancy,
    "circuit": _circuit,
    "plasticity": _plasticity,
    "severity": _severity,
    "score": _score,
}
