"""Card: one hypothesis on one page that needs nothing else: what it claims, how it is wired, in which numbers, and what would hurt it."""

from collections.abc import Iterable, Iterator
from html import escape

import numpy as np

from racemate.evidence.library import Library, library
from racemate.evidence.record import Parameter
from racemate.hypothesis import EDGE, Belief, Hypothesis
from racemate.model import Bound, Model
from racemate.readings.symbolic import Equation, equations, glyph_of
from racemate.report import wiring
from racemate.report.formula import mathml

_LOW, _MIDDLE, _HIGH = 0.025, 0.5, 0.975

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1c2430; background: #fff; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; margin-bottom: 0; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
.claim { font-size: 1.15rem; } .quiet { color: #5b6675; font-size: .9rem; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; } th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; }
th { border-bottom: 2px solid #1c2430; } td { border-bottom: 1px solid #dde2e8; } td.number { white-space: nowrap; }
.frame { overflow-x: auto; } math { font-size: 1.05rem; padding: .4rem 0; }
code { background: #f1f3f6; padding: 0 .25rem; border-radius: 3px; font-size: .9em; }
svg { width: 100%; min-width: 60rem; }
.key b { color: #c2410c; }
"""


def html(model: Model, known: Library | None = None) -> str:
    """One self-contained HTML page for the model's hypothesis: no script, no network; ``known`` is the evidence it was bound to."""
    card, evidence = model.hypothesis, known or library()
    used = [one for link in wiring.LINKS for one in equations(link, card.edges)]
    parts = (
        _head(card),
        _section("Wiring", _wiring(card)),
        _section("What the edges switch on", "".join(_equation(one) for one in _explained(used))),
        _section("Numbers of the edges and of what they scale", _table(model, evidence, _touched(used, card))),
        _rest(model, evidence, used, card),
        _section(
            "What a dose of ketamine must move", f"<p>{_codes(card.moves)}. Nothing else in these links may move.</p>"
        ),
        _section("What would embarrass it", _embarrassed(card)),
        _section("Sources", _sources(model, evidence, used, card)),
    )
    title = escape(f"{card.name}: a card of racemate")
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n<style>{_STYLE}</style>\n'
        f"</head>\n<body>\n{''.join(parts)}</body>\n</html>\n"
    )


def _section(title: str, body: str) -> str:
    return f"<section>\n<h2>{escape(title)}</h2>\n{body}\n</section>\n"


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"<code>{escape(name)}</code>" for name in names)


def _head(card: Hypothesis) -> str:
    others = [name for name in card.variants if name != card.variant]
    variant = f" Variant {escape(card.variant)}; the others: {escape(', '.join(others))}." if card.variant else ""
    default = " The default card." if card.default else ""
    return (
        f'<h1>{escape(card.name)}</h1>\n<p class="claim">{escape(card.claim)}</p>\n'
        f'<p class="quiet">A hypothesis about how ketamine works in depression, as racemate carries it.{variant}{default} '
        "Numbers and ranges are what is believed before any calibration. For research and teaching; no advice on dosing.</p>\n"
    )


def _wiring(card: Hypothesis) -> str:
    key = "Grey: in every hypothesis. <b>Lit</b>: an edge of this card. Dashed: an edge of another card."
    return (
        f'<p>Edges that are on: {_codes(card.edges)}.</p>\n<p class="quiet key">{key} Read off the equations.</p>\n'
        f'<div class="frame">{wiring.svg(card.edges)}</div>'
    )


def _gains(one: Equation) -> list[str]:
    fields = (s.name.rpartition(".")[2] for s in one.right.free_symbols)
    return sorted(field.removeprefix(EDGE) for field in fields if field.startswith(EDGE))


def _switched(used: Iterable[Equation]) -> Iterator[Equation]:
    return (one for one in used if _gains(one))


def _explained(used: Iterable[Equation]) -> list[Equation]:
    """Formulas that hold a gain, each followed by the terms it names that no formula before it named."""
    terms = {one.left: one for one in used if one.kind == "term"}
    found: dict[str, Equation] = {}

    def tell(one: Equation) -> None:
        if one.left.name not in found:
            found[one.left.name] = one
            for s in sorted(one.right.free_symbols & terms.keys(), key=str):
                tell(terms[s])

    for one in _switched(used):
        tell(one)
    return list(found.values())


def _equation(one: Equation) -> str:
    return f'<p class="quiet">{_codes(_gains(one)) or "where"}</p>\n<div class="frame">{mathml(one)}</div>\n'


def _parameters(used: Iterable[Equation]) -> list[str]:
    """Parameters that formulas name, as link.field, each once; coefficients of an array under the array's name."""
    found: dict[str, None] = {}
    for one in used:
        for s in sorted(one.right.free_symbols, key=str):
            link, _, rest = s.name.partition(".")
            record, _, field = rest.partition(".")
            if record == "Par":
                found[f"{link}.{field.partition('.')[0]}"] = None
    return list(found)


def _touched(used: Iterable[Equation], card: Hypothesis) -> list[str]:
    """Gains first, then what stands in the same formulas or is put in place of the evidence."""
    names = [*_parameters(_switched(used)), *card.instead]
    return sorted(dict.fromkeys(names), key=lambda name: not name.rpartition(".")[2].startswith(EDGE))


def _rest(model: Model, known: Library, used: list[Equation], card: Hypothesis) -> str:
    shown = set(_touched(used, card))
    others = [name for name in _parameters(used) if name not in shown]
    summary = f"Numbers shared with every card: {len(others)} in circuit, plasticity and severity"
    return f"<details>\n<summary>{summary}</summary>\n{_table(model, known, others)}\n</details>\n"


def _table(model: Model, known: Library, names: Iterable[str]) -> str:
    head = "".join(
        f"<th>{word}</th>" for word in ("number", "meaning", "unit", "median", "95 % range", "how", "source")
    )
    rows = "".join(_row(model.bound[name], known.parameter(name), _belief(model, name)) for name in names)
    return f'<div class="frame"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody></table></div>'


def _belief(model: Model, name: str) -> Belief | None:
    card, field = model.hypothesis, name.rpartition(".")[2]
    return card.gains.get(field.removeprefix(EDGE)) if field.startswith(EDGE) else card.instead.get(name)


def _row(bound: Bound, parameter: Parameter, belief: Belief | None) -> str:
    from sympy import Symbol

    link, _, field = bound.name.partition(".")
    glyph = glyph_of(Symbol(f"{link}.Par.{field}")).mathml
    median, ends = _numbers(bound)
    if belief is None:
        how, sources, note = ", ".join(dict.fromkeys(c.how for c in parameter.claims)), parameter.sources, ""
    else:
        how, sources, note = "card", tuple(s for s in (belief.source, *belief.also) if s), belief.note
    label = escape(parameter.label) + (f'<br><span class="quiet">{escape(note)}</span>' if note else "")
    cells = (f"<math>{glyph}</math><br><code>{escape(bound.name)}</code>", label, escape(_unit(bound.unit)))
    plain = "".join(f"<td>{cell}</td>" for cell in cells)
    numbers = "".join(f'<td class="number">{cell}</td>' for cell in (median, ends))
    return f"<tr>{plain}{numbers}<td>{escape(how)}</td><td>{escape(', '.join(sources)) or 'judgement'}</td></tr>\n"


def _unit(unit: str) -> str:
    return "" if unit == "1" else unit


def _numbers(bound: Bound) -> tuple[str, str]:
    if isinstance(bound.typical, tuple):
        return ", ".join(f"{value:.4g}" for value in bound.typical), "fixed"
    if bound.prior is None:
        return f"{bound.typical:.4g}", "fixed"
    low, middle, high = bound.quantile(np.array([_LOW, _MIDDLE, _HIGH]))
    return f"{middle:.3g}", f"{low:.3g} to {high:.3g}"


def _embarrassed(card: Hypothesis) -> str:
    items = (
        f"<li>{escape(one.what)} <span class='quiet'>({_codes(one.moves)})</span></li>" for one in card.embarrassed_by
    )
    return f"<ul>{''.join(items)}</ul>"


def _sources(model: Model, known: Library, used: list[Equation], card: Hypothesis) -> str:
    named = list(card.sources)
    for name in _touched(used, card):
        if _belief(model, name) is None:
            named += known.parameter(name).sources
    items = (_source(known, name) for name in sorted(dict.fromkeys(named)))
    return f"<ul>\n{''.join(items)}</ul>"


def _source(known: Library, name: str) -> str:
    source = known.source(name)
    doi = f' <a href="https://doi.org/{escape(source.doi)}">{escape(source.doi)}</a>' if source.doi else ""
    return f"<li><code>{escape(name)}</code> {escape(source.citation)}{doi}</li>\n"
