"""Hypothesis: a card, read.  Which edges are on, how strongly each is believed, what a dose must move, what would embarrass it.

A card holds no equation and knows no evidence: its priors stay plain mappings, and `model.py` makes priors of them.  Rivals share
every line they agree on, so a card is a list of edges, not a fork.  `docs/hypotheses.md` shows a card field by field.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from math import inf, log
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from racemate.chain import severity, whole

PLACE = "RACEMATE_HYPOTHESES"
"""The environment variable that names another folder of cards."""

EDGE = "g_"
"""Prefix of a gain: the field ``g_<edge>`` of a link's Par is the strength of that edge."""

SHARES = (
    "mor_gate_upstream",
    "mor_gate_downstream",
    "oprm1_to_mor",
    "mor_tolerance",
    "felt_tolerance",
    "mor_to_hope_acquired",
    "mor_to_hope_expressed",
    "oprm1_to_hope",
)
"""Edges whose gain is the share of something that is taken away: what is left is one less the gain times a number up to one.  A gain
above one would take more than there is: a receptor's signal turns negative, and equations downstream have a pole there."""

LINKS = ("circuit", "plasticity", "severity")
"""The links whose states and signals a card speaks for."""

Number = Annotated[float, Field(allow_inf_nan=False)]
Text = Annotated[str, Field(min_length=1)]
Law = Literal["lognormal", "normal", "logit-normal", "half-normal", "fixed"]
_ADDED = ("edges", "moves", "embarrassed_by")
_NAMED = ("gain", "instead")


class HypothesisError(Exception):
    """A card that cannot be used as it stands: file, field, what was found, what is allowed."""

    def __init__(self, file: str, field: str, found: str, allowed: str) -> None:
        self.file, self.field, self.found, self.allowed = file, field, found, allowed
        super().__init__(f"{file}: {field}: found {found}, allowed: {allowed}")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Stated(_Frozen):
    """A prior as a card writes it: a median (none for half-normal), a spread on the scale of the law, and a range."""

    law: Law
    median: Number | None = None
    scale: Number = 0.0
    range: tuple[Number, Number] | None = None

    @model_validator(mode="after")
    def _shape(self) -> Stated:
        if (self.median is None) != (self.law == "half-normal"):
            raise ValueError(f"law {self.law!r} {'has no' if self.law == 'half-normal' else 'needs a'} median")
        if (self.scale > 0) == (self.law == "fixed") or self.scale < 0:
            raise ValueError(f"law {self.law!r} {'has no' if self.law == 'fixed' else 'needs a positive'} scale")
        low, high = self.ends
        if self.median is not None and not (low < self.median < high or self.law == "fixed"):
            raise ValueError(f"median {self.median:g} is not inside the range {low:g} to {high:g}")
        return self

    @property
    def ends(self) -> tuple[float, float]:
        """The range, or the widest one that the law allows."""
        if self.range is not None:
            return self.range
        if self.law == "fixed" and self.median is not None:
            return self.median, self.median
        return -inf if self.law == "normal" else 0.0, 1.0 if self.law == "logit-normal" else inf

    @property
    def location(self) -> float:
        """The median on the scale of the law; 0 for half-normal."""
        if self.median is None or self.law == "normal" or self.law == "fixed":
            return self.median or 0.0
        return log(self.median) if self.law == "lognormal" else log(self.median / (1 - self.median))


class Belief(_Frozen):
    """What a card believes of one number, from where."""

    stated: Stated = Field(alias="prior")
    source: str = ""
    also: tuple[Text, ...] = ()
    note: str = ""

    @property
    def prior(self) -> dict[str, Any]:
        """The arguments of a prior: law, location and scale (on the scale of the law), low, high; unit ``1``."""
        low, high = self.stated.ends
        law, location, scale = self.stated.law, self.stated.location, self.stated.scale
        return {"law": law, "location": location, "scale": scale, "low": low, "high": high, "unit": "1"}


class Embarrassment(_Frozen):
    """An observation that would speak against a card, and the states it speaks of."""

    what: Text
    moves: tuple[Text, ...] = Field(min_length=1)


class Hypothesis(_Frozen):
    """One mechanism: edges that are on, gains, numbers put in place of the evidence, and what a dose of ketamine must move.

    ``moves`` lists states and signals of the links in `LINKS`, as ``link.field``; what it leaves out, ketamine must not move.
    """

    name: Text
    claim: Text
    default: bool = False
    variant: str = ""
    variants: tuple[Text, ...] = ()
    edges: tuple[Text, ...] = Field(min_length=1)
    gains: Mapping[str, Belief] = Field(alias="gain", default_factory=dict)
    instead: Mapping[str, Belief] = {}
    moves: tuple[Text, ...] = Field(min_length=1)
    embarrassed_by: tuple[Embarrassment, ...] = Field(min_length=1)
    source: tuple[Text, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """Every source the card leans on, each once."""
        beliefs = (*self.gains.values(), *self.instead.values())
        named = (*self.source, *(name for belief in beliefs for name in (belief.source, *belief.also) if name))
        return tuple(dict.fromkeys(named))


@cache
def edges() -> tuple[str, ...]:
    """Names of every edge the chain has, in causal order."""
    return tuple(
        name.rpartition(".")[2][len(EDGE) :] for name in parameters() if name.rpartition(".")[2].startswith(EDGE)
    )


@cache
def parameters() -> tuple[str, ...]:
    """Names of every parameter of the chain, as ``link.field``, in causal order."""
    return _fields(whole.Par)


@cache
def places() -> tuple[str, ...]:
    """Names of every state and signal a card may say that a dose moves."""
    known = (*_fields(whole.Slow), *_fields(whole.Signals), *(f"severity.{name}" for name in severity.Severity._fields))
    return tuple(name for name in dict.fromkeys(known) if name.partition(".")[0] in LINKS)


def folder() -> Path:
    """The folder the cards stand in: RACEMATE_HYPOTHESES, else the wheel's copy, else the checkout's.

    Raises HypothesisError when there is none.
    """
    named = os.environ.get(PLACE)
    package = Path(__file__).resolve().parent
    tried = [Path(named)] if named else [package / "_data" / "hypotheses", package.parents[1] / "hypotheses"]
    for place in tried:
        if any(place.glob("*.toml")):
            return place
    raise HypothesisError(str(tried[-1]), PLACE, "no card there", "the path of a folder of cards")


def all_names() -> tuple[str, ...]:
    """Names of every card, in alphabetical order; a card's variants are read as ``name:variant``."""
    return tuple(sorted(path.stem for path in folder().glob("*.toml")))


def default() -> str:
    """The name of the card that is used when none is named.  Raises HypothesisError unless exactly one claims to be."""
    chosen = [name for name in all_names() if _table(folder() / f"{name}.toml").get("default") is True]
    if len(chosen) != 1:
        raise HypothesisError(
            str(folder()), "default", ", ".join(chosen) or "none", "default = true in exactly one card"
        )
    return chosen[0]


def read(name: str | Path | None = None) -> Hypothesis:
    """Read a card: its name, ``name:variant``, or the path of a card of your own; the default card when none is named.

    Raises HypothesisError for an unknown name (with the nearest match), an unknown edge, state or parameter, or a malformed card.
    """
    text = str(default() if name is None else name)
    if text.partition(":")[0].endswith(".toml"):
        plain, _, variant = text.rpartition(":") if ".toml:" in text else (text, "", "")
        path = Path(plain)
        if not path.is_file():
            raise HypothesisError(text, "name", "no such file", "the path of a card")
        return _card(path, variant)
    plain, _, variant = text.partition(":")
    if plain not in all_names():
        raise HypothesisError(str(folder()), "name", repr(plain), _nearest(plain, all_names()))
    return _card(folder() / f"{plain}.toml", variant)


def _card(path: Path, variant: str) -> Hypothesis:
    table = _table(path)
    if table.get("name") != path.stem:
        raise HypothesisError(str(path), "name", repr(table.get("name")), f"{path.stem!r}, the name of the file")
    try:
        card = Hypothesis.model_validate(_merged(table, variant, path))
    except ValidationError as error:
        raise _fault(error, path) from None
    _known(card, path)
    _sound(card, path)
    return card


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise HypothesisError(str(path), "the file", str(error), "TOML, each name once") from error


def _merged(table: dict[str, Any], variant: str, path: Path) -> dict[str, Any]:
    """The card with one variant laid over it: lists grow, tables are joined, the claim is the variant's own where it has one."""
    variants: dict[str, dict[str, Any]] = table.get("variant", {})
    chosen = variant or table.get("variant_default", "")
    base = {key: value for key, value in table.items() if key not in ("variant", "variant_default")}
    if not variants and not chosen:
        return base
    if chosen not in variants:
        raise HypothesisError(str(path), "variant", repr(chosen), _nearest(chosen, tuple(variants)))
    over = dict(variants[chosen])
    joined = {key: [*base.get(key, []), *over.pop(key, [])] for key in _ADDED}
    joined |= {key: {**base.get(key, {}), **over.pop(key, {})} for key in _NAMED}
    name = f"{table['name']}:{variant}" if variant else table["name"]
    return {**base, **over, **joined, "name": name, "variant": chosen, "variants": tuple(variants)}


def _known(card: Hypothesis, path: Path) -> None:
    """Refuse a name the chain does not have, and a gain of an edge the card does not hold."""
    named = (
        ("edges", card.edges, edges()),
        ("gain", tuple(card.gains), card.edges),
        ("instead", tuple(card.instead), parameters()),
        ("moves", card.moves, places()),
        *(("embarrassed_by.moves", entry.moves, places()) for entry in card.embarrassed_by),
    )
    for field, found, known in named:
        for name in found:
            if name not in known:
                raise HypothesisError(str(path), field, repr(name), _nearest(name, known))
        if len(set(found)) < len(found):
            raise HypothesisError(str(path), field, "a name twice", "each name once")


def _sound(card: Hypothesis, path: Path) -> None:
    """Refuse a gain that would not act, and one that may take more than there is."""
    for name in card.instead:
        gain = name.rpartition(".")[2]
        if gain.startswith(EDGE):
            raise HypothesisError(str(path), f"instead of {card.name!r}", repr(name), f"[gain.{gain[len(EDGE) :]}]")
    for edge in SHARES:
        belief = card.gains.get(edge)
        if belief is None:
            continue
        low, high = belief.stated.ends
        if low < 0 or high > 1:
            raise HypothesisError(
                str(path),
                f"gain.{edge}.prior of {card.name!r}",
                f"values from {low:g} to {high:g}",
                "from 0 to 1 (range = [0, 1]): this edge takes a share away, and no more than all can go",
            )


def _fields(cls: Any) -> tuple[str, ...]:
    hints = get_type_hints(cls)
    return tuple(f"{link}.{name}" for link in cls._fields for name in hints[link]._fields)


def _nearest(word: str, known: tuple[str, ...]) -> str:
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    return (f"did you mean {close[0]!r}? All: " if close else "one of ") + ", ".join(known)


def _fault(error: ValidationError, path: Path) -> HypothesisError:
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"]) or "the card"
    found = "nothing" if first["type"] == "missing" else repr(first["input"])[:80]
    allowed = {"missing": "a value; the field is required", "extra_forbidden": "no such field"}.get(
        first["type"], first["msg"]
    )
    return HypothesisError(str(path), field, found, allowed)
