"""Ledger: the command that rules on published assertions."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from racemate.cli.talk.options import Fitted
from racemate.cli.talk.screen import bold, columns, tell

Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")]


def claims(
    claim: Annotated[
        str | None, Parameter(help="Id of one assertion, to see its numbers and what they rest on.")
    ] = None,
    *,
    seed: Annotated[str | None, Parameter(help="One document by its first three digits, such as 003.")] = None,
    verdict: Annotated[str | None, Parameter(help="One verdict, such as contradicted.")] = None,
    threads: Annotated[int | None, Parameter(help="Cores for virtual people.")] = None,
    posterior: Fitted = None,
    json: Json = False,
) -> None:
    """Rule on published assertions: each with its verdict and the number that decides it."""
    from collections import Counter

    from racemate.ledger import show, verdicts
    from racemate.report.run.folder import json_text

    judged = (
        [show(claim, posterior=posterior)]
        if claim is not None
        else verdicts(seed, verdict, threads, posterior=posterior)
    )
    if json:
        print(json_text([one.record() for one in judged]), end="")
        return
    if claim is not None:
        first, *rest = judged[0].lines()
        print("\n".join((bold(first), *rest)))
        return
    print(
        columns(
            ("id", "seed", "verdict", "because"),
            [(one.entry.id, one.entry.seed, str(one.ruling.verdict), one.ruling.because) for one in judged],
        )
    )
    counted = Counter(str(one.ruling.verdict) for one in judged)
    tell(
        f"racemate: {len(judged)} assertions: " + ", ".join(f"{count} {word}" for word, count in counted.most_common())
    )
