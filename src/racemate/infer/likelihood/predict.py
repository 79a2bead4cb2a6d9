"""Predict: what a trial's statistics are expected to be, cell by cell, as smooth functions of the unknowns.

Averages over people are taken over one fixed quasi-random cohort (common to all cells and all steps of a fit), and over mood, rater,
rounding and the floor of the scale by formula.  The equations are those of `chain.severity` and `chain.score`; a test holds both together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtr
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import qmc

from racemate.chain.laws import bound, course, grow, switched
from racemate.infer.likelihood.cells import Sheet
from racemate.infer.likelihood.relapse import NO_COURSES, Courses, relapse
from racemate.infer.likelihood.scan import NO_SCANS, Scans
from racemate.infer.likelihood.surrogate import SOFT, Surrogate
from racemate.infer.likelihood.unknowns import Unknowns
from racemate.people.population import Population
from racemate.posterior import BETWEEN
from racemate.trial.design.arm import CONTEXTS

PEOPLE = 64
"""Members of the cohort; a power of two, as a Sobol sequence wants."""
_SEED = 20_260_301
_ROUNDING = 1 / 12
"""Variance that rounding to whole points adds."""
_HALF_POINT = 0.5
_AXES = 5


class Answer(NamedTuple):
    """Expected statistics of every cell, on the cell's own scale; shapes (cells,) and for the covariance (cells, cells)."""

    level: Any
    change: Any
    sd_level: Any
    sd_change: Any
    response: Any
    remission: Any
    slope: Any
    """Regression of the change on the rated baseline, within the arm."""
    covariance: Any
    """Of one person's changes between cells of one arm; zero between arms."""
    relapse: Any = ()
    """Share of responders who relapse, shape (targets on relapse,)."""
    scan: Any = ()
    """Rise that a scan sees, percent, and what the surrogate adds to its error; shape (2, scans)."""


class Cohort(NamedTuple):
    """Standard normal effects per member, shape (people,): response to all, antidepressant, entry, kinetics; and who carries G."""

    response: Any
    antidepressant: Any
    entry: Any
    kinetics: Any
    carrier: Any


def cohort(people: int = PEOPLE) -> Cohort:
    """A scrambled Sobol cohort with means and spreads made exact, so that the typical person is at the centre."""
    share = qmc.Sobol(_AXES, scramble=True, rng=_SEED).random(people)
    z = ndtri(share[:, :4])
    z = (z - z.mean(axis=0)) / z.std(axis=0)
    frequency = Population.typical().g_allele_frequency
    return Cohort(*z.T, carrier=(share[:, 4] < 1 - (1 - frequency) ** 2).astype(np.float64))


@dataclass(frozen=True)
class Predictor:
    """Cells, surrogate and unknowns of one card, ready to be asked."""

    cells: Sheet
    surrogate: Surrogate
    unknowns: Unknowns
    people: Cohort
    scans: Scans = NO_SCANS
    courses: Courses = NO_COURSES

    def __call__(self, place: Any) -> Answer:
        """Statistics of every cell at a vector of standard normal unknowns; jax, differentiable."""
        v = self.unknowns.values(place)
        inputs, rest, drug, control = self.unknowns.parts(place)
        study = (
            jnp.exp(v[BETWEEN + "severity.study_drug"] * drug)[self.cells.trial],
            jnp.exp(v[BETWEEN + "severity.study_control"] * control)[self.cells.trial],
        )
        signal = self._signals(inputs, rest)
        improved, links = self._improvement(v, signal, *study), _links(self.cells, v)
        entry, points = _points(self.cells, self.people, v, improved, links)
        found = _rated(self.cells, v, entry, points, links)
        lost = relapse(self.courses, self.cells, v, entry, points, links)
        return found._replace(relapse=lost, scan=self.scans(self.unknowns.scanned(place), v, jnp))

    def _signals(self, inputs: Any, rest: Any) -> Any:
        """Fast, number and unblinded, shape (3, cells, people)."""
        y = self.surrogate(inputs, rest, jnp)
        person = jnp.asarray(self.surrogate.person)[:, :, None] * self.people.kinetics[None, None]
        value = jnp.maximum(jnp.exp(y[:, :, None] + person) - SOFT, 0.0)
        return jnp.where(jnp.asarray(self.surrogate.moves)[:, :, None], value, 0.0)

    def _improvement(self, v: dict[str, Any], signal: Any, study_drug: Any, study_control: Any) -> Any:
        """Fractional improvement, shape (cells, people): `chain.severity.signal` on the signals."""
        fast, number, unblinded = signal
        drug = v["severity.drug_at_24h"] * (v["severity.fast_share"] * fast + (1 - v["severity.fast_share"]) * number)
        setting = jnp.stack([v.get(f"severity.context_{name}", jnp.zeros(())) for name in CONTEXTS])
        raised = study_control * (self.cells.context @ setting) * hope(self.cells, self.surrogate.blocked, v)
        felt = v["severity.g_felt_to_hope"] * v["severity.unblinded_weight"] * jnp.minimum(unblinded, 1.0)
        shown = 1 - v["severity.g_mor_to_hope_expressed"] * self.surrogate.blocked
        carried = switched(v["severity.hope_of_g_allele"], self.people.carrier)
        believed = (1 + v["severity.g_oprm1_to_hope"] * (carried - 1))[None, :] * shown[:, None]
        natural = v["severity.antidepressant"] * course(
            jnp.asarray(self.cells.antidepressant),
            v["severity.tau_antidepressant"],
            v["severity.shape_antidepressant"],
            jnp,
        )
        strong = jnp.exp(v[BETWEEN + "severity.responsiveness"] * self.people.response)
        treated = jnp.exp(v[BETWEEN + "severity.antidepressant_person"] * self.people.antidepressant)
        specific, hoped = study_drug[:, None] * drug, raised[:, None] + study_drug[:, None] * felt
        total = strong[None, :] * (specific + believed * hoped)
        return v["severity.emax"] * bound(total + treated[None, :] * natural[:, None])


def predictor(
    cells: Sheet,
    surrogate: Surrogate,
    found: Unknowns,
    scans: Scans = NO_SCANS,
    courses: Courses = NO_COURSES,
    people: int = PEOPLE,
) -> Predictor:
    """A predictor with its cohort."""
    return Predictor(cells, surrogate, found, cohort(people), scans, courses)


def hope(cells: Sheet, blocked: Any, v: dict[str, Any]) -> Any:
    """Hope raised by the sessions before each cell, shape (cells,): three clocks, solved exactly from session to session."""
    charge = 1 - v["severity.g_mor_to_hope_acquired"] * blocked
    clocks = jnp.stack([v[f"severity.tau_hope_{name}"] for name in ("fast", "slow", "kept")])
    weight = jnp.stack([v["severity.hope_fast_weight"], jnp.ones(()), v["severity.hope_kept_weight"]])
    filling = grow(charge[None, :], v["severity.k_hope"], 1 / clocks[:, None])
    state = jnp.zeros((3, len(cells.cells)))
    # Sessions run up to the cell's own time, which is hour 0 here.
    following = np.concatenate([cells.start[:, 1:], np.zeros((len(cells.cells), 1))], axis=1)
    for k in range(cells.start.shape[1]):
        length = cells.length[:, k]
        gap = np.maximum(following[:, k] - cells.start[:, k] - length, 0.0)
        filled = filling.target + (state - filling.target) * jnp.exp(-filling.rate * length[None, :])
        state = filled * jnp.exp(-gap[None, :] / clocks[:, None])
    return weight @ state


def _links(cells: Sheet, v: dict[str, Any]) -> Any:
    """Points per MADRS point of every scale in use."""
    return jnp.stack([jnp.ones(()), *(v[f"score.{name}_per_madrs"] for name in cells.scales[1:])])


def _points(cells: Sheet, people: Cohort, v: dict[str, Any], improved: Any, links: Any) -> tuple[Any, Any]:
    """True severity at entry and at the cell, MADRS points, shapes (cells, people)."""
    entry_link = links[cells.entry_scale]
    mean, rated_sd = cells.entry_mean / entry_link, cells.entry_sd / entry_link
    spread = jnp.sqrt(jnp.maximum(rated_sd**2 - v["score.rater_sd"] ** 2, rated_sd**2 / 4))
    entry = jnp.maximum(mean[:, None] + spread[:, None] * people.entry[None, :], v["severity.healthy"])
    return entry, v["severity.healthy"] + (entry - v["severity.healthy"]) * (1 - improved)


def _rated(cells: Sheet, v: dict[str, Any], entry: Any, points: Any, links: Any) -> Answer:
    rater, mood, link = v["score.rater_sd"], v["score.mood_sd"], links[cells.scale]
    wander = -jnp.expm1(-2 * cells.since_baseline / v["score.tau_mood"])
    noise = jnp.sqrt(mood**2 * wander + rater**2)
    seen, square = _floored(link[:, None] * points, jnp.sqrt((link * noise) ** 2 + _ROUNDING)[:, None])
    start = link[:, None] * entry
    change, own = seen - start, (link * rater) ** 2 + _ROUNDING
    scatter = (square - seen**2).mean(axis=1)
    away, begun = change - change.mean(axis=1, keepdims=True), start - start.mean(axis=1, keepdims=True)
    slope = ((away * begun).mean(axis=1) - own) / ((begun**2).mean(axis=1) + own)
    covariance = _same_arm(cells) * (
        away @ away.T / away.shape[1] + jnp.outer(link, link) * _noise(cells, mood, rater, v["score.tau_mood"])
    )
    sd_change = jnp.sqrt((away**2).mean(axis=1) + scatter + own)
    return Answer(
        level=seen.mean(axis=1),
        change=change.mean(axis=1),
        sd_level=jnp.sqrt(seen.var(axis=1) + scatter),
        sd_change=sd_change,
        response=cells.stayed * _responded(cells, points, entry, noise, rater, mood**2 * wander),
        remission=cells.stayed * _remitted(cells, points, noise, link),
        slope=slope,
        covariance=covariance,
    )


def _floored(mean: Any, sd: Any) -> tuple[Any, Any]:
    """Mean and mean square of a normal rating that cannot fall below zero."""
    z = mean / sd
    inside, density = ndtr(z), jnp.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    return mean * inside + sd * density, (mean**2 + sd**2) * inside + mean * sd * density


def _responded(cells: Sheet, points: Any, entry: Any, noise: Any, rater: Any, wander: Any) -> Any:
    """Share whose rating falls by the trial's share of its rated baseline, MADRS units."""
    kept = 1 - cells.response
    sd = jnp.sqrt(wander + rater**2 * (1 + kept**2))
    return ndtr((kept[:, None] * entry - points) / jnp.maximum(sd, noise)[:, None]).mean(axis=1)


def _remitted(cells: Sheet, points: Any, noise: Any, link: Any) -> Any:
    """Share whose rating, rounded, lies at or below the trial's cut-off."""
    cut = (np.nan_to_num(cells.remission) + _HALF_POINT) / link
    return ndtr((cut[:, None] - points) / noise[:, None]).mean(axis=1)


def _same_arm(cells: Sheet) -> NDArray[np.float64]:
    arm = [(cell.trial, cell.arm) for cell in cells.cells]
    return np.array([[float(a == b) for b in arm] for a in arm])


def _noise(cells: Sheet, mood: Any, rater: Any, tau: Any) -> Any:
    """Covariance of rating noise between two times of one person, MADRS units: mood from a common start, one baseline rating."""
    one, two = cells.since_baseline[:, None], cells.since_baseline[None, :]
    early, apart = np.minimum(one, two), np.abs(one - two)
    wander = mood**2 * jnp.exp(-apart / tau) * -jnp.expm1(-2 * early / tau)
    same_scale = (cells.scale[:, None] == cells.scale[None, :]).astype(float)
    return wander + rater**2 * (same_scale + np.eye(len(cells.cells)))
