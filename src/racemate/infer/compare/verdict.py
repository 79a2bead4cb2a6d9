"""Verdict: from log evidences and predictions to odds and weights, and the rule that says when a gap is no preference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racemate.evidence.finding import EvidenceError, nearest

Floats = NDArray[np.float64]
NO_PREFERENCE = 4.0
"""Log units below which a gap says nothing: simulated evidence of one card is often fitted as well by another (calibration probe, section 5)."""
_SURE = 2.0
"""Monte-Carlo errors that a gap must exceed."""
_STEPS, _STILL = 10_000, 1e-10


def stacking(predicted: Floats) -> Floats:
    """Weights of cards whose mixture predicts left-out trials best (yao-2018); ``predicted`` (trials, cards) log densities.

    The sum of logs is concave in the weights; each step of expectation maximisation raises it.
    """
    weight = np.full(predicted.shape[1], 1 / predicted.shape[1])
    for _ in range(_STEPS):
        with np.errstate(divide="ignore"):
            share = predicted + np.log(weight)
        new = np.exp(share - np.logaddexp.reduce(share, axis=1, keepdims=True)).mean(axis=0)
        if np.abs(new - weight).max() < _STILL:
            return new
        weight = new
    return weight


def odds(log_evidence: Floats, prior: Floats) -> Floats:
    """Posterior probability of each card among those compared, from prior odds in any unit."""
    total = log_evidence + np.log(prior)
    return np.exp(total - np.logaddexp.reduce(total))


def preferred(log_evidence: Floats, error: Floats, first: int, second: int) -> bool:
    """Whether the trials prefer the first card to the second by more than simulated evidence confuses and chance of computing explains."""
    gap = log_evidence[first] - log_evidence[second]
    return bool(gap > max(NO_PREFERENCE, _SURE * float(np.hypot(error[first], error[second]))))


def beaten_by(log_evidence: Floats, error: Floats, cards: Sequence[str]) -> list[str | None]:
    """For each card the best card, where that is preferred to it; None where the gap is no preference."""
    best = int(np.argmax(log_evidence))
    return [cards[best] if preferred(log_evidence, error, best, k) else None for k in range(len(log_evidence))]


def prior_odds(cards: Sequence[str], asked: Sequence[str]) -> dict[str, float]:
    """Prior odds by card from words like ``expectancy=2``; cards not named get 1.  Raises EvidenceError for anything else."""
    found = dict.fromkeys(cards, 1.0)
    for word in asked:
        name, _, value = word.partition("=")
        if name not in found:
            raise EvidenceError("compare", "--prior-odds", repr(name), nearest(name, list(cards)))
        try:
            number = float(value)
        except ValueError:
            number = np.nan
        if not (np.isfinite(number) and number > 0):
            raise EvidenceError("compare", "--prior-odds", repr(word), "CARD=NUMBER, the number above 0")
        found[name] = number
    return found


def weigh(found: dict[str, Any], asked: Sequence[str]) -> None:
    """Put the odds under the prior odds that were asked for into a comparison: of each card, without each trial and under each variation."""
    names = [row["card"] for row in found["cards"]]
    prior = prior_odds(names, asked)
    before = np.array([prior[name] for name in names])
    after = odds(np.array([row["log_evidence"] for row in found["cards"]]), before)
    for row, value in zip(found["cards"], after, strict=True):
        row["odds"] = float(value)
    for trial in found["trials"]:
        rest = odds(np.array([trial["log_evidence_without"][name] for name in names]), before)
        trial["odds_without"] = dict(zip(names, rest.tolist(), strict=True))
    for varied in found["variations"]:
        changed = odds(np.array([varied["log_evidence"][name] for name in names]), before)
        varied["odds"] = dict(zip(names, changed.tolist(), strict=True))
    found["prior_odds"] = prior


def overturn(log_evidence: Floats) -> Floats:
    """Prior odds in favour of each card at which it would be as probable as the best card."""
    return np.exp(log_evidence.max() - log_evidence)


def without(log_evidence: Floats, left: Floats) -> Floats:
    """Log evidence from all trials but one, shape (trials, cards): Bayes' rule takes each trial's prediction out again.

    ``left`` (trials, cards) are log densities of each trial given all others.
    """
    return log_evidence[None, :] - left


def spoken(predicted: Floats, error: Floats, cards: Sequence[str]) -> list[Mapping[str, object]]:
    """Per trial: the card that predicts it best from the others, by how much, and over which cards that is more than chance."""
    rows: list[Mapping[str, object]] = []
    for density, wrong in zip(predicted, error, strict=True):
        best = int(density.argmax())
        gap = density[best] - density
        clear = [cards[k] for k in range(len(cards)) if gap[k] > 1 and gap[k] > _SURE * np.hypot(wrong[best], wrong[k])]
        rows.append({"best": cards[best], "range": float(gap.max()), "against": clear})
    return rows
