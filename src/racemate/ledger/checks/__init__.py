"""Every check by name; a check is a small function from a case to a ruling, and its name says what it computes."""

from __future__ import annotations

from types import ModuleType

from racemate.ledger.case import Check
from racemate.ledger.checks import affinity, circuit, mechanism, occupancy, reported, statistics, trials

_THEMES = (affinity, statistics, occupancy, circuit, mechanism, trials, reported)


def _of(theme: ModuleType) -> dict[str, Check]:
    """The public functions a theme lists as its checks."""
    return {check.__name__: check for check in theme.CHECKS}


CHECKS: dict[str, Check] = {name: check for theme in _THEMES for name, check in _of(theme).items()}
