"""Learned: the command that says what a fit taught, what it could not separate, and how it stands beside what was published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from racemate.cli.talk.options import Force, Jobs, Json, Quiet, Seed
from racemate.cli.talk.screen import bold, columns, paragraph, progress, tell

if TYPE_CHECKING:
    from racemate.report.check.learned import LearnedRun

_SHOWN = 12


def learned(
    *,
    fits: Annotated[Path, Parameter(help="Folder that racemate fit --out wrote.")],
    hypothesis: Annotated[
        list[str] | None, Parameter(negative="", help="A card's name; repeat for several (default: all fitted).")
    ] = None,
    seed: Seed = 1,
    json: Json = False,
    out: Annotated[
        Path | None,
        Parameter(
            name=["--out", "-o"], help="Folder for one folder per card (default: learned/ in the folder of each fit)."
        ),
    ] = None,
    force: Force = False,
    quiet: Quiet = False,
    jobs: Jobs = None,
) -> int:
    """What the trials moved and what they could not separate; predictions before and after beside the numbers; what naltrexone takes."""
    from racemate.cli.talk.carry import allow_jobs
    from racemate.infer.compare.fitted import available
    from racemate.report.check.learned import learned as run
    from racemate.report.run.folder import check, json_text

    allow_jobs(jobs)
    cards = hypothesis or list(available(fits))
    places = {card: fits / card / "learned" if out is None else out / card for card in cards}
    for place in places.values():
        if place.parent.is_dir() or out is not None:
            check(place, "learned", force)
    done: list[LearnedRun] = []
    with progress(False) as heed:
        for card, place in places.items():
            heed()
            done.append(run(fits, card, seed, jobs))
            done[-1].save(place, force)
            tell(f"racemate: {card}: wrote {place}", quiet)
    if json:
        print(json_text({"cards": [one.as_object() for one in done]}), end="")
    else:
        print("\n\n".join(told(one) for one in done))
    return 0


def told(run: LearnedRun) -> str:
    """What was learned most, the strongest ridges, trials that lie furthest off, and naltrexone by day."""
    unknowns = sorted(run.rows("unknowns"), key=lambda row: row["sd_ratio"])[:_SHOWN]
    first = [
        (row["unknown"], f"{row['sd_ratio']:.2f} ± {row['sd_ratio_error']:.2f}", f"{row['moved']:+.2f}", row["reading"])
        for row in unknowns
    ]
    second = [
        (row["first"], row["second"], f"{row['correlation']:+.2f} ± {row['error']:.2f}")
        for row in run.rows("ridges")[:_SHOWN]
    ]
    third = [
        (row["trial"], row["targets"], f"{100 * row['covered']:.0f} %", f"{row['rms_z']:.2f}", f"{row['p_value']:.3f}")
        for row in run.rows("trials")
        if row["predicted_from"] == "new study"
    ]
    kinds = list(dict.fromkeys(row["kind"] for row in run.rows("coverage")))
    inside = {
        (row["predicted_from"], row["kind"]): f"{row['inside']} of {row['numbers']}" for row in run.rows("coverage")
    }
    covered = [
        (place, *(inside[place, kind] for kind in kinds)) for place in dict.fromkeys(place for place, _ in inside)
    ]
    fourth = [
        (
            f"day {row['day']}",
            *(_interval(row, name) for name in ("drug_lost", "hope_lost", "change_lost")),
            _number(row["along"]),
        )
        for row in run.rows("naltrexone-days")
    ]
    readings = run.manifest["readings"]
    size = (
        f"The trials are worth {run.manifest['worth']:.1f} numbers: of {sum(readings.values())} unknowns "
        f"{readings.get('learned', 0)} are learned, {readings.get('partly learned', 0)} partly, {readings.get('moved', 0)} only moved; "
        "the others return their prior."
    )
    parts = [
        f"{bold(f'== {run.card} ==')}\n{paragraph(size)}",
        columns(("learned most", "sd over prior sd", "moved, prior sd", "reading"), first, "  "),
        columns(("go together", "", "correlation"), second, "  ")
        if second
        else "No pair goes together by more than 0.3.",
        columns(("inside 90 %, from", *kinds), covered, "  "),
        columns(("as a new study", "numbers", "inside 90 %", "rms z", "p"), third, "  "),
        columns(
            ("naltrexone takes", "of the drug, %", "of hope, %", "of the change, %", "drug with hope, like change"),
            fourth,
            "  ",
        ),
    ]
    pairs = run.manifest["inseparable"]
    if pairs:
        names = "; ".join(f"{pair['first']} and {pair['second']}" for pair in pairs)
        parts.append(paragraph(f"Not told apart by simulated evidence of these trials: {names}."))
    return "\n\n".join(parts)


def _interval(row: dict[str, float | None], name: str) -> str:
    if row[name] is None:
        return "nothing to take"
    low, middle, high = (100 * (row[key] or 0.0) for key in (f"{name}_low", name, f"{name}_high"))
    return f"{middle:.0f} [{low:.0f}, {high:.0f}]"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:+.2f}"
