"""Refusal: the errors that are told in words, in one place: bad input, and a mishap of the machine.

Every other exception is a fault of the program and is not caught.
"""


def refusals() -> tuple[type[Exception], ...]:
    """Errors whose message is for the user: file, field, what was found, what is allowed."""
    from racemate.evidence.finding import EvidenceError
    from racemate.hypothesis import HypothesisError
    from racemate.report.run.folder import RunFolderError
    from racemate.trial.design.schedule import ProtocolError
    from racemate.units import UnitError

    return EvidenceError, HypothesisError, RunFolderError, ProtocolError, UnitError


def mishaps() -> tuple[type[Exception], ...]:
    """Errors that neither the input nor the program is to blame for: what worked was ended from outside."""
    from racemate.spread.hand import LostError

    return (LostError,)
