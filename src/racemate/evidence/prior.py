"""A prior: what is believed about one number before the trials are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, log
from typing import TYPE_CHECKING, Any

from racemate.evidence.record import Law

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_TAIL = 10.0
"""Standard deviations beyond which a normal law has no mass that a float can see."""


def carry(law: Law, value: float) -> float:
    """Take a natural value to the scale of a law; an end of the scale gives an infinity."""
    if law == "lognormal":
        return log(value) if value > 0 else -inf
    if law == "logit-normal":
        return -inf if value <= 0 else inf if value >= 1 else log(value / (1 - value))
    return value


def bring(law: Law, place: float) -> float:
    """Bring a place on the scale of a law back to a natural value."""
    if law == "lognormal":
        return exp(place)
    if law == "logit-normal":
        return 1 / (1 + exp(-place))
    return place


def _normal() -> tuple[Any, Any]:
    """The standard normal law and its inverse, which take arrays."""
    from scipy.special import ndtr, ndtri  # pyright: ignore[reportMissingTypeStubs]

    return ndtr, ndtri


@dataclass(frozen=True)
class Prior:
    """A law with location and scale on its own scale (log, logit or natural), cut to [low, high], in one unit.

    A tuple of locations is an array-valued number, whose elements move together.
    """

    law: Law
    location: float | tuple[float, ...]
    scale: float | tuple[float, ...]
    low: float
    high: float
    unit: str

    @property
    def median(self) -> float | tuple[float, ...]:
        """The centre of the law before it is cut to its range."""
        if self.law == "half-normal":
            from statistics import NormalDist

            upper = NormalDist().inv_cdf(0.75)
            return tuple(upper * scale for scale in self._scales) if self.array else upper * self._scales[0]
        places = tuple(bring(self.law, place) for place in self._locations)
        return places if self.array else places[0]

    @property
    def sd(self) -> float | tuple[float, ...]:
        """Standard deviation in the unit, of the law cut to its range."""
        sizes = tuple(self._sd(place, scale) for place, scale in zip(self._locations, self._scales, strict=True))
        return sizes if self.array else sizes[0]

    @property
    def array(self) -> bool:
        """True when the number is a list."""
        return isinstance(self.location, tuple)

    @property
    def inside(self) -> float:
        """The share of the law's mass inside the range, the least of its elements."""
        import numpy as np

        if self.law == "fixed":
            return float(all(self.low <= place <= self.high for place in self._locations))
        ndtr, _ = _normal()
        low, high = self._standard_ends()
        mass = ndtr(high) - ndtr(low)
        return float(np.min(2 * mass if self.law == "half-normal" else mass))

    def quantile(self, u: ArrayLike) -> NDArray[Any]:
        """The value below which a share `u` of the prior lies; shape of `u`, with the elements last when it is a list."""
        import numpy as np

        share = np.asarray(u, dtype=np.float64)
        if not bool(np.all((share >= 0) & (share <= 1))):
            raise ValueError(f"quantile of {share}: allowed are shares from 0 to 1")
        share = share[..., np.newaxis] if self.array else share
        locations = np.asarray(self.location, dtype=np.float64)
        if self.law == "fixed":
            return locations + 0 * share
        ndtr, ndtri = _normal()
        low, high = self._standard_ends()
        below = ndtr(low) if self.array else ndtr(low)[0]
        above = ndtr(high) if self.array else ndtr(high)[0]
        place = locations + np.asarray(self.scale) * ndtri(below + share * (above - below))
        return np.clip(self._bring(place), self.low, self.high)

    @property
    def _locations(self) -> tuple[float, ...]:
        return self.location if isinstance(self.location, tuple) else (self.location,)

    @property
    def _scales(self) -> tuple[float, ...]:
        return self.scale if isinstance(self.scale, tuple) else (self.scale,) * len(self._locations)

    def _standard_ends(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """The range in standard deviations from the location, per element."""
        import numpy as np

        low = max(self.low, 0.0) if self.law == "half-normal" else self.low
        location, scale = np.asarray(self._locations), np.asarray(self._scales)
        return (carry(self.law, low) - location) / scale, (carry(self.law, self.high) - location) / scale

    def _bring(self, place: NDArray[Any]) -> NDArray[Any]:
        import numpy as np

        if self.law == "lognormal":
            return np.exp(place)
        return 1 / (1 + np.exp(-place)) if self.law == "logit-normal" else place

    def _sd(self, location: float, scale: float) -> float:
        import numpy as np

        if self.law == "fixed":
            return 0.0
        low = max(self.low, 0.0) if self.law == "half-normal" else self.low
        ends = ((carry(self.law, end) - location) / scale for end in (low, self.high))
        start, stop = (min(max(end, -_TAIL), _TAIL) for end in ends)
        steps = np.linspace(start, stop, 4001)
        mass = np.exp(-(steps**2) / 2)
        mass /= mass.sum()
        value = self._bring(location + scale * steps)
        mean = float((mass * value).sum())
        return float(np.sqrt((mass * (value - mean) ** 2).sum()))
