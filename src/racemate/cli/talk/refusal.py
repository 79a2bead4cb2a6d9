"""Refusal: the errors that mean bad input, in one place; every other exception is a fault of the program and is not caught."""


def refusals() -> tuple[type[Exception], ...]:
    """Errors whose message is for the user: file, field, what was found, what is allowed."""
    from racemate.evidence.finding import EvidenceError
    from racemate.hypothesis import HypothesisError
    from racemate.report.run.folder import RunFolderError
    from racemate.trial.design.schedule import ProtocolError
    from racemate.units import UnitError

    return EvidenceError, HypothesisError, RunFolderError, ProtocolError, UnitError
