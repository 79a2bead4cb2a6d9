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


@dataclass(frozen=True)
class Tied:
    """Standard normal prior of four numbers whose neighbours were seen to be alike, very nearly."""

    size: int = 4
    sd: float = 0.02

    def log_density(self, place):
        return -(((place[1:] - place[:-1]) / self.sd) ** 2).sum() / 2 - (place**2).sum() / 2

    @property
    def covariance(self) -> np.ndarray:
        apart = np.diff(np.eye(self.size), axis=0)
        return np.linalg.inv(np.eye(self.size) + apart.T @ apart / self.sd**2)
