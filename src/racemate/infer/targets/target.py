"""Target: one published number with its error, and everything that a fit may look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from racemate.evidence.record import Use
from racemate.trial.design.protocol import Protocol

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["mean", "sd", "share", "effect-size", "scan"]
Scope = Literal["calibration", "all-trials"]
SCOPES: dict[Scope, tuple[Use, ...]] = {"calibration": ("calibration",), "all-trials": ("calibration", "hold-out")}
"""What each set of trials may read; trials of use ``context`` are never fitted."""


@dataclass(frozen=True)
class Course:
    """Relapse of those who had responded by hour ``entered``: a score above ``over`` at any of ``hours``."""

    entered: float
    hours: tuple[float, ...]
    over: float


@dataclass(frozen=True)
class Target:
    """One published number and its sampling error, on the scale of its own outcome.

    ``terms`` are arms with their coefficients; ``n`` are people behind it; ``error`` is a standard error (0 for a share, whose law is
    binomial in ``value * n``, and for a spread, whose law is chi-squared).  A scan has no arm: its ``trial`` is the source.
    """

    trial: str
    line: int
    outcome: str
    statistic: str
    arm: str
    hour: float
    kind: Kind
    terms: tuple[tuple[str, float], ...]
    value: float
    error: float
    n: float
    weight: float = 1.0
    from_baseline: bool = True
    adjusted: bool = False
    error_from: str = ""
    source: str = ""
    course: Course | None = None

    @property
    def hours(self) -> tuple[float, ...]:
        """Every hour at which the chain is asked."""
        return (self.course.entered, *self.course.hours) if self.course else (self.hour,)

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms whose people the number is about, one or several taken together; none for a contrast."""
        return () if any(coefficient < 0 for _, coefficient in self.terms) else tuple(arm for arm, _ in self.terms)


@dataclass(frozen=True)
class Dropped:
    """A row that does not enter, and why."""

    trial: str
    line: int
    outcome: str
    statistic: str
    arm: str
    reason: str


@dataclass(frozen=True)
class Targets:
    """What a fit may look at: targets, the protocols of their trials, the rows left out, and the evidence's hash."""

    scope: Scope
    only: tuple[str, ...] | None
    """The trials that were asked for; None: all of the scope, and scans."""
    targets: tuple[Target, ...]
    dropped: tuple[Dropped, ...]
    protocols: dict[str, Protocol]
    evidence_hash: str

    @property
    def trials(self) -> tuple[str, ...]:
        """Trials with at least one target, in order; a scan is no trial."""
        return tuple(dict.fromkeys(one.trial for one in self.targets if one.kind != "scan"))

    def table(self) -> pd.DataFrame:
        """Every row of the admitted trials: used or not, with its error, its weight and the reason."""
        import pandas as pd

        used = [
            {**_label(one), "used": True, "value": one.value, "error": one.error or None, "n": one.n}
            | {"weight": one.weight, "reason": one.error_from}
            for one in self.targets
        ]
        left = [{**_label(one), "used": False, "reason": one.reason} for one in self.dropped]
        frame = pd.DataFrame([*used, *left]).astype({"value": "Float64", "error": "Float64", "n": "Float64"})
        return frame.sort_values(["trial", "line", "used"], kind="stable", ignore_index=True)


def _label(one: Target | Dropped) -> dict[str, object]:
    return {name: getattr(one, name) for name in ("trial", "line", "outcome", "statistic", "arm")}
