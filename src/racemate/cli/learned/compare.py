"""Compare: the command that holds the cards against each other, with the table of confusions beside every ranking."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from racemate.cli.talk.options import Json, Quiet, Seed
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
    seed: Seed = 1,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"], help="Folder for compare.json.")] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Compare the cards: evidence, left-out trials, weights, odds, and which card wins when another one is true."""
    from racemate.infer.compare.store import load, save
    from racemate.infer.compare.verdict import weigh

    found = _again(fits, hypothesis, seed, sets, quiet) if again else load(fits)
    weigh(found, prior_odds or [])
    home = out if out is not None else fits if again else None
    if home is not None:
        tell(f"racemate: wrote {save(home, found)}", quiet)
    if json:
        from racemate.report.run.folder import json_text

        print(json_text(found), end="")
    else:
        print(told(found))
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


def told(found: dict[str, Any]) -> str:
    """The cards, the trials, other priors and fewer numbers, and which card wins when another one is true."""
    from racemate.report.contest import told as shown

    parts = [
        ("Cards", shown.card_rows(found), shown.card_note(found)),
        ("Trials", shown.trial_rows(found), shown.TRIALS),
        ("Variations", shown.variation_rows(found), shown.variation_note(found)),
    ]
    if found.get("confusion"):
        parts.append(("Confusions", shown.confusion_rows(found), shown.confusion_note(found)))
    return "\n\n".join(f"{bold(title)}\n{columns(*rows)}\n{paragraph(note)}" for title, rows, note in parts)
