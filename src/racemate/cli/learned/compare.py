"""Compare: the command that holds the cards against each other, with the table of confusions beside every ranking."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from racemate.cli.talk.screen import bold, columns, paragraph, progress, tell


def compare(
    *,
    hypothesis: Annotated[
        list[str] | None,
        Parameter(negative="", help="With --again: a card's name; repeat for several (default: all fitted)."),
    ] = None,
    prior_odds: Annotated[
        list[str] | None, Parameter(negative="", help="CARD=NUMBER; repeat for several (default: 1 for every card).")
    ] = None,
    fits: Annotated[
        Path | None, Parameter(help="Folder that racemate fit --out wrote (default: what comes with the package).")
    ] = None,
    again: Annotated[
        bool, Parameter(negative="", help="Compute anew from --fits and keep it there, or in --out.")
    ] = False,
    sets: Annotated[
        int, Parameter(help="With --again: simulated evidence bases per card; 0 for no table of confusions.")
    ] = 4,
    seed: Annotated[int, Parameter(help="Whole number that decides every random draw.")] = 1,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"], help="Folder for compare.json.")] = None,
    json: Annotated[bool, Parameter(negative="", help="Print one JSON object instead of tables.")] = False,
    quiet: Annotated[
        bool, Parameter(name=["--quiet", "-q"], negative="", help="No messages on standard error.")
    ] = False,
) -> int:
    """Compare the cards: evidence, left-out trials, weights, odds, and which card wins when another one is true."""
    from racemate.infer.compare.store import load, save

    found = _again(fits, hypothesis, seed, sets, quiet) if again else load(fits)
    _weigh(found, prior_odds or [])
    home = out if out is not None else fits if again else None
    if home is not None:
        tell(f"racemate: wrote {save(home, found)}", quiet)
    if json:
        from racemate.report.run.folder import json_text

        print(json_text(found), end="")
    else:
        print("\n\n".join(part for part in (_cards(found), _trials(found), _confusion(found)) if part))
    return 0


def _again(fits: Path | None, cards: list[str] | None, seed: int, sets: int, quiet: bool) -> dict[str, Any]:
    from racemate.evidence.finding import EvidenceError
    from racemate.hypothesis import read
    from racemate.infer.compare.contest import contest

    if fits is None:
        raise EvidenceError("compare", "--fits", "nothing", "with --again, a folder that racemate fit --out wrote")
    if sets < 0:
        raise EvidenceError("compare", "--sets", str(sets), "0 or more")
    if not 0 <= seed < 2**32:
        raise EvidenceError("compare", "--seed", str(seed), "a whole number from 0 to 4294967295")
    for name in cards or ():
        read(name)
    with progress(False) as heed:

        def follow(step: str, ready: int, total: int) -> None:
            heed()
            tell(f"racemate: {step}, {ready} of {total} cards", quiet)

        return contest(fits, cards, seed, sets, follow)


def _weigh(found: dict[str, Any], asked: list[str]) -> None:
    """Posterior odds under the prior odds that were asked for, with all trials and without each."""
    import numpy as np

    from racemate.infer.compare import verdict

    rows = found["cards"]
    names = [row["card"] for row in rows]
    prior = verdict.prior_odds(names, asked)
    before = np.array([prior[name] for name in names])
    after = verdict.odds(np.array([row["log_evidence"] for row in rows]), before)
    for row, value in zip(rows, after, strict=True):
        row["odds"] = float(value)
    for trial in found["trials"]:
        rest = verdict.odds(np.array([trial["log_evidence_without"][name] for name in names]), before)
        trial["odds_without"] = dict(zip(names, rest.tolist(), strict=True))
    found["prior_odds"] = prior


def _cards(found: dict[str, Any]) -> str:
    ranked = sorted(found["cards"], key=lambda row: -row["log_evidence"])
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
    note = (
        "Behind: log units behind the best card; under 4, or within twice the error of computing, is no preference. Weight: in the "
        "mixture that predicts left-out trials best. Probability: among these cards, under the prior odds "
        f"{_prior(found['prior_odds'])}. To overturn: prior odds for the card at which it would equal the best."
    )
    return f"{bold('Cards')}\n{columns(head, lines)}\n{paragraph(note)}"


def _trials(found: dict[str, Any]) -> str:
    ranked = sorted(found["cards"], key=lambda row: -row["log_evidence"])
    lines = []
    for row in found["trials"]:
        rest = max(row["odds_without"], key=row["odds_without"].get)
        lines.append(
            (
                row["trial"],
                f"{row['loo'][ranked[0]['card']]:.1f}",
                row["best"],
                f"{row['range']:.1f}",
                f"{rest} {_share(row['odds_without'][rest])}",
                ", ".join(row["doubtful"]) or "-",
            )
        )
    head = (
        "trial",
        f"given the others ({ranked[0]['card']})",
        "best predicted by",
        "range",
        "without it",
        "k-hat over 0.7",
    )
    note = (
        "Given the others: log density of the trial's numbers as predicted from all other trials; over trials it sums to the column "
        "above. Range: from the worst card to the best. Without it: the most probable card had the trial not been run. Where k-hat is "
        "over 0.7 the importance weights are not to be believed for that card: fit it without that trial to know."
    )
    return f"{bold('Trials')}\n{columns(head, lines)}\n{paragraph(note)}"


def _confusion(found: dict[str, Any]) -> str:
    told = found.get("confusion")
    if not told:
        return ""
    head = ("true card", *told["cards"])
    lines = [(name, *row) for name, row in zip(told["cards"], told["winners"], strict=True)]
    off = told["quick_off"]
    note = (
        f"{told['sets']} evidence bases simulated from each card's posterior, with new studies; how often each card scored highest. The "
        f"true card won in {100 * told['true_card_wins']:.0f} %; in {100 * told['wrong_by_more_than_limit']:.0f} % a wrong card won by more "
        f"than 4. On the published numbers the quick score used here is off by {off['mean']:.1f} on average and differs between cards by "
        f"{off['spread']:.1f} (standard deviation)."
    )
    return f"{bold('Confusions')}\n{columns(head, lines)}\n{paragraph(note)}"


def _share(value: float) -> str:
    return f"{value:.2f}" if value >= 0.005 else "<0.01"


def _many(value: float) -> str:
    return f"{value:.3g}" if value < 1e6 else ">1e6"


def _prior(prior: dict[str, float]) -> str:
    named = [f"{name} {value:g}" for name, value in prior.items() if value != 1]
    return f"{', '.join(named)}, all others 1" if named else "1 for every card"
