"""Run: a run that leaves tables and no figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from racemate.report.run.folder import Run

if TYPE_CHECKING:
    import altair
    import pandas as pd


@dataclass(frozen=True)
class TablesRun(Run):
    """Data frames by name, the manifest, and the files that go beside them as they are."""

    frames: Mapping[str, pd.DataFrame]
    manifest: Mapping[str, Any] = field(repr=False)
    inputs: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def tables(self) -> dict[str, pd.DataFrame]:
        """The data frames by name."""
        return dict(self.frames)

    def figures(self) -> dict[str, altair.TopLevelMixin]:
        """None."""
        return {}
