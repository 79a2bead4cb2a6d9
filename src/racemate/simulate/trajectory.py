"""Trajectory: what was read of every person at every visit, and how well it was solved."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from racemate.simulate.check.everybody import Check

if TYPE_CHECKING:
    import xarray


METHOD = "exact modes for drugs, right-Radau collocation at eight nodes for slow states"


@dataclass(frozen=True)
class Trajectory:
    """Readings by dotted name, each of shape (visits, people); ``error`` is the pilot's error at the visits, ``check`` everybody's."""

    visits_h: NDArray[np.float64]
    readings: Mapping[str, NDArray[np.float64]]
    error: float
    windows: int
    check: Check | None = None

    def solved(self) -> dict[str, Any]:
        """How it was solved and how well, as plain values: windows, the pilot's error, and whom the check of everybody found."""
        return {
            "method": METHOD,
            "windows": self.windows,
            "error": float(self.error),
            "check": None if self.check is None else self.check.told(),
        }

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """Reading by dotted name, such as ``severity.points``; shape (visits, people)."""
        return self.readings[name]

    def to_xarray(self) -> "xarray.Dataset":
        """Dataset with dimensions ``time`` (hours) and ``person``; variables are named ``link_signal``, units as attributes."""
        import xarray

        from racemate.simulate.step import reading_units

        units = reading_units()
        data = {
            name.replace(".", "_"): (("time", "person"), values, {"units": units[name], "name": name})
            for name, values in self.readings.items()
        }
        known = {"solver_error": self.error}
        if self.check is not None:
            off = self.check.outlier
            known |= {"outliers": self.check.person[off], "outliers_error_before": self.check.before[off]}
            known |= {"outliers_error_after": self.check.after[off]}
        return xarray.Dataset(data, {"time": ("time", self.visits_h, {"units": "h"})}, known)
