"""Fit: the command that learns from all trials at once, card by card."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from racemate.cli.talk.options import Json, Only, Quiet, Scope, Seed
from racemate.cli.talk.screen import bold, columns, steps, tell

if TYPE_CHECKING:
    from racemate.infer.fit import Effort, Fit
    from racemate.infer.targets.target import Targets

_SHOWN = 8
"""Parameters shown per card, the most learned first; the tables hold them all."""


def fit(
    *,
    hypothesis: Annotated[
        list[str] | None,
        Parameter(negative="", help="A card's name; repeat for several (default: every card)."),
    ] = None,
    trials: Scope = "calibration",
    only: Only = None,
    seed: Seed = 1,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"], help="Folder for posteriors and tables.")] = None,
    quick: Annotated[
        bool, Parameter(negative="", help="A short look: not good enough to ship, and marked so.")
    ] = False,
    evidence: Annotated[
        bool, Parameter(help="Estimate the marginal likelihood too; it takes longer than the posterior.")
    ] = True,
    dense: Annotated[
        bool,
        Parameter(
            negative="",
            help="Take from short scouting runs how unknowns go together: for evidence that ties them tightly, as all-trials does.",
        ),
    ] = False,
    targets: Annotated[
        bool, Parameter(negative="", help="Only list the rows used and left out, with reasons.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Fit cards to published trials: posterior, marginal likelihood and diagnostics. A stopped fit goes on where it was."""
    from racemate.infer.targets.read import read
    from racemate.report.run.folder import json_text, records

    goal = read(trials, tuple(only) if only else None)  # pyright: ignore[reportArgumentType] read() refuses other words
    if targets:
        print(json_text(records(goal.table())) if json else _rows(goal), end="" if json else "\n")
        return 0
    _seed(seed)
    effort = _effort(quick, evidence, dense)
    done = [_one(card, goal, seed, out, effort, quiet) for card in _cards(hypothesis)]
    if json:
        from racemate.exchange.learned.fit import FitResult

        print(json_text({"fits": [FitResult(one).as_object() for one in done]}), end="")
    else:
        print("\n\n".join([_summary(done), *(told(one) for one in done)]))
    return 0 if all(one.verdict.passed for one in done) else 1


def _cards(asked: list[str] | None) -> list[str]:
    from racemate.hypothesis import all_names, read

    for name in asked or ():
        read(name)
    return list(asked or all_names())


def _seed(seed: int) -> None:
    from racemate.evidence.finding import EvidenceError

    if not 0 <= seed < 2**32:
        raise EvidenceError("fit", "--seed", str(seed), "a whole number from 0 to 4294967295")


def _effort(quick: bool, evidence: bool, dense: bool) -> Effort:
    from dataclasses import replace

    from racemate.infer.fit import FULL, LOOK

    effort = replace(LOOK if quick else FULL, dense=dense)
    return effort if evidence else replace(effort, runs=0)


def _one(card: str, goal: Targets, seed: int, out: Path | None, effort: Effort, quiet: bool) -> Fit:
    from racemate.infer.fit import fit as run
    from racemate.infer.write import write, write_targets

    with steps(quiet, f"{card}: ", 4) as follow:
        done = run(card, goal, seed, effort, follow)
    for reason in done.verdict.reasons:
        tell(f"racemate: {card}: refused: {reason}", quiet)
    if out is not None:
        write_targets(goal, out)
        files = write(done, out)
        tell(f"racemate: {card}: wrote {files[0]}", quiet)
    return done


def _rows(goal: Targets) -> str:
    from collections import Counter

    from racemate.report.run.folder import records

    every = records(goal.table())
    used = [row for row in every if row["used"]]
    left = Counter(row["reason"] for row in every if not row["used"])
    fields = ("trial", "outcome", "statistic", "arm")
    lines = [(*(row[name] for name in fields), f"{row['value']:.4g}", row["reason"]) for row in used]
    return "\n\n".join(
        (
            bold(f"{len(used)} targets of {len(goal.trials)} trials ({goal.scope})"),
            columns((*fields, "value", "error from"), lines),
            bold(f"{left.total()} rows left out"),
            columns(("rows", "because"), [(count, reason) for reason, count in left.most_common()]),
        )
    )


def _summary(done: list[Fit]) -> str:
    from racemate.infer.tables import coverage, targets

    rows = []
    for one in done:
        numbers, found = one.verdict.numbers(), one.evidence
        evidence = "not asked" if found is None else f"{found.log_evidence:.1f} ± {found.error:.1f}"
        rows.append(
            (
                one.card,
                evidence,
                f"{100 * coverage(targets(one)):.0f} %",
                f"{numbers['rhat']:.3f}",
                f"{numbers['ess']:.0f}",
                numbers["divergent"],
                "yes" if one.verdict.passed else "REFUSED",
            )
        )
    head = ("card", "log evidence", "means covered", "R-hat", "effective draws", "divergent", "accepted")
    note = (
        "Covered: arm-time means inside their 90 % predictive interval. On these data a gap of less than about 4 in log\n"
        "evidence is no preference: simulated evidence of one card is often fitted as well by another."
    )
    return f"{columns(head, rows)}\n{note}"


def told(one: Fit) -> str:
    """What was learned most, and the targets that fit worst."""
    from racemate.infer.tables import parameters, targets
    from racemate.report.run.folder import records

    learned = sorted(records(parameters(one)), key=lambda row: row["sd_ratio"])[:_SHOWN]
    worst = sorted(records(targets(one)), key=lambda row: -abs(row["z"]))[: _SHOWN // 2]
    first = [
        (
            row["parameter"],
            f"{row['posterior_median']:.3g} [{row['posterior_low']:.3g}, {row['posterior_high']:.3g}]",
            f"{row['prior_median']:.3g}",
            f"{row['sd_ratio']:.2f}",
        )
        for row in learned
    ]
    second = [
        (
            row["trial"],
            row["arm"],
            f"{row['outcome']} {row['statistic']}",
            f"{row['hour']:g} h",
            f"{row['observed']:.3g}",
            f"{row['fitted']:.3g}",
            f"{row['z']:.1f}",
        )
        for row in worst
    ]
    return "\n".join(
        (
            bold(f"== {one.card} =="),
            columns(("learned most", "posterior, 90 %", "prior", "sd over prior sd"), first, "  "),
            columns(("fits worst", "arm", "what", "time", "observed", "fitted", "z"), second, "  "),
        )
    )
