"""Enrol: who takes part: people drawn, screened and allotted, and who leaves whatever happens.

Every draw is keyed by seed, stream, person and index, so that a person's fate depends neither on the batch nor on the order.
Arrays run over people; a person's number is ``replicate << 24 | place`` with the replicates one after the other.
"""

from math import exp, log1p, sqrt

import numpy as np

from racemate.trial.conduct.allocate import arms, randomise, sites, sizes
from racemate.trial.conduct.leave import leaving
from racemate.trial.conduct.screen import screen
from racemate.trial.conduct.world import Cohort, Enrolled, Floats, Ids, Mask, Progress, Roll, World
from racemate.trial.design.parts import Part, moments, parts
from racemate.trial.design.protocol import Protocol

__all__ = ["Cohort", "Enrolled", "Floats", "Ids", "Progress", "World", "enrol", "known", "sizes"]


def enrol(
    protocol: Protocol, world: World, seed: int, replicates: int, people: int | None = None, first: int = 0
) -> Enrolled:
    """Draw people, screen them, allocate them and settle who will leave; replicates are numbered from ``first``."""
    groups = sizes(protocol, people)
    roll = Roll(replicates, sum(groups), first)
    cohort = world.draw(roll.ids, roll.replicate, known(protocol))
    given = arms(protocol, randomise(protocol, cohort, seed, roll, groups))
    baseline, screening = screen(protocol, cohort, seed, roll.ids, given[0])
    if baseline is not None:
        cohort = cohort.with_baseline(baseline)
    every = parts(protocol)
    arm = np.full((len(every), roll.ids.size), -1)
    start = np.full(arm.shape, np.inf)
    arm[: len(given)] = given
    for k in range(len(given)):
        start[k] = every[k].starts[-1]
    leaves = leaving(protocol, seed, roll.ids, given[0])
    nothing = tuple(_undecided(part, roll) for part in every)
    site, never = sites(protocol, seed, roll), np.full(roll.ids.size, -np.inf)
    return Enrolled(roll, cohort, arm, start, screening, leaves, site, nothing, np.zeros_like(arm), never)


def _undecided(part: Part, roll: Roll) -> dict[str, Mask]:
    """Nobody has met any decision yet."""
    own = part.protocol
    return {one.name: np.zeros((len(moments(own, one)), roll.ids.size), dtype=bool) for one in own.decisions}


def known(protocol: Protocol) -> dict[str, float]:
    """What the trial says of its population, in the fields of `racemate.people.population.Population`."""
    found: dict[str, float] = {}
    if protocol.eligibility.age:
        found["age_low"], found["age_high"] = protocol.eligibility.age
    for name, figure in protocol.population.items():
        if name == "weight":
            spread = log1p((figure.sd / figure.mean) ** 2)
            found["weight_median"] = figure.mean * exp(-spread / 2)
            found |= {"weight_sd_log": sqrt(spread)} if figure.sd else {}
        elif name == "age":
            found["age_mean"] = figure.mean
            found |= {"age_sd": figure.sd} if figure.sd else {}
        else:
            found[f"{name}_share"] = figure.mean
    if "asian" in protocol.population:
        found.setdefault("japanese_share", 0.0)
    return found
