"""Random cards that the product's own reader takes; each depends on its number only.

A card holds each edge with chance one half, believes in a gain of its own for every other one of them, and in numbers of its own for one
parameter in twenty.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np

from racemate.evidence.prior import Prior
from racemate.hypothesis import Hypothesis, edges, places, read
from racemate.model import Bound, bind
from racemate.people.random import uniform

SEED = 20261121
GAINS = (
    "{ law = 'fixed', median = 1 }",
    "{ law = 'fixed', median = 0.4 }",
    "{ law = 'logit-normal', median = 0.7, scale = 0.8 }",
    "{ law = 'half-normal', scale = 0.5, range = [0, 1] }",
)
"""Never above one: a tolerance that takes more than there is turns a receptor's signal negative, and the equations have a pole there."""
Item = TypeVar("Item")


def chance(number: int, stream: str) -> float:
    """A number between 0 and 1, of a card and a question."""
    return float(uniform(SEED, f"random card:{stream}", np.array([number], dtype=np.uint64))[0])


def one_of(number: int, stream: str, every: Sequence[Item]) -> Item:
    """One of several, each as likely, of a card and a question."""
    return every[int(chance(number, stream) * len(every))]


def card(number: int, moves: Sequence[str] | None = None) -> Hypothesis:
    """A random card, written as a file and read as any card is.

    ``moves`` is what it says that ketamine moves, which no equation depends on; the first place there is where nothing is told.
    """
    with TemporaryDirectory() as folder:
        place = Path(folder) / f"random-{number}.toml"
        place.write_text(text(number, places()[:1] if moves is None else moves), encoding="utf-8")
        return read(place)


def chosen(number: int) -> list[str]:
    """Edges of a card, at least one."""
    return [edge for edge in edges() if chance(number, f"edge:{edge}") < 1 / 2] or [one_of(number, "edge", edges())]


def text(number: int, moves: Sequence[str]) -> str:
    """The file of a card."""
    on = chosen(number)
    gains = [
        f"[gain.{edge}]\nprior = {one_of(number, f'gain:{edge}', GAINS)}\nnote = 'Drawn.'"
        for edge in on
        if chance(number, f"own gain:{edge}") < 1 / 2
    ]
    instead = [
        f"[instead.\"{name}\"]\nprior = {_own(number, one, one.prior)}\nnote = 'Drawn.'"
        for name, one in bind().bound.items()
        if one.prior is not None and ".g_" not in name and chance(number, f"instead:{name}") < 1 / 20
    ]
    head = (
        f"name = 'random-{number}'",
        "claim = 'None: a card to judge solvers with.'",
        f"edges = {on}",
        f"moves = {list(moves)}",
        *gains,
        *instead,
        f"[[embarrassed_by]]\nwhat = 'nothing moves'\nmoves = {list(moves[:1])}",
    )
    return "\n".join(head) + "\n"


def _own(number: int, one: Bound, prior: Prior) -> str:
    """A belief of the evidence's law and range about another median, narrower than the evidence's."""
    median = float(one.quantile(np.array([0.1 + 0.8 * chance(number, f"median:{one.name}")]))[0])
    ends = [end * one.factor for end in (prior.low, prior.high)]
    held = f", range = {ends}" if np.isfinite(ends).all() else ""
    scale = abs(median) / 3 if prior.law == "normal" else 0.3
    return f"{{ law = '{prior.law}', median = {median!r}, scale = {scale!r}{held} }}"
