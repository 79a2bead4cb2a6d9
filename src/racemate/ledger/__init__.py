"""The ledger: published assertions, each with a computed verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from racemate.ledger.record import Judged, Ruling, Verdict

if TYPE_CHECKING:
    import pandas as pd

    from racemate.evidence.finding import Finding
    from racemate.evidence.library import Library

__all__ = ["Judged", "Ruling", "Verdict", "faults", "frame", "show", "sources", "verdicts"]


def verdicts(
    seed_document: str | None = None,
    verdict: str | None = None,
    jobs: int | None = None,
    known: Library | None = None,
    posterior: str | None = None,
) -> list[Judged]:
    """Rule on every entry, or on those of one seed document, and keep those of one verdict.

    `jobs` is the number of cores for virtual people; `posterior` says where their parameters come from: a shipped posterior, a folder of
    `racemate fit`, or ``"prior"`` (default: the prospective posterior of each card that has one).  Raises EvidenceError for a seed or a verdict nobody knows.
    """
    from racemate.ledger.judge import judge

    return judge(known, seed_document=seed_document, verdict=verdict, threads=jobs, posterior=posterior)


def show(claim: str, known: Library | None = None, posterior: str | None = None) -> Judged:
    """Rule on one entry by id.  Raises EvidenceError with the nearest match."""
    from racemate.ledger.judge import judge

    (judged,) = judge(known, claim=claim, posterior=posterior)
    return judged


def sources(known: Library | None = None) -> frozenset[str]:
    """Every source the ledger leans on; nothing where the evidence has no ledger."""
    from racemate.ledger.book import cited

    return cited(known)


def faults(known: Library | None = None) -> tuple[Finding, ...]:
    """What keeps the ledger from being ruled upon: file, field, what was found, what is allowed."""
    from racemate.evidence.finding import EvidenceError
    from racemate.ledger.book import read

    try:
        read(known)
    except EvidenceError as error:
        return error.findings
    return ()


def frame(judged: list[Judged]) -> pd.DataFrame:
    """One row per entry: id, seed, verdict, leaning, the deciding number, the sentence, evidence and runs."""
    import pandas as pd

    rows = []
    for one in judged:
        record = one.record()
        first = one.ruling.numbers[0] if one.ruling.numbers else None
        record["number"] = None if first is None else first.value
        record["unit"] = None if first is None else first.unit
        record["number_name"] = None if first is None else first.name
        del record["numbers"]
        rows.append(record)
    return pd.DataFrame(rows)
