"""Every: how `replicate --all` is followed on a screen or in a log, and what it prints when it is done."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from racemate.cli.talk.screen import Stop, bold, columns, paragraph, tell

if TYPE_CHECKING:
    from racemate.cli.talk.options import Written
    from racemate.report.replication.every import EveryTrial
    from racemate.report.replication.work import Follow, Told

_EVERY_S = 30.0
"""How often a line is written where nobody watches."""
_MILLION, _MINUTE_S = 1e6, 60.0


def replicate_all(
    trials: list[str] | None,
    hypotheses: list[str] | None,
    people: int | None,
    seed: int,
    given: dict[str, Any],
    how: Written,
) -> int:
    """Run every trial, follow it, print what came of it."""
    from racemate.report.replication.every import replicate_all as run
    from racemate.report.run.folder import json_text

    try:
        with followed(how.quiet, how.bar) as follow:
            given |= {"progress": follow, "jobs": how.jobs, "out": how.out, "force": how.force}
            done = run(trials, hypotheses, people, seed=seed, **given)
    except KeyboardInterrupt:
        kept = (
            "nothing was written"
            if how.out is None
            else f"what is finished stays in {how.out}, and the same command goes on there"
        )
        tell(f"racemate: interrupted; {kept}")
        return 130
    print(json_text(done.as_object()) if how.json else told(done, how.out), end="" if how.json else "\n")
    if how.json and how.out is not None:
        tell(f"racemate: wrote {how.out}", how.quiet)
    return 0


@contextmanager
def followed(quiet: bool, bar: bool) -> Iterator[Follow]:
    """A bar where somebody watches, else a line now and then; an interrupt is heeded in any case."""
    stop, before = Stop(), [monotonic()]

    def line(now: Told) -> None:
        stop.heed()
        if not quiet and monotonic() - before[0] >= _EVERY_S:
            before[0] = monotonic()
            tell(f"racemate: {_state(now)}")

    if not bar or quiet or not sys.stderr.isatty():
        yield line
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    layout = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*layout, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("", total=None)

        def move(now: Told) -> None:
            stop.heed()
            shown.update(task, total=now.of_people, completed=now.people, description=_state(now))

        yield move


def _state(now: Told) -> str:
    left = "" if now.left_s is None else f", about {max(1, round(now.left_s / _MINUTE_S))} min left"
    people = f"{now.people / _MILLION:.2f} of {now.of_people / _MILLION:.2f} million people"
    return f"{now.trials} of {now.of_trials} trials, {people}{left}"


def told(run: EveryTrial, out: Path | None) -> str:
    """Agreement by card and use, trials that did not run, and where the report is."""
    from racemate.report import words
    from racemate.report.replication.agreement import SHARES, USES

    ran = sum(bool(row.get("cards")) for row in run.status)
    size = (
        f"{ran} of {len(run.status)} trials, {len(run.cards)} cards, {run.manifest['replicates']} virtual trials each"
    )
    parts = [f"{bold('Every trial')}  {size}, seed {run.manifest['seed']}\nParameters: {run.manifest['parameters']}."]
    head = ("card", "trials", "rows", *(f"in {share} %" for share in SHARES), "rms residual")
    for use in USES:
        rows = [
            (
                row["hypothesis"],
                row["trials"],
                row["rows"],
                *(f"{100 * row[f'inside{share}']:.0f} %" for share in SHARES),
                words.number(row.get("rms_residual"), "1"),
            )
            for row in run.agreed
            if row["use"] == use and row["rows"]
        ]
        if rows:
            parts.append(
                f"{bold(f'Published numbers of {use} trials inside the intervals')}\n{columns(head, rows, '  ')}"
            )
    rows = [row for one in run.runs.values() for row in one.rows("observed")]
    asked = sum(row["mirrored"] for row in rows)
    parts.append(
        f"Asked: {asked} of {len(rows)} published numbers of these trials; the report says why the others are not."
    )
    left_out = [f"- {row['trial']}: {row['reason']}" for row in run.status if row["reason"]]
    if left_out:
        parts.append("Not run:\n" + "\n".join(paragraph(line, "  ") for line in left_out))
    if out is not None:
        parts.append(f"Report: {out / 'report.html'}")
    return "\n\n".join((*parts, words.DISCLAIMER))
