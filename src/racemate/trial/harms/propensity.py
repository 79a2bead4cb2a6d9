"""Propensity: what a person carries from session to session, as a correlation between the sessions of one person.

An event comes in a session when a uniform number falls below its chance.  The numbers of one person are correlated by one normal factor,
so the chance of a session stays what it is, while who had an event once is likelier to have it again.  How closely sessions of a person
are tied was derived from shares per session or per week against shares of people (`evidence/safety/carried.toml`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit, ndtr, ndtri

from racemate.evidence.library import library
from racemate.people.random import normal
from racemate.trial.conduct.world import Floats, Ids

NODES = np.arange(-6.0, 6.05, 0.1)
"""Values of the factor at which people are added up."""
WEIGHTS = np.exp(-(NODES**2) / 2) / np.exp(-(NODES**2) / 2).sum()
HALVINGS = 36


def within(anchor: str, seed: int, replicates: int) -> Floats:
    """The correlation of an anchor, one per replicate, spread on the logit scale."""
    told = library().anchor(anchor)
    assert told.spread.value is not None
    z = normal(seed, f"safety:{anchor}", np.arange(replicates, dtype=np.uint64))
    return np.asarray(expit(logit(told.value) + told.spread.value * z), dtype=np.float64)


def carried(seed: int, event: str, kind: str, ids: Ids, draw: ArrayLike, tied: ArrayLike) -> Floats:
    """Uniform numbers of people, one per draw of a ``kind`` such as a session; all kinds of one ``event`` share the person's factor."""
    rho = np.asarray(tied)
    person, own = normal(seed, f"{event} person", ids), normal(seed, f"{event} {kind}", ids, draw)
    return np.asarray(ndtr(np.sqrt(rho) * person + np.sqrt(1 - rho) * own), dtype=np.float64)


def ever(chance: ArrayLike, tied: ArrayLike, sessions: float, background: ArrayLike = 0.0) -> Floats:
    """Share of people with an event within so many sessions, each of this chance, or before they are over from a ``background`` chance."""
    spared = _spared(chance, tied) ** sessions * _spared(background, tied)
    return np.asarray(1 - spared @ WEIGHTS, dtype=np.float64)


def per_session(share: ArrayLike, tied: ArrayLike, sessions: float, background: ArrayLike = 0.0) -> Floats:
    """The chance of a session that makes a share of people have the event in so many; next to none where the background makes as many."""
    share, plain = np.asarray(share), _spared(background, tied)
    low, high = np.full(share.shape, float(NODES[0]) * 2), np.full(share.shape, -float(NODES[0]))
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        few = 1 - (_spared(ndtr(middle), tied) ** sessions * plain) @ WEIGHTS < share
        low, high = np.where(few, middle, low), np.where(few, high, middle)
    return np.asarray(ndtr((low + high) / 2), dtype=np.float64)


def _spared(chance: ArrayLike, tied: ArrayLike) -> Floats:
    """Probability of no event at each value of the factor, shape (..., nodes)."""
    rho = np.asarray(tied)[..., None]
    return np.asarray(ndtr((np.sqrt(rho) * NODES - ndtri(np.asarray(chance))[..., None]) / np.sqrt(1 - rho)))
