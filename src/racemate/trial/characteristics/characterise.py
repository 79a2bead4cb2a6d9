"""Characterise: power, type I error, bias and coverage of a design under each hypothesis, and the sample size that it needs.

Every hypothesis is run twice: as it is, and in a null world.  One simulation of the largest size answers all of them, and people
beyond that size, who are in none of the trials, tell what the endpoint truly is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.special import ndtri

from racemate.trial.analysis.look import holds
from racemate.trial.characteristics import measure
from racemate.trial.characteristics.endpoint import Endpoint
from racemate.trial.characteristics.measure import Mask, Measured, Truth
from racemate.trial.characteristics.nested import first, nobody_left, only
from racemate.trial.characteristics.size import ladder, smallest
from racemate.trial.characteristics.tested import analyse
from racemate.trial.conduct.rate import Data
from racemate.trial.conduct.world import World
from racemate.trial.design.protocol import Protocol
from racemate.trial.design.scheme import Test
from racemate.trial.replicate import Report, conduct

if TYPE_CHECKING:
    import pandas as pd

POWER, ASSURANCE = "power", "assurance"
"""A success rate at typical parameters, and one averaged over what is not known of them and over study effects."""
MEANING = {
    POWER: "share of virtual trials that succeed with every population parameter at its median and the typical study effect",
    ASSURANCE: "share of virtual trials that succeed, averaged over what is not known of the parameters and over study effects",
}
COLUMNS = ("hypothesis", "analysis", "people", "measure", "value", "monte_carlo_error", "replicates")
SIZES = ("hypothesis", "analysis", "measure", "target", "people", "low", "high", "replicates")
Worlds = Callable[[str, bool], World]
"""Makes a world from the name of a hypothesis, a null world where the second argument says so."""


class Extent(NamedTuple):
    """How much is run: sizes per arm (of a whole crossover), replicates, seed, people per arm who tell the truth, and at what parameters."""

    people: tuple[int, ...]
    replicates: int
    seed: int
    beside: int
    typical: bool

    @property
    def success(self) -> str:
        """Name of the success rate."""
        return POWER if self.typical else ASSURANCE


@dataclass(frozen=True)
class Characteristics:
    """Frames ``characteristics`` (a row per hypothesis, analysis, size and measure) and ``sizes`` (empty without a target)."""

    characteristics: pd.DataFrame
    sizes: pd.DataFrame


def characterise(
    protocol: Protocol,
    endpoint: Endpoint,
    names: Sequence[str],
    worlds: Worlds,
    extent: Extent,
    target: float | None = None,
    progress: Report | None = None,
) -> Characteristics:
    """Operating characteristics of every size and analysis; with a ``target`` the smallest size that reaches it.

    Raises EvidenceError when no size from the smallest to the largest reaches the target.
    """
    rows: list[dict[str, Any]] = []
    sizes: list[dict[str, Any]] = []
    for name in names:
        run = _Run(protocol, endpoint, extent, name)
        real, null = (
            conduct(protocol, worlds(name, dead), extent.seed, extent.replicates, run.largest + extent.beside, progress)
            for dead in (False, True)
        )
        rows += run.rows(real, null)
        if target is not None:
            sizes += run.sizes(real, target)
    return Characteristics(*_frames(rows, sizes))


@dataclass(frozen=True)
class _Run:
    """One hypothesis."""

    protocol: Protocol
    endpoint: Endpoint
    extent: Extent
    name: str

    @property
    def largest(self) -> int:
        return max(self.extent.people)

    def rows(self, real: Data, null: Data) -> list[dict[str, Any]]:
        """Every measure of every analysis and size."""
        found: list[dict[str, Any]] = []
        truths = {test: (self._truth(real, test), self._truth(null, test)) for test in self.endpoint.tests}
        for people in self.extent.people:
            trial, dead = (only(data, first(data, people)) for data in (real, null))
            for test in self.endpoint.tests:
                for key, value in self._measures(trial, dead, test, *truths[test]):
                    found.append(self._row(test, people, key, value))
            for pattern in self.protocol.patterns:
                held = measure.share(holds(trial, pattern)[0])
                found.append(self._row("", people, f"pattern: {pattern.name}", held))
        return found

    def _row(self, test: str, people: int, key: str, value: Measured) -> dict[str, Any]:
        told = {"hypothesis": self.name, "analysis": test, "people": people, "measure": key}
        return told | value._asdict()

    def _measures(
        self, trial: Data, dead: Data, test: Test, truth: Truth, nothing: Truth
    ) -> Iterator[tuple[str, Measured]]:
        told, alpha = self.endpoint, self.endpoint.alpha
        found = analyse(trial, told, test)
        idle = analyse(dead, told, test)
        won = measure.success(found, test, told.direction, alpha)
        yield self.extent.success, measure.share(won)
        if told.direction != "either":
            yield "wrong side", measure.share(measure.rejected(found, alpha) & ~won)
        yield "type I error", measure.share(measure.rejected(idle, alpha))
        yield "true difference", measure.mean(truth.value)
        yield "true difference, null world", measure.mean(nothing.value)
        # With typical parameters all replicates share one world, and so one truth.
        known = measure.pooled(truth) if self.extent.typical else truth
        yield "bias", measure.bias(found, known)
        yield "coverage", measure.coverage(found, known, alpha)
        yield "undefined", measure.share(~np.isfinite(found.p))
        if found.unfitted is not None:
            yield "mixed model not converged", measure.share(found.unfitted)

    def _truth(self, data: Data, test: Test) -> Truth:
        """The endpoint among people who are in no trial, had nobody left."""
        rest = nobody_left(data, ~first(data, self.largest))
        # With every visit rated the mixed model's last word is the analysis of covariance at that visit.
        found = analyse(rest, self.endpoint, "ancova" if test == "mmrm" else test)
        se = (found.high - found.low) / (2 * ndtri(1 - self.endpoint.alpha / 2))
        return Truth(found.estimate, se)

    def sizes(self, data: Data, target: float) -> list[dict[str, Any]]:
        """The smallest size of each analysis that reaches the target."""
        people = ladder(min(self.extent.people), self.largest)
        inside = [first(data, n) for n in people]
        found: list[dict[str, Any]] = []
        for test in self.endpoint.tests:
            won = np.stack([self._won(only(data, mask), test) for mask in inside])
            needed = smallest(people, won, target, self.extent.seed, f"{test}, {self.name}")
            told = {"hypothesis": self.name, "analysis": test, "measure": self.extent.success, "target": target}
            found.append(told | needed._asdict() | {"replicates": self.extent.replicates})
        return found

    def _won(self, trial: Data, test: Test) -> Mask:
        found = analyse(trial, self.endpoint, test)
        return measure.success(found, test, self.endpoint.direction, self.endpoint.alpha)


def _frames(rows: list[dict[str, Any]], sizes: list[dict[str, Any]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    import pandas as pd

    numbers = dict.fromkeys(("value", "monte_carlo_error"), "Float64")
    whole = dict.fromkeys(("people", "low", "high"), "Int64")
    return (
        pd.DataFrame(rows, columns=list(COLUMNS)).astype(numbers),
        pd.DataFrame(sizes, columns=list(SIZES)).astype(whole),
    )
