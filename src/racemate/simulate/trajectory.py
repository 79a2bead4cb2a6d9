"""Trajectory: what was read of every person at every visit, and how well it was solved."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True)
class Trajectory:
    """Readings by dotted name, each of shape (visits, people); ``error`` is the pilot's error at the visits."""

    visits_h: NDArray[np.float64]
    readings: Mapping[str, NDArray[np.float64]]
    error: float
    windows: int

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
        return xarray.Dataset(data, {"time": ("time", self.visits_h, {"units": "h"})}, {"solver_error": self.error})
