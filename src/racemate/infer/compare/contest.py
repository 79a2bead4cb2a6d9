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
from racemate.infer.compare import verdict
from racemate.infer.compare.bridge import Bridge, bridge
from racemate.infer.compare.confusion import PROCESSES, SETS, Confusion, confuse
from racemate.infer.compare.fitted import available, load
from racemate.infer.compare.leave import DOUBTFUL_K, Left, by_trial, leave, temper_out
from racemate.infer.compare.quick import published
from racemate.infer.ready import ready
from racemate.infer.targets.read import again
from racemate.infer.targets.target import Targets
from racemate.spread.jobs import spread

Floats = NDArray[np.float64]
Progress = Callable[[str, int, int], None]
Measured = tuple[Bridge, Left]
FORMAT = "racemate-compare/1"
MOST_DRAWS = 400
"""Draws from which trials are left out; the number of effective ones is told by the errors."""


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
        manifests[f"{manifest['trials']} ({', '.join(manifest['only'] or ['all'])})"] = manifest
    if len(manifests) > 1:
        raise EvidenceError(str(home), "trials", " and ".join(sorted(manifests)), "fits to the same trials")
    return again(*manifests.values())


def _measured(given: Given, card: str) -> Measured:
    """The evidence for a card, and how well it predicts each trial from the others."""
    one = load(given.home, card, given.targets)
    values = published(one.likelihood)
    crossed = bridge(one.place, lambda at: one.quick.many(at, values), given.seed)
    rows = np.linspace(0, len(one.place) - 1, min(MOST_DRAWS, len(one.place))).astype(int)
    trials, each = one.likelihood.predictor.unknowns.trials, by_trial(one.likelihood)
    left = leave(trials, one.place[rows], each)
    return crossed, temper_out(left, one.place, one.likelihood.log_density, each, given.seed)


def numbers(
    names: Sequence[str], manifests: Sequence[Mapping[str, Any]], measured: Sequence[Measured]
) -> dict[str, Any]:
    """Rows by card, and each trial's part."""
    evidence = np.array([crossed.log_evidence for crossed, _ in measured])
    error = np.array([crossed.error for crossed, _ in measured])
    left = np.stack([found.log_density for _, found in measured], axis=1)
    wrong = np.stack([found.error for _, found in measured], axis=1)
    k_hat = np.stack([found.k_hat for _, found in measured], axis=1)
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
    return {"cards": rows, "trials": _trials(names, measured[0][1].trials, evidence, left, wrong, k_hat)}


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


def _confusion(found: Confusion, measured: Sequence[Measured]) -> dict[str, Any]:
    """Who wins when who is true; and how far the quick score is off, where the answer is known."""
    off = np.array(
        [score.log_evidence - crossed.log_evidence for score, (crossed, _) in zip(found.real, measured, strict=True)]
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
