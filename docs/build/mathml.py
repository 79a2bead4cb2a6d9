"""A Markdown extension: the equations that arithmatex marks become MathML, which a browser draws without a script."""

import re
from html import unescape
from typing import Any

from latex2mathml.converter import convert
from markdown import Extension, Markdown
from markdown.postprocessors import Postprocessor

MARKED = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)


def draw(marked: re.Match[str]) -> str:
    """MathML of one marked equation; LaTeX that cannot be read stops the build."""
    display = "block" if marked[2] == "[" else "inline"
    return convert(unescape(marked[3]).strip(), display=display)


class Draw(Postprocessor):
    """Runs on the finished page."""

    def run(self, text: str) -> str:
        """The page with every marked equation drawn."""
        return MARKED.sub(draw, text)


class MathML(Extension):
    """Registers the drawing after every extension that still moves text around."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - the name Markdown calls
        """Register on ``md``."""
        md.postprocessors.register(Draw(md), "mathml", -10)


def makeExtension(**settings: Any) -> MathML:  # noqa: N802 - the name Markdown looks for
    """The extension, as Markdown loads it."""
    return MathML(**settings)
