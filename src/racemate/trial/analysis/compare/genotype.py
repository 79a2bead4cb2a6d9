"""Genotype: the line of a change on the number of OPRM1 118G alleles, as reports of the polymorphism give it.

People of the simulation carry the allele or not, and one allele does what two do.  How many of the carriers have two follows from the
frequency of the allele (Hardy-Weinberg), drawn by person for the analysis alone.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from racemate.evidence.library import library
from racemate.people.random import uniform
from racemate.trial.analysis import statistics
from racemate.trial.analysis.counted import pair
from racemate.trial.conduct.rate import Data

Floats = NDArray[np.float64]
SEED = 1
"""Of the second allele alone."""


class Line(NamedTuple):
    """Slope (points per allele), correlation, two-sided p of the slope and people, each of shape (replicates,)."""

    slope: Floats
    r: Floats
    p: Floats
    n: Floats


def line(data: Data, outcome: str, arms: tuple[str, ...], hour: float) -> Line:
    """The least-squares line of the change from baseline on the number of alleles; nan where nobody carries one."""
    y, x, known = pair(data, outcome, arms, hour)
    slope, r, n = statistics.line(alleles(data), y - x, known)
    df = np.maximum(n - 2, 1)
    t = statistics.divide(r * np.sqrt(df), np.sqrt(np.maximum(1 - r**2, 0)))
    return Line(slope, r, np.where(n > 2, 2 * stdtr(df, -np.abs(t)), np.nan), n)


def alleles(data: Data) -> Floats:
    """Number of alleles of each person, shape (replicates, people); raises ValueError for data without people."""
    if data.enrolled is None:
        raise ValueError(
            f"protocol {data.protocol.id!r}: analysis.statistics: found one of the genotype, asked of data without people as enrolled, "
            "allowed: data of a trial that was conducted"
        )
    roll = data.enrolled.roll
    frequency = float(np.asarray(library().prior("people.g_allele_frequency").median))
    two = uniform(SEED, "analysis:second allele", roll.ids) < frequency / (2 - frequency)
    return roll.fold(data.enrolled.cohort.covariate("oprm1_g") * (1 + two))
