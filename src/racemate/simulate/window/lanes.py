"""Lanes: the functions of a law for people in lock step; those of jax.numpy, but with a logarithm without branches.

XLA's own logarithm of float64 takes one person at a time on a processor.  This one takes a vector of them: the exponent from the bits,
and of what is left the series ``log(f) = 2 artanh((f - 1) / (f + 1))``.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

asarray, exp, maximum, where = jnp.asarray, jnp.exp, jnp.maximum, jnp.where

_TERMS = 10
_MANTISSA = 52
_HALF_ROOT = int(np.sqrt(0.5).view(np.int64))
"""Bits of the square root of one half: the mantissa is taken between it and twice itself."""
_LEAST = float(np.finfo(np.float64).tiny)


@jax.custom_jvp
def log(x: Any) -> Any:
    """Natural logarithm of float64, to the last digit or two; minus infinity at zero, NaN below it, for NaN and for infinity."""
    x = jnp.asarray(x, jnp.float64)
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


@log.defjvp
def _(at: tuple[Any], along: tuple[Any]) -> tuple[Any, Any]:
    return log(at[0]), along[0] / at[0]
