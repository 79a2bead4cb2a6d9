"""Made-up numbers for every symbol of the chain: the readings must agree on any of them."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from racemate.chain import whole
from racemate.hypothesis import EDGE, edges
from racemate.readings.names import build, is_record, leaves
from racemate.readings.symbolic import symbols


class Numbers:
    """One number between 0.05 and 0.95 per symbol, drawn when first asked for; the node's rate may also fall."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self.drawn: dict[str, float] = {}

    def __call__(self, name: str) -> float:
        sign = self._rng.choice((-1, 1)) if "node_above" in name else 1
        return self.drawn.setdefault(name, float(sign * self._rng.uniform(0.05, 0.95)))

    def record(self, cls: Any) -> Any:
        return filled(symbols(cls), self)

    def par(self, on: Iterable[str] | None = None) -> whole.Par:
        """Parameters with the gains of edges that are not on at zero."""
        wanted = set(edges() if on is None else on)
        off = {f"{EDGE}{edge}": 0.0 for edge in edges() if edge not in wanted}
        par = self.record(whole.Par)
        return whole.Par(*(p._replace(**{k: v for k, v in off.items() if k in p._fields}) for p in par))


def filled(record: Any, number: Numbers) -> Any:
    """The same record with numbers in place of symbols."""
    if is_record(record):
        return type(record)(*(filled(value, number) for value in record))
    return tuple(filled(value, number) for value in record) if isinstance(record, tuple) else number(record.name)


def flat(record: Any) -> np.ndarray:
    """Every number of a record, in the order of declaration."""
    return np.array([float(value) for value in leaves(record).values()])


def rates(cls: Any, number: Numbers) -> Any:
    """A record of inputs per hour."""
    return build(cls, lambda name, _unit: number(f"input.{name}"))
