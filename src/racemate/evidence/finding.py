"""What is wrong with a record: file, field, what was found, what is allowed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

_MOST_LISTED = 12
"""Names that a message lists when none is near."""


@dataclass(frozen=True, order=True)
class Finding:
    """One fault in the evidence, named so that a person can mend it."""

    file: str
    field: str
    found: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.file}: {self.field}: found {self.found}, allowed: {self.allowed}"


class EvidenceError(Exception):
    """The evidence cannot be used as it stands; `findings` lists every fault, the first one first."""

    def __init__(self, file: str, field: str, found: str, allowed: str, more: Iterable[Finding] = ()) -> None:
        self.findings = (Finding(file, field, found, allowed), *more)
        super().__init__("\n".join(map(str, self.findings)))

    def __reduce__(self) -> tuple[Any, ...]:
        """As a process sends it to another."""
        first, *more = self.findings
        return type(self), (first.file, first.field, first.found, first.allowed, tuple(more)), vars(self)

    @property
    def file(self) -> str:
        """The file of the first fault."""
        return self.findings[0].file

    @property
    def field(self) -> str:
        """The field of the first fault."""
        return self.findings[0].field

    @property
    def found(self) -> str:
        """What stood in that field."""
        return self.findings[0].found

    @property
    def allowed(self) -> str:
        """What may stand there."""
        return self.findings[0].allowed


def refuse(findings: Iterable[Finding]) -> None:
    """Raise one EvidenceError that carries every finding; do nothing when there is none."""
    faults = sorted(set(findings))
    if faults:
        first, *more = faults
        raise EvidenceError(first.file, first.field, first.found, first.allowed, more)


def nearest(word: str, words: Iterable[str]) -> str:
    """Say which known words are meant to stand where `word` was found: the nearest match, or the whole short list."""
    known = sorted(words)
    close = get_close_matches(word, known, n=1, cutoff=0.7)
    if close:
        return f"a known name; did you mean {close[0]!r}?"
    if len(known) > _MOST_LISTED:
        return f"a known name; none of the {len(known)} is near"
    return "one of " + ", ".join(known) if known else "a known name; there is none yet"
