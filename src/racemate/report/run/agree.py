"""Agree: whoever works on a part of a run has the code and the evidence of whoever asks for it, or refuses."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from racemate.code import TRIALS, code
from racemate.evidence.finding import EvidenceError
from racemate.evidence.library import library


def agreed() -> Callable[[], None]:
    """What makes a worker ready (`racemate.spread`): it raises EvidenceError where code or evidence are not those of this process."""
    return partial(agree, code(*TRIALS), library().hash)


def agree(asked_code: str, asked_evidence: str) -> None:
    """Refuse other code or other evidence than those asked for, told by their hashes; raises EvidenceError."""
    for what, mine, asked in (("code", code(*TRIALS), asked_code), ("evidence", library().hash, asked_evidence)):
        if mine != asked:
            raise EvidenceError("a worker", what, mine[:12], f"{asked[:12]}, that of whoever asks")
