"""State: how the search for a fit ended, and the error that says so."""

from enum import IntEnum


class State(IntEnum):
    """How a fit ended; only `CONVERGED` carries numbers."""

    CONVERGED = 0
    STALLED = 1
    """No step along the direction of the search improves the likelihood: a covariance at the edge of what is allowed."""
    UNFINISHED = 2
    """The search ran out of steps."""
    ALIASED = 3
    """The ratings do not determine the fixed effects: an arm without ratings at a visit, a covariate that does not vary."""
    UNPAIRED = 4
    """The ratings do not determine the covariance: two visits that nobody has both of, or too few people."""

    @property
    def reason(self) -> str:
        """The state in words."""
        return _REASON[self]


_REASON = {
    State.CONVERGED: "converged",
    State.STALLED: "the search for the covariance stalled, as it does when the best covariance is singular",
    State.UNFINISHED: "the search for the covariance ran out of steps",
    State.ALIASED: "the ratings do not determine the fixed effects",
    State.UNPAIRED: "the ratings do not determine the covariance",
}


class FitError(ValueError):
    """A mixed model that cannot be fitted, or a question that its fit cannot answer; the message says what was found and allowed."""
