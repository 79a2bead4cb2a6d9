"""Ranks: simulation-based calibration (talts-2018): where the truth stands among the draws of a fit to evidence simulated from it.

Truths come from the prior, evidence from the likelihood, the fit is a short one.  If the whole inference is right, every rank is as likely as
any other.  Each evidence base has its own random numbers, so more of them never change the first ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from racemate.infer.check.named import labels
from racemate.infer.check.short import THIN, Moments, Short
from racemate.infer.check.uniform import holm
from racemate.infer.compare.synthetic import Synthetic
from racemate.infer.judge import judge
from racemate.infer.likelihood.total import Likelihood
from racemate.infer.ready import ready
from racemate.infer.sample import written
from racemate.people import random
from racemate.simulate.kept import cache_folder
from racemate.spread.jobs import spread

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Progress = Callable[[str, int, int], None]
SETS, FULL = 200, 4
"""Simulated evidence bases, and how many of them are also fitted in full."""
FAULTS = ("halved-errors",)
LIKELIHOOD = "log likelihood"


class Rank(NamedTuple):
    """Of one evidence base: ranks, true values, means and standard deviations (quantities,), effective draws, divergent ones."""

    rank: Whole
    truth: Floats
    mean: Floats
    sd: Floats
    effective: Floats
    divergent: int


class Agreement(NamedTuple):
    """A short fit beside the full one of the same evidence base: moments of each, and what speaks against the full one."""

    short: Moments
    full: Moments
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Check:
    """What makes evidence (``simulate``) and what is fitted to it (``short``)."""

    simulate: Synthetic
    short: Short
    seed: int

    def truth(self, index: int) -> Floats:
        """A draw of all unknowns from the prior, shape (size,)."""
        return random.normal(self.seed, f"calibration:truth:{index}", np.arange(self.short.size))

    def evidence(self, place: Floats, index: int) -> Floats:
        """What the trials report when ``place`` is true, shape (targets,)."""
        return self.simulate.draw(place, self.seed, index, weighted=True)


def check(likelihood: Likelihood, seed: int, fault: str | None = None) -> Check:
    """The check of one card; a ``fault`` is planted in what is fitted, to see that the check finds it."""
    fitted = likelihood
    if fault == "halved-errors":
        fitted = replace(likelihood, means=replace(likelihood.means, error=likelihood.means.error / 2))
    return Check(Synthetic(likelihood), Short(fitted), seed)


def quantities(likelihood: Likelihood) -> tuple[str, ...]:
    """Names of what is ranked: every unknown, and the log likelihood."""
    known = likelihood.predictor.unknowns
    return (*labels(known.names, known.rest, known.trials), LIKELIHOOD)


def rank(given: Check, index: int) -> Rank:
    """Simulate, fit briefly, rank."""
    place = given.truth(index)
    values = given.evidence(place, index)
    found = given.short.fit(values, given.seed, index)
    truth = np.append(place, given.short.log_likelihood(place, values))
    told = found.moments()
    below = (found.draws[0, THIN - 1 :: THIN] < truth).sum(axis=0)
    return Rank(below.astype(np.int64), truth, told.mean, told.sd, found.effective, found.divergent)


def rank_all(
    given: Check, mark: str, sets: int = SETS, processes: int | None = None, progress: Progress | None = None
) -> list[Rank]:
    """Ranks of the first so many evidence bases; those of a run that was stopped, or of a smaller one, are taken from disk.

    ``mark`` names everything that the ranks depend on but the seed and the index.
    """
    home = cache_folder() / "calibration" / sha256(repr((mark, given.seed)).encode()).hexdigest()
    found = {k: kept for k in range(sets) if (kept := _kept(home / f"{k}.npz")) is not None}
    missing = [k for k in range(sets) if k not in found]
    if progress is not None:
        progress("simulated evidence", len(found), sets)
    for index, one in spread(rank, given, missing, processes, ready=ready):
        found[index] = one
        written(home / f"{index}.npz", one._asdict())
        if progress is not None:
            progress("simulated evidence", len(found), sets)
    return [found[k] for k in range(sets)]


def agree(given: Check, index: int) -> Agreement:
    """Fit one evidence base briefly and in full."""
    values = given.evidence(given.truth(index), index)
    full, chains = given.short.full(values, given.seed)
    return Agreement(given.short.fit(values, given.seed, index).moments(), full.moments(), judge(chains).reasons)


def agree_all(
    given: Check, sets: int = FULL, processes: int | None = None, progress: Progress | None = None
) -> list[Agreement]:
    """The first so many evidence bases, in order."""
    found: dict[int, Agreement] = {}
    for index, one in spread(agree, given, range(sets), processes, ready=ready):
        found[index] = one
        if progress is not None:
            progress("full fits", len(found), sets)
    return [found[k] for k in range(sets)]


def apart(found: list[Agreement]) -> tuple[Floats, Floats, Floats]:
    """How far short fits are from full ones: differences of means in standard deviations, ratios of standard deviations, corrected p-values.

    Shapes (sets, quantities), the last one (sets, 2 * quantities): of the means, then of the standard deviations.
    """
    from scipy.special import ndtr

    shift = np.array([(one.short.mean - one.full.mean) / one.full.sd for one in found])
    ratio = np.array([one.short.sd / one.full.sd for one in found])
    error = np.array([np.hypot(one.short.mean_error, one.full.mean_error) / one.full.sd for one in found])
    wide = np.array([np.hypot(one.short.log_sd_error, one.full.log_sd_error) for one in found])
    z = np.concatenate([shift / error, np.log(ratio) / wide], axis=1)
    return shift, ratio, holm(2 * ndtr(-np.abs(z)).ravel()).reshape(z.shape)


def _kept(file: Path) -> Rank | None:
    try:
        with np.load(file) as told:
            held: dict[str, Any] = {name: told[name] for name in Rank._fields}
    except (OSError, ValueError, KeyError, EOFError):
        return None
    held["divergent"] = int(held["divergent"])
    return Rank(**held)
