"""Glyphs: how a number of the chain is written in a formula, a letter with a word or two below it."""

from functools import cache
from typing import NamedTuple

from racemate.chain import circuit, concentration, occupancy, plasticity, score, severity


class Glyph(NamedTuple):
    """A letter, or a word set as one, with what stands below and above it; both may be empty."""

    letter: str
    below: str = ""
    above: str = ""

    @property
    def latex(self) -> str:
        """The glyph in LaTeX."""
        letter = _LATEX.get(self.letter) or (self.letter if len(self.letter) == 1 else rf"\text{{{self.letter}}}")
        below = rf"_{{\text{{{self.below}}}}}" if self.below else ""
        above = rf"^{{\text{{{self.above}}}}}" if self.above else ""
        return f"{letter}{below}{above}"

    @property
    def mathml(self) -> str:
        """The glyph in presentation MathML."""
        letter = f"<mi>{self.letter}</mi>" if len(self.letter) <= 2 else f"<mtext>{self.letter}</mtext>"
        below, above = f"<mtext>{self.below}</mtext>", f"<mtext>{self.above}</mtext>"
        if self.below and self.above:
            return f"<msubsup>{letter}{below}{above}</msubsup>"
        if self.below:
            return f"<msub>{letter}{below}</msub>"
        return f"<msup>{letter}{above}</msup>" if self.above else letter


_LATEX = {
    "τ": r"\tau",
    "θ": r"\theta",
    "ρ": r"\rho",
    "β": r"\beta",
    "CL": r"\mathrm{CL}",
    "EC": r"\mathrm{EC}",
    "IC": r"\mathrm{IC}",
}

_PREFIXES = {
    "tau": ("τ", ""),
    "kd": ("K", "d"),
    "kp": ("K", "p"),
    "k": ("k", ""),
    "g": ("g", ""),
    "v": ("V", ""),
    "q": ("Q", ""),
    "cl": ("CL", ""),
    "fu": ("f", "u"),
    "f": ("F", ""),
    "t": ("T", ""),
    "ec50": ("EC", "50"),
    "ic50": ("IC", "50"),
}
"""First word of a parameter's name: the letter it is written with, and what the letter always carries below."""

_SIGNALS = (occupancy.Occupancy, circuit.Circuit, plasticity.Plasticity, severity.Severity, score.Score)
_LETTERS = {
    "concentration.Exposure": "C",
    "occupancy.Occupancy": "θ",
    "circuit.State": "c",
    "plasticity.State": "s",
    "severity.State": "m",
}
"""Records whose numbers share a letter: free concentrations, occupancies, and the slow states of circuit, synapses and mind."""


@cache
def _shared_words() -> frozenset[str]:
    words = [word for cls in _SIGNALS for word in cls._fields]
    return frozenset(word for word in words if words.count(word) > 1)


def glyph(record: str, field: str) -> Glyph:
    """Glyph of ``field`` (dotted below the record) of a record named ``link.Class``."""
    link, _, cls = record.partition(".")
    words = field.replace("_", " ").replace(".", " ")
    if cls == "Par":
        return _parameter(field)
    if cls == "Person" and link != "laws":
        return _parameter(field)._replace(above="person")
    if record == "concentration.State":
        body, _, compartment = field.partition(".")
        return Glyph("A", compartment.replace("_", " "), _analyte(body))
    if record == "concentration.Plasma":
        return Glyph("C", _analyte(field), "plasma")
    if record in _LETTERS:
        return Glyph(_LETTERS[record], _analyte(field))
    if record == "severity.Reference":
        return Glyph("m", words, "ref")
    return Glyph(words, link if field in _shared_words() else "")


def _analyte(field: str) -> str:
    words = field.split("_")
    named = " ".join(words[:-1]) if words[-1] in {"s", "r"} else ""
    return f"{words[-1].upper()}-{named}" if named in concentration_words() else " ".join(words)


@cache
def concentration_words() -> frozenset[str]:
    """Analytes that come as S and R."""
    fields = concentration.Plasma._fields
    return frozenset(name[:-2] for name in fields if name.endswith("_s") and f"{name[:-2]}_r" in fields)


def _parameter(field: str) -> Glyph:
    stem, _, index = field.partition(".")
    if index:
        return Glyph("a" if stem.endswith("above") else "b", index)
    first, _, rest = stem.partition("_")
    if "_on_" in stem:
        who, _, what = stem.partition("_on_")
        return Glyph("ρ", what.replace("_", " "), "" if who == "r" else who)
    if first in _PREFIXES and (rest or first == "fu"):
        letter, always = _PREFIXES[first]
        return Glyph(letter, ", ".join(part for part in (always, rest.replace("_", " ")) if part))
    return Glyph("β", stem.replace("_", " "))
