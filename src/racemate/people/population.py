"""Population: who the people of a trial are, before anything is done to them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from racemate.chain.laws import Person
from racemate.evidence.library import library
from racemate.people import random

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Population:
    """Covariates of a population: age (years, normal, cut to its range), weight (kg, lognormal), shares of people, allele frequency."""

    age_mean: float
    age_sd: float
    age_low: float
    age_high: float
    weight_median: float
    weight_sd_log: float
    female_share: float
    asian_share: float
    japanese_share: float
    g_allele_frequency: float

    def __post_init__(self) -> None:
        """Refuse populations nobody belongs to."""
        for name in ("female_share", "asian_share", "japanese_share", "g_allele_frequency"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"population.{name}: found {getattr(self, name)}, allowed: a share from 0 to 1")
        if self.japanese_share > self.asian_share:
            raise ValueError(
                f"population.japanese_share: found {self.japanese_share}, allowed: at most asian_share {self.asian_share}"
            )
        for name in ("age_sd", "weight_median", "weight_sd_log"):
            if not getattr(self, name) > 0:
                raise ValueError(f"population.{name}: found {getattr(self, name)}, allowed: above 0")
        if not self.age_low < self.age_high:
            raise ValueError(f"population.age_high: found {self.age_high}, allowed: above age_low {self.age_low}")

    @classmethod
    def typical(cls, **known: float) -> "Population":
        """The population of the evidence (``people.*``), with what is ``known`` of a trial in its place."""
        evidence = library()
        values = {
            field.name: known[field.name] if field.name in known else _median(evidence, field.name)
            for field in fields(cls)
        }
        return cls(**values)


def _median(evidence: object, name: str) -> float:
    median = evidence.prior(f"people.{name}").median  # pyright: ignore[reportAttributeAccessIssue] a Library
    return float(median)


def typical_person() -> Person:
    """One person of typical age and weight without any of the traits; the person of the reference dose."""
    everyone = Population.typical()
    return Person(everyone.age_mean, everyone.weight_median, 0.0, 0.0, 0.0, 0.0)


def covariates(seed: int, ids: NDArray[np.uint64], population: Population, given: Mapping[str, Array]) -> Person:
    """Covariates of people by id; ``given`` fixes some of them by name (``age``, ``weight``, ...), shape (people,)."""

    def u(name: str) -> Array:
        return random.uniform(seed, f"covariate:{name}", ids)

    low, high = (
        ndtr((end - population.age_mean) / population.age_sd) for end in (population.age_low, population.age_high)
    )
    asian = u("asian") < population.asian_share
    japanese_of_asian = population.japanese_share / population.asian_share if population.asian_share > 0 else 0.0
    carrier = 1 - (1 - population.g_allele_frequency) ** 2
    drawn = Person(
        age=population.age_mean + population.age_sd * ndtri(low + u("age") * (high - low)),
        weight=population.weight_median * np.exp(population.weight_sd_log * ndtri(u("weight"))),
        female=(u("female") < population.female_share).astype(float),
        asian=asian.astype(float),
        japanese=(asian & (u("japanese") < japanese_of_asian)).astype(float),
        oprm1_g=(u("oprm1_g") < carrier).astype(float),
    )
    fixed = {
        name: np.broadcast_to(np.asarray(given[name], dtype=float), (len(ids),))
        for name in Person._fields
        if name in given
    }
    return drawn._replace(**fixed)
