"""Lanes: the logarithm without branches agrees with the C library's, is derived like it, and hides nothing that is not a number."""

import jax
import jax.numpy as jnp
import numpy as np

from racemate.simulate.solve import _prepare  # pyright: ignore[reportPrivateUsage]
from racemate.simulate.window import lanes

_prepare()


def test_it_is_the_logarithm_over_all_of_float64():
    x = np.concatenate([np.exp(np.random.default_rng(0).uniform(-700, 700, 4000)), 1 + np.linspace(-0.4, 0.5, 4001)])
    assert np.allclose(np.asarray(lanes.log(jnp.asarray(x))), np.log(x), rtol=4e-16, atol=1e-18)


def test_what_has_no_logarithm_has_none():
    found = np.asarray(lanes.log(jnp.array([0.0, -1.0, np.nan, np.inf, -np.inf, 1.0])))
    assert np.array_equal(found, [-np.inf, np.nan, np.nan, np.nan, np.nan, 0.0], equal_nan=True)


def test_its_derivative_is_one_over_x():
    x = jnp.asarray([1e-9, 0.3, 7.0])
    assert np.array_equal(jax.vmap(jax.grad(lanes.log))(x), 1 / x)
