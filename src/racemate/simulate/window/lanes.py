"""Lanes: people in lock step, as XLA computes them fast: the functions of a law, and a wall that keeps work from being done twice.

The functions are those of jax.numpy, but for the logarithm of float64.  XLA's own of float64 takes one person at a time on a processor; this one
takes a vector of them: the exponent from the bits, and of what is left the series ``log(f) = 2 artanh((f - 1) / (f + 1))``.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental.xla_metadata import set_xla_metadata

asarray, exp, maximum, where = jnp.asarray, jnp.exp, jnp.maximum, jnp.where

_TERMS = 10
_MANTISSA = 52
_HALF_ROOT = int(np.sqrt(0.5).view(np.int64))
"""Bits of the square root of one half: the mantissa is taken between it and twice itself."""
_LEAST = float(np.finfo(np.float64).tiny)


def apart(work: Callable[..., Any]) -> Callable[..., Any]:
    """A function of arrays whose result is worked out once.

    XLA on a processor merges what is cheap into everything that reads it, and so works it out again for each reader; and again for
    each reader of that.  It does not merge across a call that it must not take to pieces.
    """
    compiled = jax.jit(work)

    def called(*given: Any) -> Any:
        with set_xla_metadata(inlineable="false"):
            return compiled(*given)

    return called


def log(x: Any) -> Any:
    """Natural logarithm, to the last digit or two; of float64 minus infinity at zero, NaN below it, for NaN and for infinity."""
    return jnp.log(x) if x.dtype == jnp.float32 else _log64(x)


@jax.custom_jvp
def _log64(x: Any) -> Any:
    return apart(_log)(x)


@_log64.defjvp
def _(at: tuple[Any], along: tuple[Any]) -> tuple[Any, Any]:
    return _log64(at[0]), along[0] / at[0]


def _log(x: Any) -> Any:
    bits = jax.lax.bitcast_convert_type(x, jnp.int64) - _HALF_ROOT
    power = bits >> _MANTISSA
    f = jax.lax.bitcast_convert_type(bits - (power << _MANTISSA) + _HALF_ROOT, jnp.float64)
    s = (f - 1) / (f + 1)
    square = s * s
    series = 2 / (2 * _TERMS + 1) * jnp.ones_like(x)
    for k in range(_TERMS - 1, 0, -1):
        series = series * square + 2 / (2 * k + 1)
    found = power.astype(jnp.float64) * np.log(2) + (2 * s + s * square * series)
    return jnp.where(x < _LEAST, jnp.where(x < 0, jnp.nan, -jnp.inf), found) + 0 * x
