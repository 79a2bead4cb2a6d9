"""Reference: multiple imputation of the ratings after people left, under what a control arm says happens then.

Visits are jointly normal given the baseline, with a mean per arm and one covariance for all (Carpenter, Roger and Kenward 2013).  Where
people leave for good, that law is a chain of regressions, each visit on arm, baseline and the visits before it, and its posterior under
the usual flat prior is exact (Rubin 1987, section 5.4): no Markov chain is needed.  What is assumed after leaving:

- ``mar``: missing at random, the person goes on as others of the own arm with the same ratings would;
- ``jump-to-reference``: the means become those of the reference arm at once;
- ``copy-reference``: the means are those of the reference arm from the start, so that what was gained so far fades with its correlation;
- ``copy-increments``: the person keeps what was gained and moves from there as the reference arm does.

Scores have shape (replicates, people, visits), visits after the baseline.  Ratings missing between others are refused.
"""

from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv

from racemate.people.random import normal, uniform
from racemate.trial.analysis import covariance
from racemate.trial.analysis.missing.rubin import pooled
from racemate.trial.analysis.statistics import Comparison

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Whole = NDArray[np.int64]
Assumption = Literal["mar", "jump-to-reference", "copy-reference", "copy-increments"]
IMPUTATIONS = 50


class Course(NamedTuple):
    """Visits of a trial of two arms or more, those who left without their later ratings."""

    score: Floats
    """Shape (replicates, people, visits); whatever stands where ``seen`` is false is not read."""
    seen: Mask
    baseline: Floats
    """Shape (replicates, people)."""
    arm: Whole
    """Whole numbers from 0, shape (replicates, people)."""
    member: Mask
    """Who counts, shape (replicates, people); whoever has a baseline, even without any later rating."""
    replicate: Whole
    """Number of each replicate, shape (replicates,): what random numbers are keyed by, so that a batch changes nothing."""
    ids: Whole
    """Number of each person, shape (replicates, people), for the same reason."""


class Law(NamedTuple):
    """One draw of the regressions of a visit: mean per arm at baseline zero, slope on baseline, slopes on earlier visits, residual sd."""

    arms: Floats
    baseline: Floats
    earlier: Floats
    sd: Floats


def imputed(course: Course, assumption: Assumption, reference: int, seed: int, imputation: int) -> Floats:
    """The course completed once, shape (replicates, people, visits).

    ``reference`` is the number of the control arm.  The same seed and imputation give the same completion in any batch of people.
    Raises ValueError for an unknown assumption, ratings missing between others, or arms too small for the regressions.
    """
    _allow(course, assumption, reference)
    laws = [_drawn(course, visit, seed, imputation) for visit in range(course.score.shape[-1])]
    return _completed(course, laws, _assumed(course, laws, assumption, reference), seed, imputation)


def _allow(course: Course, assumption: str, reference: int) -> None:
    if assumption not in get_args(Assumption):
        raise ValueError(f"assumption: found {assumption!r}, allowed: one of {', '.join(get_args(Assumption))}")
    if not 0 <= reference <= int(course.arm.max()):
        raise ValueError(f"reference: found {reference}, allowed: an arm from 0 to {int(course.arm.max())}")
    seen = course.seen & course.member[..., None]
    if np.any(seen[..., 1:] & ~seen[..., :-1] & course.member[..., None]):
        raise ValueError("seen: found a rating after a missing one, allowed: people who leave for good")


def _drawn(course: Course, visit: int, seed: int, imputation: int) -> Law:
    """One draw from the posterior of the regression of a visit."""
    arms = int(course.arm.max()) + 1
    known = course.seen[..., visit] & course.member
    columns = [(course.arm == k).astype(np.float64) for k in range(arms)]
    columns += [course.baseline, *np.moveaxis(course.score[..., :visit], -1, 0)]
    design = np.where(known[..., None], np.stack(columns, axis=-1), 0.0)
    # Centred on the shared columns: sums of squares far from zero lose digits.
    shift = design.sum(axis=1) / np.maximum(known.sum(axis=-1), 1)[..., None]
    shift[..., :arms] = 0.0
    fit = covariance.least_squares(
        design - np.where(known[..., None], shift[:, None, :], 0.0), course.score[..., visit], known
    )
    if np.any(fit.df <= 0) or np.any(np.abs(np.einsum("rii->ri", fit.span) - 1) > covariance.ESTIMABLE):
        raise ValueError(
            f"visit {visit + 1}: found too few ratings in an arm for its regression, allowed: more people than columns"
        )
    stream, who = "trial:imputed-law", course.replicate
    index = imputation * course.score.shape[-1] + visit
    # A chi-squared number with df degrees of freedom is twice a gamma number with df / 2, by inversion.
    spread = np.sqrt(fit.residual / (2 * gammaincinv(fit.df / 2, uniform(seed, f"{stream}:sd", who, index))))
    width = design.shape[-1]
    noise = normal(seed, f"{stream}:slope:{width}", who[:, None], index * width + np.arange(width))
    beta = fit.coefficients + spread[:, None] * np.einsum("rij,rj->ri", np.linalg.cholesky(fit.inverse), noise)
    level = beta[:, :arms] - (beta[:, arms:] * shift[:, arms:]).sum(axis=-1, keepdims=True)
    return Law(level, beta[:, arms], beta[:, arms + 1 :], spread)


def _means(course: Course, laws: list[Law]) -> Floats:
    """Mean of each visit in each arm given the person's baseline, shape (arms, replicates, people, visits)."""
    arms = laws[0].arms.shape[-1]
    out = np.zeros((arms, *course.score.shape))
    for visit, law in enumerate(laws):
        base = law.baseline[:, None] * course.baseline
        past = np.einsum("arpv,rv->arp", out[..., :visit], law.earlier)
        out[..., visit] = law.arms.T[..., None] + base + past
    return out


def _assumed(course: Course, laws: list[Law], assumption: str, reference: int) -> Floats:
    """Mean of each visit as the assumption has it for each person, shape (replicates, people, visits)."""
    means = _means(course, laws)
    own = np.take_along_axis(means, course.arm[None, ..., None], axis=0)[0]
    control = means[reference]
    if assumption == "mar":
        return own
    if assumption == "copy-reference":
        return np.broadcast_to(control, own.shape)
    if assumption == "jump-to-reference":
        return np.where(course.seen, own, control)
    stayed = course.seen.sum(axis=-1)
    gained = np.take_along_axis(own - control, np.maximum(stayed - 1, 0)[..., None], axis=-1)
    return np.where(course.seen, own, control + np.where(stayed[..., None] > 0, gained, 0.0))


def _completed(course: Course, laws: list[Law], mean: Floats, seed: int, imputation: int) -> Floats:
    out = np.where(course.seen, course.score, 0.0)
    visits = out.shape[-1]
    for visit, law in enumerate(laws):
        past = np.einsum("rpv,rv->rp", out[..., :visit] - mean[..., :visit], law.earlier)
        noise = normal(seed, "trial:imputed-rating", course.ids, imputation * visits + visit)
        guess = mean[..., visit] + past + law.sd[:, None] * noise
        out[..., visit] = np.where(course.seen[..., visit], out[..., visit], guess)
    return out


class Completions(NamedTuple):
    """The last visit of each completion, shape (imputations, replicates, people), and the course it completes."""

    last: Floats
    course: Course


def completions(
    course: Course, assumption: Assumption, reference: int, seed: int, imputations: int = IMPUTATIONS
) -> Completions:
    """The last visit, completed ``imputations`` times."""
    last = [imputed(course, assumption, reference, seed, k)[..., -1] for k in range(imputations)]
    return Completions(np.stack(last), course)


def analysed(made: Completions, first: int, second: int, delta: float = 0.0) -> Comparison:
    """First minus second arm at the last visit: analysis of covariance on the baseline of each completion, pooled by Rubin's rules.

    ``delta`` is added to the imputed last ratings of the first arm: points by which those who left did worse than assumed.
    """
    course = made.course
    moved = (course.arm == first) & ~course.seen[..., -1]
    fits = [
        covariance.compared(
            covariance.analysed(y + delta * moved, course.arm, course.member, [course.baseline]), first, second
        )
        for y in made.last
    ]
    return pooled(np.stack([f.difference for f in fits]), np.stack([f.se**2 for f in fits]), fits[0].df)
