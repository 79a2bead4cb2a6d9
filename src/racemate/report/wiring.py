"""Wiring: which quantity acts on which, read off the equations and drawn with a card's edges lit.

Nothing here is typed by hand: a wire is a symbol in an equation, and it belongs to an edge where the edge's gain multiplies it.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from html import escape
from typing import Any, NamedTuple

from racemate.hypothesis import EDGE, edges
from racemate.readings.symbolic import equations, glyph_of

LINKS = ("circuit", "plasticity", "severity")
"""The links that cards speak for."""

_COLUMNS = {"laws": 0, "occupancy": 0, "circuit": 1, "plasticity": 3, "severity": 4}
_SIGNALS = 2
_WIDTH, _ROW, _TOP, _BOX, _HEIGHT, _MARGIN = 250, 30, 36, 150, 22, 44

_STYLE = """
text { font: 12px system-ui, sans-serif; text-anchor: middle; fill: #1c2430; } text.head { font-weight: 600; }
rect { fill: #fff; stroke: #8893a2; } path { fill: none; }
path.always { stroke: #cfd5dc; } path.on { stroke: #c2410c; stroke-width: 2.4; } path.off { stroke: #e3c9ba; stroke-dasharray: 3 4; }
"""


class Wire(NamedTuple):
    """An action of one quantity on another, by the names of their symbols; ``edge`` is empty where every hypothesis has it."""

    source: str
    target: str
    edge: str


@cache
def wires() -> tuple[Wire, ...]:
    """Every wire of circuit, plasticity and severity, each once, in the order of the equations."""
    found = [wire for link in LINKS for one in equations(link) for wire in _wires(one)]
    held = {(wire.source, wire.target) for wire in found if wire.edge}
    return tuple(dict.fromkeys(w for w in found if w.edge or (w.source, w.target) not in held))


def _wires(one: Any) -> Iterator[Wire]:
    gains = {s for s in one.right.free_symbols if _edge(s)}
    for gain in sorted(gains, key=str):
        for source in _partners(one.right, gain, gains - {gain}):
            yield Wire(source, one.left.name, _edge(gain))
    for s in sorted(one.right.free_symbols, key=str):
        name = _of_person(s.name)
        if _drawn(name) and name != one.left.name:
            yield Wire(name, one.left.name, "")


@cache
def _persons() -> frozenset[str]:
    return frozenset(one.left.name for link in LINKS for one in equations(link) if one.kind == "person")


def _of_person(name: str) -> str:
    """A parameter that covariates change is a quantity of the person."""
    changed = name.replace(".Par.", ".Person.")
    return changed if changed in _persons() else name


def _partners(expression: Any, gain: Any, others: set[Any]) -> list[str]:
    """Quantities that the gain multiplies, in the smallest product it stands in, leaving out factors of other gains."""
    products = [p for p in expression.find(lambda part: part.is_Mul) if gain in p.args]
    found = {
        s.name for p in products for factor in p.args if not factor.free_symbols & others for s in factor.free_symbols
    }
    return sorted(name for name in found if _drawn(name))


def _edge(symbol: Any) -> str:
    field = str(symbol.name).rpartition(".")[2]
    return field.removeprefix(EDGE) if field.startswith(EDGE) and field.removeprefix(EDGE) in edges() else ""


def _drawn(name: str) -> bool:
    return not any(record in name for record in (".Par.", ".Setting.", ".Reference.", "hours_"))


def _column(name: str) -> int:
    link, _, rest = name.partition(".")
    if not rest:
        return _COLUMNS["severity" if name == "context" else "circuit"]
    return _SIGNALS if rest.startswith("Circuit") else _COLUMNS[link]


@cache
def _places() -> dict[str, tuple[int, int]]:
    """Column and row of every quantity; what acts over more columns stands lower, so that long wires pass beneath the others."""
    span: dict[str, int] = {}
    for wire in wires():
        length = _column(wire.target) - _column(wire.source)
        for name in (wire.source, wire.target):
            span[name] = max(span.get(name, 0), length)
    rows: dict[int, int] = {}
    places: dict[str, tuple[int, int]] = {}
    for name in sorted(span, key=lambda one: span[one]):
        column = _column(name)
        places[name] = (column, rows.setdefault(column, 0))
        rows[column] += 1
    return places


def svg(on: Iterable[str]) -> str:
    """The chain from occupancy to severity as SVG: wires of every hypothesis grey, edges that are on lit, others dashed."""
    lit = set(on)
    places = _places()
    height = _TOP + _ROW * (1 + max(row for _, row in places.values()))
    heads = ("held, and who", "circuit, within", "circuit, handed on", "plasticity", "severity")
    titles = "".join(
        f'<text class="head" x="{k * _WIDTH + _BOX / 2}" y="20">{head}</text>' for k, head in enumerate(heads)
    )
    order = sorted(wires(), key=lambda wire: (wire.edge in lit, wire.edge != ""))
    lines = "".join(_line(wire, places, lit) for wire in order)
    boxes = "".join(_box(name, *place) for name, place in places.items())
    size = f"0 0 {_WIDTH * (len(heads) - 1) + _BOX + _MARGIN} {height}"
    namespace = 'xmlns="http://www.w3.org/2000/svg"'
    return (
        f'<svg {namespace} viewBox="{size}" role="img" aria-label="edges of the card"><style>{_STYLE}</style>'
        f"{titles}{lines}{boxes}</svg>"
    )


def _line(wire: Wire, places: dict[str, tuple[int, int]], lit: set[str]) -> str:
    (a, up), (b, down) = places[wire.source], places[wire.target]
    y1, y2 = (_TOP + _ROW * row + _HEIGHT / 2 for row in (up, down))
    forward = b > a
    x1 = a * _WIDTH + (_BOX if b >= a else 0)
    x2 = b * _WIDTH + (0 if forward else _BOX)
    bend = 50 if b >= a else -50
    path = f"M{x1},{y1} C{x1 + bend},{y1} {x2 + (-50 if forward else 50)},{y2} {x2},{y2}"
    look = "always" if not wire.edge else "on" if wire.edge in lit else "off"
    title = f"<title>{escape(wire.edge or 'every hypothesis')}</title>"
    return f'<path class="{look}" d="{path}">{title}</path>'


def _box(name: str, column: int, row: int) -> str:
    x, y = column * _WIDTH, _TOP + _ROW * row
    words = _words(name)
    return (
        f'<rect x="{x}" y="{y}" width="{_BOX}" height="{_HEIGHT}" rx="4"/>'
        f'<text x="{x + _BOX / 2}" y="{y + _HEIGHT / 2 + 4}">{escape(words)}</text>'
    )


def _words(name: str) -> str:
    from sympy import Symbol

    one = glyph_of(Symbol(name))
    return one.below if len(one.letter) == 1 and one.below else one.letter
