"""The judge: every entry before its check."""

from __future__ import annotations

from racemate.evidence.finding import EvidenceError, nearest
from racemate.evidence.library import Library, library
from racemate.ledger.book import FILE, Book, read
from racemate.ledger.case import Case
from racemate.ledger.checks import CHECKS
from racemate.ledger.record import ClaimEntry, Judged, Verdict
from racemate.ledger.virtual import Laboratory

_LABORATORIES: dict[tuple[str, str | None], Laboratory] = {}
"""One laboratory per state of the evidence and posterior, so that a second question costs no second run."""


def judge(
    known: Library | None = None,
    *,
    claim: str | None = None,
    seed_document: str | None = None,
    verdict: str | None = None,
    threads: int | None = None,
    posterior: str | None = None,
) -> list[Judged]:
    """Rule on the entries asked for, in the order of the book; ``posterior`` as `racemate.model.inform` takes it.

    Raises EvidenceError for a name nobody knows.
    """
    evidence = known or library()
    book = read(evidence)
    _ask(book, claim, seed_document, verdict)
    laboratory = _laboratory(book, evidence, threads, posterior)
    asked = [
        entry for entry in book.entries.values() if claim in (None, entry.id) and seed_document in (None, entry.seed)
    ]
    judged = [rule(entry, book, evidence, laboratory) for entry in asked]
    return [one for one in judged if verdict in (None, one.ruling.verdict)]


def rule(entry: ClaimEntry, book: Book, evidence: Library, laboratory: Laboratory) -> Judged:
    """Rule on one entry."""
    return Judged(entry, book.documents[entry.seed].source, CHECKS[entry.check](Case(entry, evidence, laboratory)))


def _ask(book: Book, claim: str | None, seed: str | None, verdict: str | None) -> None:
    known = (
        ("claim", claim, book.entries),
        ("seed", seed, book.documents),
        ("verdict", verdict, [str(v) for v in Verdict]),
    )
    for field, word, words in known:
        if word is not None and word not in words:
            raise EvidenceError(FILE, field, repr(word), nearest(word, words))


def _laboratory(book: Book, evidence: Library, threads: int | None, posterior: str | None) -> Laboratory:
    kept = _LABORATORIES.get((evidence.hash, posterior))
    if kept is None or kept.known is not evidence:
        kept = _LABORATORIES[evidence.hash, posterior] = Laboratory(book, evidence, threads, posterior)
    return kept
