"""A model whose posterior is known exactly: normal prior, normal errors; it stands in for a card's likelihood."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from racemate.infer.check.ranks import Check
from racemate.infer.check.short import Short
from racemate.people import random

DESIGN = np.array([[1.0, 0.5], [0.5, -1.0], [1.0, 1.0]])
ERROR = 0.7


@dataclass(frozen=True)
class Linear:
    """Three numbers seen with a normal error of ``error``, two unknowns."""

    values: Any
    error: float = ERROR
    size: int = 2

    def log_likelihood(self, place: Any) -> Any:
        away = (self.values - jnp.asarray(DESIGN) @ place) / self.error
        return -(away**2).sum() / 2 - len(DESIGN) * jnp.log(self.error)

    def log_density(self, place: Any) -> Any:
        return self.log_likelihood(place) - (place**2).sum() / 2


@dataclass(frozen=True)
class LinearShort(Short):
    """Fits with a believed error that may be wrong."""

    error: float = ERROR

    @property
    def size(self) -> int:
        return 2

    def given(self, values: Any) -> Any:
        return Linear(values, self.error)


@dataclass(frozen=True)
class LinearCheck(Check):
    """Simulates with the true error."""

    def evidence(self, place: Any, index: int) -> Any:
        return DESIGN @ place + ERROR * random.normal(self.seed, f"linear:{index}", np.arange(len(DESIGN)))


def linear(believed: float = ERROR, seed: int = 1) -> LinearCheck:
    """A check of the linear model; 64-bit arithmetic as the engine has it."""
    jax.config.update("jax_enable_x64", True)
    none: Any = None
    return LinearCheck(none, LinearShort(none, error=believed), seed)


def exact(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviations of the posterior."""
    covariance = np.linalg.inv(np.eye(2) + DESIGN.T @ DESIGN / ERROR**2)
    return covariance @ DESIGN.T @ values / ERROR**2, np.sqrt(np.diag(covariance))
