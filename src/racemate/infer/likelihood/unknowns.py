"""Unknowns: what a fit moves, each a standard normal number a priori, and its natural value by dotted name.

Three kinds: numbers of the chain with the prior that the evidence gives them; the spreads between people and between studies; and one
effect per trial on the drug and on the setting.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from racemate.evidence.prior import Prior, carry
from racemate.infer.likelihood.cells import Sheet
from racemate.infer.likelihood.scan import NO_SCANS, Scans
from racemate.infer.likelihood.surrogate import Surrogate
from racemate.model import Model
from racemate.posterior import BETWEEN
from racemate.trial.design.arm import CONTEXTS

Floats = NDArray[np.float64]
_ALGEBRA = (
    *(f"severity.{n}" for n in ("drug_at_24h", "fast_share", "emax", "healthy", "unblinded_weight", "g_felt_to_hope")),
    *(f"severity.{n}" for n in ("tau_hope_fast", "tau_hope_slow", "tau_hope_kept", "hope_fast_weight")),
    *(f"severity.{n}" for n in ("hope_kept_weight", "antidepressant", "tau_antidepressant", "shape_antidepressant")),
    *(f"severity.{n}" for n in ("g_mor_to_hope_acquired", "g_mor_to_hope_expressed", "g_oprm1_to_hope")),
    *(f"severity.{n}" for n in ("hope_of_g_allele", "k_hope")),
    *(f"score.{n}" for n in ("mood_sd", "tau_mood", "rater_sd")),
)
"""Parameters below the upstream signals, which act as algebra when a reading is taken."""
_SURE = 1e-9
"""Mass of a prior outside its range below which the cut is not felt."""


@dataclass(frozen=True)
class Unknowns:
    """Names of the unknowns in the order of a vector of standard normal numbers, and what turns that vector into values.

    ``names`` come first (inputs of both surrogates among them), then ``rest`` nameless directions of the surrogate, then one drug and one
    setting effect per trial.  ``fixed`` holds what the fit needs but does not move.
    """

    names: tuple[str, ...]
    inputs: tuple[int, ...]
    scans: tuple[int, ...]
    rest: int
    trials: tuple[str, ...]
    fixed: dict[str, float]
    law: NDArray[np.int64]
    location: Floats
    scale: Floats
    below: Floats
    above: Floats
    factor: Floats
    prior_sd: Floats

    @property
    def size(self) -> int:
        """Length of the vector."""
        return len(self.names) + self.rest + 2 * len(self.trials)

    def values(self, place: Any) -> dict[str, Any]:
        """Natural values by dotted name from a vector of standard normal numbers of shape (size,); jax."""
        import jax.numpy as jnp

        natural = self.natural(place[: len(self.names)], jnp)
        return {**self.fixed, **{name: natural[k] for k, name in enumerate(self.names)}}

    def natural(self, place: Any, xp: Any) -> Any:
        """Values in the chain's units, shape (names, ...), from standard normal numbers of that shape."""
        shape = (-1,) + (1,) * (place.ndim - 1)
        law, location, scale, factor = (a.reshape(shape) for a in (self.law, self.location, self.scale, self.factor))
        cut = ((self.below > _SURE) | (self.above < 1 - _SURE)).reshape(shape)
        below, above = self.below.reshape(shape), self.above.reshape(shape)
        at = location + scale * xp.where(cut, _within(place, below, above, xp), place)
        positive, share = xp.where(law == 1, at, 0.0), xp.where(law == 2, at, 0.0)
        return factor * xp.where(law == 1, xp.exp(positive), xp.where(law == 2, 1 / (1 + xp.exp(-share)), at))

    def parts(self, place: Any) -> tuple[Any, Any, Any, Any]:
        """Surrogate inputs, rest, drug effect and setting effect of each trial (standard normal), from the whole vector."""
        n, t = len(self.names), len(self.trials)
        studies = place[n + self.rest :]
        return place[np.array(self.inputs, dtype=int)], place[n : n + self.rest], studies[:t], studies[t:]

    def scanned(self, place: Any) -> Any:
        """Inputs of the surrogate of scans (standard normal), from the whole vector."""
        return place[np.array(self.scans, dtype=int)]


def _within(place: Any, below: Any, above: Any, xp: Any) -> Any:
    if xp is np:
        from scipy.special import ndtri

        return ndtri(np.clip(below + ndtr(place) * (above - below), 1e-15, 1 - 1e-15))
    from jax.scipy.special import ndtr as cumulate
    from jax.scipy.special import ndtri as invert

    return invert(xp.clip(below + cumulate(place) * (above - below), 1e-15, 1 - 1e-15))


def unknowns(model: Model, cells: Sheet, surrogate: Surrogate, scans: Scans = NO_SCANS) -> Unknowns:
    """Unknowns of one card for the cells and scans at hand: contexts and scales that no cell has are not among them."""
    algebra = [
        *_ALGEBRA,
        *(f"severity.context_{name}" for k, name in enumerate(CONTEXTS) if cells.context[:, k].any()),
        *(f"score.{name}_per_madrs" for name in cells.scales[1:]),
    ]
    moved = [name for name in algebra if model.bound[name].prior is not None]
    names = [*dict.fromkeys([*surrogate.names, *scans.names, *scans.freed, *moved])]
    priors: list[tuple[str, Prior, float]] = []
    for name in names:
        prior = scans.freed.get(name, model.bound[name].prior)
        assert prior is not None
        priors.append((name, prior, model.bound[name].factor))
    priors += [(BETWEEN + name, prior, 1.0) for name, prior in _spreads(model)]
    ends = np.array([_ends(prior) for _, prior, _ in priors])
    return Unknowns(
        names=tuple(name for name, _, _ in priors),
        inputs=tuple(names.index(name) for name in surrogate.names),
        scans=tuple(names.index(name) for name in scans.names),
        rest=surrogate.rest.shape[1],
        trials=cells.trials,
        fixed={name: float(model.bound[name].typical) for name in algebra if name not in names},  # pyright: ignore[reportArgumentType]
        law=np.array([{"lognormal": 1, "logit-normal": 2}.get(prior.law, 0) for _, prior, _ in priors]),
        location=np.array([prior.location for _, prior, _ in priors], dtype=np.float64),
        scale=np.array([prior.scale for _, prior, _ in priors], dtype=np.float64),
        below=ends[:, 0],
        above=ends[:, 1],
        factor=np.array([factor for _, _, factor in priors]),
        prior_sd=np.array([np.asarray(prior.sd) * factor for _, prior, factor in priors]),
    )


def _spreads(model: Model) -> Iterator[tuple[str, Prior]]:
    """Spreads between people or studies whose size is uncertain by the evidence's own word."""
    for name, bound in model.bound.items():
        between = bound.between
        if between is not None and between.uncertainty is not None:
            yield name, Prior("lognormal", float(np.log(between.scale)), between.uncertainty, 0.0, np.inf, "1")


def _ends(prior: Prior) -> tuple[float, float]:
    """Share of the uncut law below and at the ends of its range."""
    low = max(prior.low, 0.0) if prior.law == "half-normal" else prior.low
    low_end, high_end = (
        (carry(prior.law, end) - np.asarray(prior.location)) / np.asarray(prior.scale) for end in (low, prior.high)
    )
    return float(ndtr(low_end)), float(ndtr(high_end))
