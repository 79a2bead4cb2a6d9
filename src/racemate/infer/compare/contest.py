"""Contest: all cards on one page: evidence, predictions of left-out trials, weights, odds, and the table of confusions beside them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from racemate.evidence.finding import EvidenceError
from racemate.evidence.library import library
from racemate.infer.compare import verdict
from racemate.infer.compare.bridge import Bridge, bridge
from racemate.infer.compare.changed.leave import Left, by_trial, leave, temper_out
from racemate.infer.compare.changed.reweigh import DOUBTFUL_K, Moved
from racemate.infer.compare.changed.vary import VARIATIONS, vary
from racemate.infer.compare.confusion import PROCESSES, SETS, Confusion, confuse
from racemate.infer.compare.fitted import available, load
from racemate.infer.compare.quick import published
from racemate.infer.ready import ready
from racemate.infer.targets.read import again
from racemate.infer.targets.target import Targets
from racemate.spread.jobs import spread

Floats = NDArray[np.float64]
Progress = Callable[[str, int, int], None]
FORMAT = "racemate-compare/2"
MOST_DRAWS = 400
"""Draws from which trials are left out and priors varied; the number of effective ones is told by the errors."""


class Measured(NamedTuple):
    """One card: the evidence for it, its predictions of left-out trials, and what other priors and fewer numbers would change."""

    evidence: Bridge
    left: Left
    varied: Moved


class Given(NamedTuple):
    """What all cards are measured on."""

    home: Path
    targets: Targets
    seed: int


def contest(
    home: Path, cards: Sequence[str] | None = None, seed: int = 1, sets: int = SETS, progress: Progress | None = None
) -> dict[str, Any]:
    """Compare cards whose fits lie in a folder; plain numbers and lists, ready for JSON.

    Raises EvidenceError when a fit is missing, was refused, or no longer matches the evidence and the code.
    """
    begun = perf_counter()
    names = tuple(cards or available(home))
    targets = _targets(home, names)
    told: dict[str, Measured] = {}
    for card, found in spread(_measured, Given(home, targets, seed), names, PROCESSES, ready=ready):
        told[card] = found
        if progress is not None:
            progress("leaving trials out", len(told), len(names))
    fitted, measured = [load(home, card, targets) for card in names], [told[card] for card in names]
    confusion = confuse(fitted, seed, sets, progress) if sets else None
    return {
        **numbers(names, [one.manifest for one in fitted], measured),
        "confusion": None if confusion is None else _confusion(confusion, measured),
        "manifest": {
            "command": "compare",
            "format": FORMAT,
            "trials": targets.scope,
            "only": None if targets.only is None else list(targets.only),
            "fitted": list(targets.trials),
            "targets": len(targets.targets),
            "evidence": targets.evidence_hash,
            "seed": seed,
            "sets": sets,
            "fits": {card: sha256((home / card / "tree.npz").read_bytes()).hexdigest() for card in names},
            "diagnostics": {one.card: one.manifest["diagnostics"] for one in fitted},
            "seconds": round(perf_counter() - begun, 1),
            "versions": {name: version(name) for name in ("racemate", "jax", "arviz-stats", "numpy", "scipy")},
        },
    }


def _targets(home: Path, names: Sequence[str]) -> Targets:
    """The targets that all fits were made on."""
    manifests: dict[str, dict[str, Any]] = {}
    for name in names:
        file = home / name / "manifest.json"
        if not file.is_file() or not (home / name / "tree.npz").is_file():
            raise EvidenceError(str(home), "card", repr(name), f"a card that was fitted: {', '.join(available(home))}")
        manifest = json.loads(file.read_text(encoding="utf-8"))
        manifests[f"{manifest['trials']} ({', '.join(manifest.get('only') or ['all'])})"] = manifest
    if len(manifests) > 1:
        raise EvidenceError(str(home), "trials", " and ".join(sorted(manifests)), "fits to the same trials")
    return again(*manifests.values())


def _measured(given: Given, card: str) -> Measured:
    one = load(given.home, card, given.targets)
    values = published(one.likelihood)
    crossed = bridge(one.place, lambda at: one.quick.many(at, values), given.seed)
    rows = np.linspace(0, len(one.place) - 1, min(MOST_DRAWS, len(one.place))).astype(int)
    trials, each = one.likelihood.predictor.unknowns.trials, by_trial(one.likelihood)
    left = leave(trials, one.place[rows], each)
    left = temper_out(left, one.place, one.likelihood.log_density, each, given.seed)
    return Measured(crossed, left, vary(one.likelihood, one.place, library(), MOST_DRAWS, given.seed))


def numbers(
    names: Sequence[str], manifests: Sequence[Mapping[str, Any]], measured: Sequence[Measured]
) -> dict[str, Any]:
    """Rows by card, and each trial's part."""
    evidence = np.array([one.evidence.log_evidence for one in measured])
    error = np.array([one.evidence.error for one in measured])
    left = np.stack([one.left.log_density for one in measured], axis=1)
    wrong = np.stack([one.left.error for one in measured], axis=1)
    k_hat = np.stack([one.left.k_hat for one in measured], axis=1)
    weight, equal = verdict.stacking(left), np.ones(len(names))
    share, beaten = verdict.odds(evidence, equal), verdict.beaten_by(evidence, error, names)
    need = verdict.overturn(evidence)
    rows = [
        {
            "card": name,
            "log_evidence": float(evidence[k]),
            "error": float(error[k]),
            "tempered": manifests[k].get("log_evidence"),
            "tempered_error": manifests[k].get("log_evidence_error"),
            "loo": float(left[:, k].sum()),
            "loo_error": float(np.sqrt((wrong[:, k] ** 2).sum())),
            "k_hat": float(k_hat[:, k].max()),
            "weight": float(weight[k]),
            "odds": float(share[k]),
            "prior_odds_to_overturn": float(need[k]),
            "beaten_by": beaten[k],
        }
        for k, name in enumerate(names)
    ]
    trials = _trials(names, measured[0].left.trials, evidence, left, wrong, k_hat)
    return {"cards": rows, "trials": trials, "variations": _variations(names, evidence, error, measured)}


def _trials(
    names: Sequence[str], trials: Sequence[str], evidence: Floats, left: Floats, wrong: Floats, k_hat: Floats
) -> list[dict[str, Any]]:
    """One row per trial: each card's prediction of it, whom it speaks for, and the odds without it."""
    equal = np.ones(len(names))
    told = verdict.spoken(left, wrong, names)
    rest = verdict.without(evidence, left)
    return [
        {
            "trial": trial,
            "loo": dict(zip(names, left[t].tolist(), strict=True)),
            "error": dict(zip(names, wrong[t].tolist(), strict=True)),
            "k_hat": dict(zip(names, k_hat[t].tolist(), strict=True)),
            "doubtful": [name for k, name in enumerate(names) if k_hat[t, k] > DOUBTFUL_K],
            "log_evidence_without": dict(zip(names, rest[t].tolist(), strict=True)),
            "odds_without": dict(zip(names, verdict.odds(rest[t], equal).tolist(), strict=True)),
            **told[t],
        }
        for t, trial in enumerate(trials)
    ]


def _variations(
    names: Sequence[str], evidence: Floats, error: Floats, measured: Sequence[Measured]
) -> list[dict[str, Any]]:
    """One row per variation: the evidence for each card under it, the odds, and who would be beaten by whom."""
    gain = np.stack([one.varied.gain for one in measured], axis=1)
    wrong = np.stack([one.varied.error for one in measured], axis=1)
    k_hat = np.stack([one.varied.k_hat for one in measured], axis=1)
    equal = np.ones(len(names))
    return [
        {
            "variation": variation,
            "says": says,
            "change": dict(zip(names, gain[v].tolist(), strict=True)),
            "error": dict(zip(names, wrong[v].tolist(), strict=True)),
            "k_hat": dict(zip(names, k_hat[v].tolist(), strict=True)),
            "log_evidence": dict(zip(names, (evidence + gain[v]).tolist(), strict=True)),
            "odds": dict(zip(names, verdict.odds(evidence + gain[v], equal).tolist(), strict=True)),
            "beaten_by": dict(
                zip(names, verdict.beaten_by(evidence + gain[v], np.hypot(error, wrong[v]), names), strict=True)
            ),
        }
        for v, (variation, says) in enumerate(VARIATIONS.items())
    ]


def _confusion(found: Confusion, measured: Sequence[Measured]) -> dict[str, Any]:
    """Who wins when who is true; and how far the quick score is off, where the answer is known."""
    off = np.array(
        [score.log_evidence - one.evidence.log_evidence for score, one in zip(found.real, measured, strict=True)]
    )
    lead = found.lead() if len(found.cards) > 1 else np.zeros(found.score.shape[:2])
    return {
        "cards": list(found.cards),
        "sets": int(found.score.shape[1]),
        "winners": found.winners().tolist(),
        "mean_gap": (found.score - np.einsum("ksk->ks", found.score)[:, :, None]).mean(axis=1).tolist(),
        "true_card_wins": float((lead <= 0).mean()),
        "told_apart": found.told_apart(verdict.NO_PREFERENCE).tolist(),
        "wrong_by_more_than_limit": float((lead > verdict.NO_PREFERENCE).mean()),
        "quick": {name: asdict(score) for name, score in zip(found.cards, found.real, strict=True)},
        "quick_off": {"mean": float(off.mean()), "spread": float(off.std()), "largest_apart": float(np.ptp(off))},
        "least_effective": float(found.effective.min()),
    }
