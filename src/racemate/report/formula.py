"""Formula: an equation of the chain as MathML, which a browser draws without a script or a font from elsewhere."""

import re
from html import unescape
from typing import Any
from xml.dom.minidom import parseString

from sympy.printing.mathml import MathMLPresentationPrinter

from racemate.readings.symbolic import Equation, glyph_of

_NAMED = r"&(?!lt;|gt;|amp;)\w+;"
"""Characters that sympy writes by names HTML knows and XML does not."""


class _Drawn(MathMLPresentationPrinter):
    """sympy's printer with the chain's own glyphs."""

    def _print_Symbol(self, sym: Any, style: str = "plain") -> Any:  # noqa: N802 sympy's name for a method of this kind
        del style
        return parseString(glyph_of(sym).mathml).documentElement


def mathml(one: Equation) -> str:
    """The equation as a block of MathML; a state's left side is its rate of change."""
    printer = _Drawn({"order": "none", "mul_symbol": "dot"})
    left, right = printer.doprint(one.left), printer.doprint(one.right)
    if one.kind == "state":
        left = f"<mfrac><mrow><mi>d</mi>{left}</mrow><mrow><mi>d</mi><mi>t</mi></mrow></mfrac>"
    drawn = f'<math display="block"><mrow>{left}<mo>=</mo>{right}</mrow></math>'
    return re.sub(_NAMED, lambda found: unescape(found[0]), drawn)
