"""Told: a comparison of the cards as tables: the cards ranked, what each trial says, and the confusions beside both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from racemate.infer.compare.verdict import NO_PREFERENCE

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]
"""Column names, and rows."""
TRIALS = (
    "Given the others: log density of the trial's numbers as predicted from all other trials; over trials it sums to the column "
    "above. Range: from the worst card to the best. Without it: the most probable card had the trial not been run. Tempered "
    "out: cards whose importance weights are not to be believed (k-hat over 0.7); their draws were carried to those of the other trials."
)
"""What the columns of `trial_rows` mean."""


def card_rows(found: Mapping[str, Any]) -> Table:
    """One row per card, the best first."""
    ranked = _ranked(found)
    best = ranked[0]["log_evidence"]
    lines = [
        (
            row["card"],
            f"{row['log_evidence']:.1f} ± {row['error']:.1f}",
            f"{best - row['log_evidence']:.1f}",
            f"{row['loo']:.1f} ± {row['loo_error']:.1f}",
            f"{row['weight']:.2f}",
            _share(row["odds"]),
            _many(row["prior_odds_to_overturn"]),
            "no preference" if row["beaten_by"] is None else f"{row['beaten_by']} preferred",
        )
        for row in ranked
    ]
    head = ("card", "log evidence", "behind", "left-out trials", "weight", "probability", "to overturn", "verdict")
    return head, lines


def card_note(found: Mapping[str, Any]) -> str:
    """What the columns of `card_rows` mean."""
    return (
        f"Behind: log units behind the best card; under {NO_PREFERENCE:g}, or within twice the error of computing, is no preference. Weight: in the "
        "mixture that predicts left-out trials best. Probability: among these cards, under the prior odds "
        f"{_prior(found['prior_odds'])}. To overturn: prior odds for the card at which it would equal the best."
    )


def trial_rows(found: Mapping[str, Any]) -> Table:
    """One row per trial: what it says given all others, and of whom."""
    best = _ranked(found)[0]["card"]
    lines: list[tuple[str, ...]] = []
    for row in found["trials"]:
        rest = max(row["odds_without"], key=row["odds_without"].get)
        lines.append(
            (
                row["trial"],
                f"{row['loo'][best]:.1f}",
                row["best"],
                f"{row['range']:.1f}",
                f"{rest} {_share(row['odds_without'][rest])}",
                ", ".join(row["doubtful"]) or "-",
            )
        )
    return ("trial", f"given the others ({best})", "best predicted by", "range", "without it", "tempered out"), lines


def variation_rows(found: Mapping[str, Any]) -> Table:
    """One row per variation: each card's log units behind the best one, in brackets where the best one is preferred to it."""
    cards = [row["card"] for row in _ranked(found)]
    base = {row["card"]: row["log_evidence"] for row in found["cards"]}
    beaten = {row["card"]: row["beaten_by"] for row in found["cards"]}
    every = [
        ("as fitted", base, beaten),
        *((r["variation"], r["log_evidence"], r["beaten_by"]) for r in found["variations"]),
    ]
    lines = [
        (name, *(_behind(max(evidence.values()) - evidence[card], lost[card]) for card in cards))
        for name, evidence, lost in every
    ]
    return ("variation", *cards), lines


def variation_note(found: Mapping[str, Any]) -> str:
    """What each variation is, and how sure its row is."""
    worst = max(max(row["error"].values()) for row in found["variations"])
    said = "; ".join(f"{row['variation']}: {row['says']}" for row in found["variations"])
    return (
        f"Log units behind the best card, in brackets where that card is preferred. {said}. Computed from the draws of the fits, by "
        f"importance weights, or by tempering where these are not to be believed; largest error {worst:.1f}."
    )


def confusion_rows(found: Mapping[str, Any]) -> Table:
    """How often each card scored highest, by the card that was true; no rows where nothing was simulated."""
    told = found.get("confusion")
    if not told:
        return (), []
    lines = [(name, *map(str, row)) for name, row in zip(told["cards"], told["winners"], strict=True)]
    return ("true card", *told["cards"]), lines


def confusion_note(found: Mapping[str, Any]) -> str:
    """How `confusion_rows` were made, and how often the true card won."""
    told = found["confusion"]
    off = told["quick_off"]
    return (
        f"{told['sets']} evidence bases simulated from each card's posterior, with new studies; how often each card scored highest. The "
        f"true card won in {100 * told['true_card_wins']:.0f} %; in {100 * told['wrong_by_more_than_limit']:.0f} % a wrong card won by more "
        f"than {NO_PREFERENCE:g}. On the published numbers the quick score used here is off by {off['mean']:.1f} on average and differs between cards by "
        f"{off['spread']:.1f} (standard deviation)."
    )


def _ranked(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    return sorted(found["cards"], key=lambda row: -row["log_evidence"])


def _behind(gap: float, beaten_by: str | None) -> str:
    return f"{gap:.1f}" if beaten_by is None else f"[{gap:.1f}]"


def _share(value: float) -> str:
    return f"{value:.2f}" if value >= 0.005 else "<0.01"


def _many(value: float) -> str:
    return f"{value:.3g}" if value < 1e6 else ">1e6"


def _prior(prior: Mapping[str, float]) -> str:
    named = [f"{name} {value:g}" for name, value in prior.items() if value != 1]
    return f"{', '.join(named)}, all others 1" if named else "1 for every card"
