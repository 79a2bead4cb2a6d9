"""Relapse: the share of responders whose score goes over a limit again at any of the visits that follow.

Visits of one person go together by severity, by mood and by nothing else.  Given a path of mood the ratings are independent, so each
path is answered by formula; paths are one fixed quasi-random set, so that the share is smooth in the unknowns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtr
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import qmc

from racemate.infer.likelihood.cells import Sheet
from racemate.infer.targets.target import Targets

Floats = NDArray[np.float64]
PATHS = 8
"""Paths of mood per member of the cohort; a power of two, as a Sobol sequence wants."""
_SEED = 20_260_304
_HALF_POINT = 0.5
_STILL = 1e-12
"""Keeps the slope finite where a visit is repeated and mood has not moved."""


@dataclass(frozen=True)
class Courses:
    """Visits of each target on relapse: response first, then those at which relapse is looked for."""

    cell: NDArray[np.int64]
    """Place of the cell of each visit, shape (targets, visits); the last is repeated where a target has fewer."""
    looked: Floats
    """1 where relapse is looked for, 0 elsewhere; shape (targets, visits)."""
    over: Floats
    """Highest score that is no relapse, shape (targets,)."""


NO_COURSES = Courses(np.zeros((0, 0), dtype=np.int64), np.zeros((0, 0)), np.zeros(0))


def courses(targets: Targets, cells: Sheet) -> Courses:
    """The visits of all targets on relapse, in their order."""
    chosen = [one for one in targets.targets if one.course is not None]
    if not chosen:
        return NO_COURSES
    most = max(len(one.hours) for one in chosen)
    cell, looked = np.zeros((len(chosen), most), dtype=np.int64), np.zeros((len(chosen), most))
    for k, one in enumerate(chosen):
        here = [cells.index(one.trial, one.arms[0], hour, one.outcome) for hour in one.hours]
        cell[k], looked[k, 1 : len(here)] = here + here[-1:] * (most - len(here)), 1.0
    return Courses(cell, looked, np.array([one.course.over for one in chosen if one.course]))


def relapse(found: Courses, cells: Sheet, v: dict[str, Any], entry: Any, points: Any, links: Any) -> Any:
    """Share of responders who relapse, shape (targets,); ``entry`` and ``points`` are MADRS points of shape (cells, people)."""
    if not found.over.size:
        return jnp.zeros(0)
    first, rater = found.cell[:, 0], v["score.rater_sd"]
    mood = _moods(cells.since_baseline[found.cell], v["score.mood_sd"], v["score.tau_mood"], points.shape[1])
    kept = 1 - cells.response[first, None]
    room = (kept * entry[first] - points[first])[:, :, None] - mood[:, 0]
    responded = ndtr(room / (rater * jnp.sqrt(1 + kept**2))[:, :, None])
    limit = (found.over + _HALF_POINT) / links[cells.scale[first]]
    below = ndtr((limit[:, None, None, None] - points[found.cell][..., None] - mood) / rater)
    well = jnp.where(found.looked[:, :, None, None] > 0, below, 1.0).prod(axis=1)
    return 1 - (responded * well).mean(axis=(1, 2)) / responded.mean(axis=(1, 2))


def _moods(since: Floats, sd: Any, tau: Any, people: int) -> Any:
    """Mood at each visit, shape (targets, visits, people, paths): wandering from zero at the baseline rating."""
    visits = since.shape[1]
    steps = ndtri(qmc.Sobol(visits, scramble=True, rng=_SEED).random(people * PATHS)).reshape(people, PATHS, visits)
    apart = np.diff(since, axis=1, prepend=0.0)[:, :, None, None]
    memory, now, out = jnp.exp(-apart / tau), jnp.zeros(()), []
    for k in range(visits):
        now = memory[:, k] * now + sd * jnp.sqrt(1 - memory[:, k] ** 2 + _STILL) * steps[None, :, :, k]
        out.append(now)
    return jnp.stack(out, axis=1)
