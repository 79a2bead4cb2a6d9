"""Allocate: permuted blocks within strata put people into arms, at entry and at every later randomisation."""

from math import gcd

import numpy as np

from racemate.people.random import uniform
from racemate.trial.conduct.screen import screen
from racemate.trial.conduct.world import Cohort, Ids, Mask, Roll, Whole
from racemate.trial.design.people import SEVERE, SITE
from racemate.trial.design.protocol import Protocol


def sizes(protocol: Protocol, people: int | None) -> tuple[int, ...]:
    """People per arm, or per sequence of a crossover; ``people`` overrides the published number per arm (or of the crossover)."""
    published = [group.n or 0 for group in protocol.sequences or protocol.conditions]
    if people is None:
        return tuple(published)
    if not protocol.crossover:
        return tuple(people for _ in published)
    share = np.floor(np.cumsum(published) * people / sum(published) + 0.5).astype(int)
    return tuple(int(n) for n in np.diff(share, prepend=0))


def sites(protocol: Protocol, seed: int, roll: Roll) -> Whole:
    """Site of each person, counted over all replicates; every person alike at one site without `Protocol.sites`."""
    count = protocol.sites.count if protocol.sites else 1
    here = np.floor(uniform(seed, "trial:site", roll.ids) * count).astype(np.int64) if count > 1 else 0
    return roll.replicate.astype(np.int64) * count + here


def randomise(protocol: Protocol, cohort: Cohort, seed: int, roll: Roll, groups: tuple[int, ...]) -> Whole:
    """Group of each person by permuted blocks within replicate and stratum; without blocks the whole trial is one."""
    strata = roll.replicate.astype(np.int64)
    for name in protocol.randomise.strata:
        if name == SITE:
            count = protocol.sites.count if protocol.sites else 1
            strata = strata * count + sites(protocol, seed, roll) % count
        elif name == SEVERE:
            _, score = screen(protocol, cohort, seed, roll.ids, None)
            strata = 2 * strata + (score >= (protocol.randomise.severe or 0.0))
        else:
            strata = 2 * strata + cohort.covariate(name).astype(np.int64)
    block = protocol.randomise.block or roll.people
    share = gcd(*groups) if protocol.randomise.block else 1
    pattern = np.repeat(np.arange(len(groups)), [n // share for n in groups])
    pattern = np.tile(pattern, -(-block // len(pattern)))[:block]
    return _permuted(pattern, strata, seed, "trial:allocation", roll.ids)


def again(weights: tuple[int, ...], who: Mask, seed: int, stream: str, roll: Roll) -> Whole:
    """Arm of each of ``who`` in a later randomisation, by permuted blocks within the replicate in the ratio of ``weights``; -1 for others."""
    arm = np.full(roll.ids.shape, -1)
    if who.any():
        pattern = np.repeat(np.arange(len(weights)), [n // gcd(*weights) for n in weights])
        codes = roll.replicate[who].astype(np.int64)
        arm[who] = _permuted(pattern, codes, seed, f"trial:allocation {stream}", roll.ids[who])
    return arm


def _permuted(pattern: Whole, strata: Whole, seed: int, stream: str, ids: Ids) -> Whole:
    """Groups by blocks of ``pattern`` within strata, in the order in which people come; a block that is not full is a random part of it."""
    turn = _count_within(strata)
    luck, block = uniform(seed, stream, ids), turn // len(pattern)
    order = np.lexsort((luck, block, strata))
    place = np.empty(strata.shape, dtype=np.int64)
    place[order] = turn[np.lexsort((turn, strata))] % len(pattern)
    first = np.lexsort((turn, strata))
    start = np.flatnonzero(turn[first] % len(pattern) == 0)
    size = np.diff(np.r_[start, len(first)])
    group = pattern[place]
    for begin, count in zip(start[size < len(pattern)], size[size < len(pattern)], strict=True):
        members = first[begin : begin + count]
        slots = np.argsort(uniform(seed, f"{stream} part", ids[members[0]], np.arange(len(pattern), dtype=np.uint64)))
        group[members] = pattern[slots[place[members]]]
    return group


def _count_within(codes: Whole) -> Whole:
    """How many earlier people share one's code."""
    order = np.argsort(codes, kind="stable")
    fresh = np.r_[True, np.diff(codes[order]) != 0]
    start = np.maximum.accumulate(np.where(fresh, np.arange(codes.size), 0))
    turn = np.empty(codes.size, dtype=np.int64)
    turn[order] = np.arange(codes.size) - start
    return turn


def arms(protocol: Protocol, group: Whole) -> Whole:
    """Arm of each person in each period of the first part, shape (periods, people)."""
    names = [arm.name for arm in protocol.conditions]
    if not protocol.crossover:
        return group[None, :]
    table = np.array([[names.index(name) for name in sequence.arms] for sequence in protocol.sequences])
    return table[group].T
