"""Short: a fit of one card in seconds, by the sampler of the full fit with one short chain, for evidence that was simulated.

Compiled once for all values that the trials might have reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from racemate.infer.compare.quick import seen
from racemate.infer.likelihood.total import Likelihood
from racemate.infer.sample import Chains, nuts

Floats = NDArray[np.float64]
WARMUP, DRAWS, THIN = 200, 252, 4
"""Of one chain; every fourth draw is ranked, so that draws are nearly independent: 63 of them give ranks from 0 to 63."""
FULL_CHAINS, FULL_WARMUP, FULL_DRAWS = 4, 500, 500
"""The full fit that a short one is held against."""
_ACCEPTANCE, _DEEPEST, _STEP = 0.8, 8, 0.1


class Moments(NamedTuple):
    """Mean, standard deviation, the Monte-Carlo error of the mean and of the log of the standard deviation; shapes (quantities,)."""

    mean: Floats
    sd: Floats
    mean_error: Floats
    log_sd_error: Floats


@dataclass(frozen=True)
class Found:
    """``draws`` (chains, draws, size + 1): unknowns as standard normal numbers, then the log likelihood; and divergent trajectories."""

    draws: Floats
    divergent: int

    @cached_property
    def effective(self) -> Floats:
        """Effective draws of each quantity, at most as many as there are."""
        return _effective(self.draws)

    def moments(self) -> Moments:
        """Summary of each quantity."""
        flat = self.draws.reshape(-1, self.draws.shape[-1])
        mean, sd = flat.mean(axis=0), flat.std(axis=0)
        square = (self.draws - mean) ** 2
        spread = square.reshape(flat.shape).std(axis=0) / np.sqrt(_effective(square))
        return Moments(mean, sd, sd / np.sqrt(self.effective), spread / (2 * sd**2))


@dataclass(frozen=True)
class Short:
    """One card, ready to be fitted to any values of its targets."""

    likelihood: Likelihood
    warmup: int = WARMUP
    draws: int = DRAWS

    @property
    def size(self) -> int:
        """Number of unknowns."""
        return self.likelihood.size

    def given(self, values: Any) -> Any:
        """The likelihood, had the trials reported ``values``, shape (targets,); jax."""
        return seen(self.likelihood, values)

    @cached_property
    def _sample(self) -> Any:
        import jax
        from numpyro.infer.hmc import hmc

        def down(values: Any) -> Any:
            return lambda place: -self.given(values).log_density(place)

        def sample(values: Any, key: Any) -> Any:
            start, step = hmc(potential_fn_gen=down, algo="NUTS")
            first, second = jax.random.split(key)
            state = start(
                jax.random.normal(first, (self.size,)),
                self.warmup,
                step_size=_STEP,
                dense_mass=False,
                target_accept_prob=_ACCEPTANCE,
                max_tree_depth=_DEEPEST,
                rng_key=second,
                model_args=(values,),
            )

            def one(now: Any, _: None) -> tuple[Any, Any]:
                new = step(now, (values,))
                return new, (new.z, new.potential_energy, new.diverging)

            return jax.lax.scan(one, state, None, length=self.warmup + self.draws)[1]

        return jax.jit(sample)

    @cached_property
    def _height(self) -> Any:
        import jax

        return jax.jit(lambda place, values: self.given(values).log_likelihood(place))

    def log_likelihood(self, place: Floats, values: Floats) -> float:
        """Log likelihood of values at one place."""
        return float(self._height(place, values))

    def fit(self, values: Floats, seed: int, index: int) -> Found:
        """Sample from a start drawn from the prior; ``index`` tells fits of one seed apart."""
        import jax

        key = jax.random.fold_in(jax.random.key_data(jax.random.key(seed)), index)
        place, energy, diverging = (np.asarray(part)[self.warmup :] for part in self._sample(values, key))
        return Found(_with_likelihood(place, -energy)[None], int(diverging.sum()))

    def full(self, values: Floats, seed: int) -> tuple[Found, Chains]:
        """The full fit to the same values, as `racemate fit` makes it."""
        chains = nuts(self.given(values), seed, FULL_CHAINS, FULL_WARMUP, FULL_DRAWS)
        place, lp = np.asarray(chains.place, dtype=np.float64), np.asarray(chains.statistics["lp"], dtype=np.float64)
        return Found(_with_likelihood(place, lp), int(chains.statistics["diverging"].sum())), chains


def _with_likelihood(place: Floats, log_density: Floats) -> Floats:
    """Draws with their log likelihood behind them: the density without the prior's part."""
    like = log_density + (place**2).sum(axis=-1) / 2
    return np.concatenate([place, like[..., None]], axis=-1)


def _effective(draws: Floats) -> Floats:
    """Effective draws, from 1 to as many as there are; draws that alternate can be worth more, and then the estimate may fall below zero."""
    from numpyro.diagnostics import effective_sample_size

    found = np.nan_to_num(np.asarray(effective_sample_size(draws)), nan=1.0)
    most = draws.shape[0] * draws.shape[1]
    return np.clip(np.where(found > 0, found, most), 1.0, most)
