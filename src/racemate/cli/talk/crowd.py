"""Crowd: `replicate --summary`: a trial of any number of people, of whom counts are kept; begun counts lie beside the run's folder."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from racemate.cli.talk.carry import carry_out
from racemate.cli.talk.options import Written
from racemate.cli.talk.screen import bold, columns, tell

if TYPE_CHECKING:
    from racemate.report.run.crowd import CrowdRun
    from racemate.report.run.folder import Run

_DAY_H = 24.0


def replicate_crowd(
    trial: str | None,
    hypothesis: list[str] | None,
    people: int | None,
    seed: int,
    given: dict[str, Any],
    how: Written,
) -> int:
    """Run the command; counts so far stand in ``OUT.begun`` until the run is done.  No ``trial`` is named with --all, which is refused."""
    from racemate.evidence.finding import EvidenceError

    if trial is None or "courses" in given:
        found = "--all" if trial is None else "--courses"
        raise EvidenceError("racemate replicate", "--summary", found, "one trial, everybody carried")
    begun = None if how.out is None else how.out.with_name(f"{how.out.name}.begun")

    def work(follow: Any) -> Run:
        from racemate.report.run.crowd import crowd

        if begun is not None and begun.is_dir():
            tell(f"racemate: goes on from {begun}", how.quiet)
        return crowd(trial, hypothesis, people, seed=seed, progress=follow, jobs=how.jobs, begun=begun, **given)

    try:
        code = carry_out("replicate --summary", work, how)
    except KeyboardInterrupt:
        there = begun is not None and begun.is_dir()
        kept = f"counts so far stay in {begun}, and the same command goes on there" if there else "nothing was written"
        tell(f"racemate: interrupted; {kept}")
        return 130
    if begun is not None:
        shutil.rmtree(begun, ignore_errors=True)
    return code


def told(run: CrowdRun) -> str:
    """Scores, changes and events by arm and time."""
    from racemate.report.words import DISCLAIMER

    manifest = run.manifest
    size = f"{manifest['people_simulated']} people in {manifest['replicates']} virtual trials per card, seed {manifest['seed']}"
    parts = [f"{bold(manifest['arguments']['trial'])}\n{size}\nParameters: {manifest['parameters']}."]
    head = ("arm", "outcome", "time", "people", "mean (sd)", "median [95 %]", "change (sd)", "response", "remission")
    for card in manifest["cards"]:
        rows = [row for row in run.rows("simulated") if row["hypothesis"] == card["name"]]
        parts.append(f"{bold('== ' + card['name'] + ' ==')}\n{columns(head, _lines(rows), '  ')}")
    return "\n\n".join((*parts, DISCLAIMER)) + "\n"


def _lines(rows: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """A line for each arm, outcome and time, its statistics side by side."""
    found: dict[tuple[Any, ...], dict[str, dict[str, Any]]] = {}
    for row in rows:
        place = (row["stage"], row["arm"], row["outcome"], row["hours"])
        found.setdefault(place, {})[row["statistic"]] = row
    return [_line(place, told) for place, told in found.items()]


def _line(place: tuple[Any, ...], told: dict[str, dict[str, Any]]) -> tuple[str, ...]:
    stage, arm, outcome, hours = place
    name = f"{stage}: {arm}" if stage else arm
    if "share" in told:
        share = told["share"]
        return (name, outcome, "", str(share["n"]), _percent(share), "", "", "", "")
    value = told["value"]
    middle = "" if value["p50"] is None else f"{value['p50']} [{value['p2.5']}, {value['p97.5']}]"
    when = f"{hours:g} h" if abs(hours or 0.0) < 2 * _DAY_H else f"{(hours or 0.0) / _DAY_H:g} days"
    events = (_percent(told[kind]) if kind in told else "" for kind in ("response", "remission"))
    return (name, outcome, when, str(value["n"]), _mean(value), middle, _mean(told.get("change")), *events)


def _mean(row: dict[str, Any] | None) -> str:
    if row is None or row["mean"] is None:
        return ""
    return f"{row['mean']:.2f}" + ("" if row["sd"] is None else f" ({row['sd']:.2f})")


def _percent(row: dict[str, Any]) -> str:
    return "" if row["percent"] is None else f"{row['percent']:.2f} %"
