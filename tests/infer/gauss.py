"""A target whose posterior and evidence are known by formula: normal prior, normal data."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Gauss:
    """Standard normal prior of ``size`` numbers, each seen once with an error of ``sd`` at ``seen``."""

    size: int = 3
    seen: float = 1.5
    sd: float = 0.5

    def log_likelihood(self, place):
        left = (place - self.seen) / self.sd
        return (-(left**2) / 2 - np.log(self.sd) - np.log(2 * np.pi) / 2).sum()

    def log_density(self, place):
        return self.log_likelihood(place) - (place**2).sum() / 2

    @property
    def mean(self) -> float:
        return self.seen / (1 + self.sd**2)

    @property
    def variance(self) -> float:
        return self.sd**2 / (1 + self.sd**2)

    @property
    def log_evidence(self) -> float:
        spread = 1 + self.sd**2
        return self.size * (-(self.seen**2) / (2 * spread) - np.log(2 * np.pi * spread) / 2)
