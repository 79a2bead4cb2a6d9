"""Believe: the setting that people find themselves in, and what they guess their treatment to be."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from racemate.people.random import uniform
from racemate.trial.conduct.world import Floats, Ids, Mask
from racemate.trial.design import schedule
from racemate.trial.design.arm import Arm
from racemate.trial.design.people import Guess
from racemate.trial.design.protocol import Protocol

Spell = tuple[float, float, str]
"""From hour to hour one field of the chain's setting holds."""


def spells(
    protocol: Protocol, arm: Arm, begin: float, start: float, end: float, cuts: tuple[float, ...]
) -> Iterator[tuple[Spell, int | None]]:
    """The setting of one arm from ``begin`` to ``end``: what is believed, when sessions are held, who is awake.

    A session comes with its number, so that one that is not held can be left out.  What holds all the time is cut at ``cuts``, where
    somebody may go on to another part.
    """
    length = schedule.span(protocol.session)
    times = [start + hour for hour in protocol.session_h(arm) if start + hour < end]
    sessions = [(t, min(t + length, *times[k + 1 : k + 2], end)) for k, t in enumerate(times)]
    for piece in _pieces(begin, end, cuts):
        yield (*piece, arm.context or protocol.context), None
    for number, session in enumerate(sessions):
        yield (*session, "session"), number
    edges = [begin] + ([] if arm.awake else [edge for session in sessions for edge in session]) + [end]
    for t, until in zip(edges[::2], edges[1::2], strict=True):
        for piece in _pieces(t, until, cuts):
            yield (*piece, "awake"), None


def _pieces(begin: float, end: float, cuts: tuple[float, ...]) -> Iterator[tuple[float, float]]:
    edges = [begin, *(cut for cut in cuts if begin < cut < end), end]
    for start, until in pairwise(edges):
        if start < until:
            yield start, until


def guesses(told: Guess, felt: Floats, fall: Floats, seed: int, ids: Ids) -> Mask:
    """Who guesses that they were given the drug: a logistic law of the most they felt (CADSS) and of how far their score fell."""
    odds = told.bias + told.per_felt * felt + told.per_point * fall
    return uniform(seed, "trial:guess", ids) < 1 / (1 + np.exp(-odds))
