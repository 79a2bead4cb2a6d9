"""What is known: numbers with unit, spread, source and place, and no equations."""

from racemate.evidence.finding import EvidenceError, Finding

__all__ = ["EvidenceError", "Finding"]
