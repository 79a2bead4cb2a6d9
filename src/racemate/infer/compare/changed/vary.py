"""Vary: how far the evidence for a card moves with priors that are wider or narrower, and without numbers that nobody printed.

Priors are varied on the scale on which each is standard normal.  Study effects and the nameless directions of the surrogate keep theirs: they
say how studies differ and what a surrogate misses, not what somebody believed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racemate.evidence.library import Library
from racemate.evidence.record import DOUBTFUL
from racemate.infer.compare.changed.reweigh import Moved, tempered, weighed
from racemate.infer.likelihood.total import Likelihood, Table
from racemate.infer.targets.target import Target
from racemate.posterior import BETWEEN

Floats = NDArray[np.float64]
Ratio = Callable[[Any], Any]
FACTOR = 1.5
"""Priors are made this much wider and narrower."""
FACTOR_IN_DOUBT = 2.0
"""Priors that nobody read in a source are made this much wider."""
PRINTED = ("table", "abstract", "registry")
"""How a number was read that stands as such in print."""
VARIATIONS = {
    "wider": f"priors of all numbers {FACTOR:g} times as wide",
    "narrower": f"priors of all numbers {FACTOR:g} times as narrow",
    "doubtful-wider": f"priors that are recalled or assumed {FACTOR_IN_DOUBT:g} times as wide",
    "printed-only": "without the rows that were derived or transcribed: only numbers that stand in print",
}
_BATCH = 16


def vary(likelihood: Likelihood, place: Floats, evidence: Library, draws: int, seed: int) -> Moved:
    """The change of log evidence under each of `VARIATIONS`.

    ``place`` (draws, size) are draws of the posterior, of which ``draws`` are weighed.  Raises as `tempered` does.
    """
    import jax

    ratio = ratios(likelihood, evidence)
    rows = np.linspace(0, len(place) - 1, min(draws, len(place))).astype(int)
    every = jax.jit(lambda at: jax.lax.map(ratio, at, batch_size=_BATCH))
    moved = weighed(np.asarray(every(place[rows])))
    return tempered(moved, place, likelihood.log_density, ratio, seed)


def ratios(likelihood: Likelihood, evidence: Library) -> Ratio:
    """Log ratio of the varied to the posterior density at a place, both without their norms, shape (variations,); for jax."""
    import jax.numpy as jnp

    names = likelihood.predictor.unknowns.names
    doubtful = np.array([in_doubt(name, evidence) for name in names])
    printed = kept(likelihood, [_printed(one, evidence) for one in likelihood.targets])
    everyone = np.ones(len(names), dtype=bool)

    def at(place: Any) -> Any:
        named = place[: len(names)]
        return jnp.stack(
            [
                widened(named, everyone, FACTOR),
                widened(named, everyone, 1 / FACTOR),
                widened(named, doubtful, FACTOR_IN_DOUBT),
                printed.log_likelihood(place) - likelihood.log_likelihood(place),
            ]
        )

    return at


def widened(named: Any, which: NDArray[np.bool_], factor: float) -> Any:
    """Log ratio of a prior, ``factor`` times as wide for some of the numbers, to the prior, at standard normal numbers (names,)."""
    away = named**2 * (1 - 1 / factor**2) / 2 - np.log(factor)
    return (which * away).sum()


def in_doubt(name: str, evidence: Library) -> bool:
    """Whether a prior, or the spread between people of ``between:`` and a name, rests on a number that nobody read in a source."""
    parameter = evidence.parameters[name.removeprefix(BETWEEN)]
    if name.startswith(BETWEEN):
        assert parameter.between is not None
        return parameter.between.how in DOUBTFUL
    return any(claim.doubtful for claim in parameter.pooled)


def _printed(one: Target, evidence: Library) -> bool:
    if one.kind == "scan":
        return True
    return any(row.line == one.line and row.how in PRINTED for row in evidence.trial(one.trial).observations)


def kept(likelihood: Likelihood, keep: Sequence[bool]) -> Likelihood:
    """The likelihood of some of its targets."""
    tables = ("means", "spreads", "shares", "effects", "scans")
    chosen = np.array(keep)
    return replace(likelihood, **{name: _rows(getattr(likelihood, name), chosen) for name in tables})


def _rows(table: Table, chosen: NDArray[np.bool_]) -> Table:
    mine = chosen[table.rows]
    return replace(table, **{one.name: getattr(table, one.name)[mine] for one in fields(Table)})
