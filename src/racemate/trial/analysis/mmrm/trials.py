"""Trials: the mixed model for repeated measures of every replicate of a virtual trial.

A coefficient per arm and visit, and the baseline with a slope per visit or a common one; the same number as `fit` on each replicate.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from os import cpu_count
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from racemate.trial.analysis.mmrm import sums
from racemate.trial.analysis.mmrm.state import FitError, State
from racemate.trial.analysis.mmrm.structure import known

if TYPE_CHECKING:
    from racemate.trial.analysis.mmrm.inference import Contrast
    from racemate.trial.analysis.mmrm.likelihood import Setting

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Slope = Literal["visit", "common"]
LANES = 16
"""Replicates fitted by one program: few enough that their sums stay in the cache of a core."""


@dataclass(frozen=True)
class Visits:
    """Answers of the model at every visit; the numbers of a replicate that is not `fitted` are nan, and ``state`` says why."""

    arms: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    state: NDArray[np.int_]
    """`State` of each replicate, (replicates,)."""
    means: "Contrast"
    """Least-squares means at the mean baseline of the ratings used, each field (replicates, arms, visits)."""
    differences: "Contrast"
    """First minus second of ``pairs``, each field (replicates, pairs, visits)."""
    sigma: Floats
    """Covariance over visits, (replicates, visits, visits)."""
    minus_two_log_likelihood: Floats
    ratings: Floats
    """Ratings used, (replicates, arms, visits)."""

    @property
    def fitted(self) -> Mask:
        """Replicates whose search converged, (replicates,)."""
        return self.state == State.CONVERGED

    def mean(self, arm: str) -> "Contrast":
        """Least-squares means of an arm, each field (replicates, visits)."""
        if arm not in self.arms:
            raise FitError(f"arm: found {arm!r}, allowed: {', '.join(self.arms)}")
        return type(self.means)(*(value[:, self.arms.index(arm)] for value in self.means))

    def difference(self, first: str, second: str) -> "Contrast":
        """First arm minus second, each field (replicates, visits)."""
        if (second, first) in self.pairs:
            found = self.difference(second, first)
            return found._replace(estimate=-found.estimate, t=-found.t, low=-found.high, high=-found.low)
        if (first, second) not in self.pairs:
            raise FitError(f"arms: found {first!r} and {second!r}, allowed: two of {', '.join(self.arms)}")
        return type(self.differences)(*(value[:, self.pairs.index((first, second))] for value in self.differences))


def repeated(
    ratings: Mapping[str, Floats],
    seen: Mapping[str, Mask],
    baseline: Mapping[str, Floats] | None = None,
    *,
    slope: Slope = "visit",
    change: bool = True,
    structure: str = "us",
    df: str = "satterthwaite",
    level: float = 0.95,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Visits:
    """Fit every replicate of a parallel-group trial by restricted maximum likelihood.

    ``ratings[arm]`` and ``seen[arm]`` have shape (visits, replicates, people), as in `racemate.trial.conduct.rate.Data`, the baseline
    visit left out; ``baseline[arm]`` (replicates, people).  ``change`` analyses rating minus baseline.  A person is
    seen in one arm at most.  Raises FitError for shapes that do not fit together,
    a rating or baseline that is no number, and a person in two arms; a replicate that cannot be fitted is told by its state instead.
    """
    from racemate.trial.analysis.mmrm.inference import adjustment
    from racemate.trial.analysis.mmrm.likelihood import Setting
    from racemate.trial.analysis.mmrm.search import prepare

    known(structure)
    adjust = adjustment(df)
    if slope not in ("visit", "common"):
        raise FitError(f"slope: found {slope!r}, allowed: visit, common")
    arms = tuple(ratings)
    y, mask, group, base = _joined(ratings, seen, baseline, change)
    visits = y.shape[-1]
    place = _place(len(arms), visits, base is not None, slope)
    patterns = sums.patterns(mask)
    if not len(patterns):
        raise FitError("ratings: found none, allowed: at least one")
    rows, pairs = _questions(len(arms), visits, int(place.max()) + 1)
    setting = Setting(structure, visits, restricted=True)
    prepare()

    def work(first: int) -> _Part:
        part = slice(first, first + LANES)
        person = _person(group[part], base[part] if base is not None else None, mask[part], len(arms))
        return _fitted(setting, sums.reduce_people(y[part], mask[part], person, place, patterns), adjust, rows, level)

    starts = range(0, len(y), LANES)
    done: list[_Part] = []
    with ThreadPoolExecutor(max_workers=threads or cpu_count()) as pool:
        try:
            for one in pool.map(work, starts):
                done.append(one)
                if progress is not None:
                    progress(min(len(done) * LANES, len(y)), len(y))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return _gathered(
        done, arms, pairs, np.stack([mask & (group == k)[..., None] for k in range(len(arms))]).sum(axis=2)
    )


def _joined(
    ratings: Mapping[str, Floats], seen: Mapping[str, Mask], baseline: Mapping[str, Floats] | None, change: bool
) -> tuple[Floats, Mask, NDArray[np.intp], Floats | None]:
    """Rating, mask (replicates, people, visits), arm and baseline (replicates, people) of every person."""
    arms = list(ratings)
    shape = ratings[arms[0]].shape if arms else ()
    for name, part in (("ratings", ratings), ("seen", seen)):
        for arm in arms:
            if arm not in part or part[arm].shape != shape or len(shape) != 3:  # visits, replicates, people
                found = part[arm].shape if arm in part else "none"
                raise FitError(f"{name}[{arm}]: found shape {found}, allowed: (visits, replicates, people) {shape}")
    if not arms:
        raise FitError("ratings: found no arm, allowed: at least one")
    if change and baseline is None:
        raise FitError("baseline: found none with change=True, allowed: a baseline per arm, or change=False")
    masks = np.stack([np.asarray(seen[arm], dtype=bool) for arm in arms])
    if (masks.any(axis=1).sum(axis=0) > 1).any():
        raise FitError("seen: found a person in two arms, allowed: one (a crossover is no parallel-group trial)")
    group = np.argmax(masks.any(axis=1), axis=0)
    mask = np.moveaxis(np.any(masks, axis=0), 0, -1)
    y = _picked(np.stack([np.moveaxis(ratings[arm], 0, -1) for arm in arms]), group, mask, "ratings")
    if baseline is None:
        return y, mask, group, None
    for arm in arms:
        if arm not in baseline or baseline[arm].shape != shape[1:]:
            found = baseline[arm].shape if arm in baseline else "none"
            raise FitError(f"baseline[{arm}]: found shape {found}, allowed: (replicates, people) {shape[1:]}")
    base = _picked(
        np.stack([baseline[arm] for arm in arms])[..., None], group, mask.any(axis=-1)[..., None], "baseline"
    )
    return (y - np.where(mask, base, 0.0) if change else y), mask, group, base[..., 0]


def _picked(values: Floats, group: NDArray[np.intp], mask: Mask, name: str) -> Floats:
    """Each person's value in the own arm, 0 where not seen; FitError where one that is seen is no number."""
    own = np.take_along_axis(values, group[None, ..., None], axis=0)[0]
    bad = mask & ~np.isfinite(own)
    if bad.any():
        replicate, person, visit = np.argwhere(bad)[0]
        raise FitError(
            f"{name}: replicate {replicate}, person {person}, visit {visit}: found {own[replicate, person, visit]}, "
            "allowed: a number where seen"
        )
    return np.where(mask, own, 0.0)


def _person(group: NDArray[np.intp], base: Floats | None, mask: Mask, arms: int) -> Floats:
    """Columns of a person: an indicator per arm, and the baseline about its mean over the ratings used."""
    own = (group[..., None] == np.arange(arms)).astype(np.float64)
    if base is None:
        return own
    n = mask.sum(axis=-1)
    centre = (base * n).sum(axis=1) / np.maximum(n.sum(axis=1), 1)
    return np.concatenate([own, (base - centre[:, None])[..., None]], axis=-1)


def _place(arms: int, visits: int, with_baseline: bool, slope: Slope) -> NDArray[np.intp]:
    """Column of the design for each column of a person at each visit."""
    when = np.arange(visits)
    cells = [arm * visits + when for arm in range(arms)]
    if with_baseline:
        cells.append(arms * visits + (when if slope == "visit" else np.zeros(visits, dtype=np.intp)))
    return np.stack(cells, axis=1)


def _questions(arms: int, visits: int, p: int) -> tuple[Floats, list[tuple[int, int]]]:
    """Rows of all means, then of all differences."""
    pairs = list(combinations(range(arms), 2))
    cells = np.eye(arms * visits, p).reshape(arms, visits, p)
    rows = [*cells, *(cells[first] - cells[second] for first, second in pairs)]
    return np.concatenate(rows), pairs


class _Part(NamedTuple):
    """What is kept of the fits of one program."""

    state: NDArray[np.int_]
    sigma: Floats
    value: Floats
    told: "Contrast"


def _fitted(setting: "Setting", total: sums.Sums, adjust: str | None, rows: Floats, level: float) -> _Part:
    from racemate.trial.analysis.mmrm.inference import contrast
    from racemate.trial.analysis.mmrm.search import estimate

    found = estimate(setting, total, adjust, LANES)
    lost = found.state != State.CONVERGED
    sigma = np.where(lost[:, None, None], np.nan, found.sigma)
    return _Part(found.state, sigma, np.where(lost, np.nan, found.value), contrast(found, rows, level))


def _gathered(
    done: list[_Part], arms: tuple[str, ...], pairs: list[tuple[int, int]], count: NDArray[np.int_]
) -> Visits:
    state, sigma, value, answers = zip(*done, strict=True)
    told = type(answers[0])(*(np.concatenate(values) for values in zip(*answers, strict=True)))
    visits = sigma[0].shape[-1]
    cut = len(arms) * visits
    return Visits(
        arms,
        tuple((arms[first], arms[second]) for first, second in pairs),
        np.concatenate(state),
        type(told)(*(field[:, :cut].reshape(-1, len(arms), visits) for field in told)),
        type(told)(*(field[:, cut:].reshape(-1, len(pairs), visits) for field in told)),
        np.concatenate(sigma),
        np.concatenate(value),
        np.moveaxis(count, 0, 1).astype(np.float64),
    )
