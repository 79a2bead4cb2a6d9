"""Counter-based random numbers: the value of a draw depends on the seed, its stream, the person and the draw's index, on nothing else.

Philox 4x32-10 (Salmon and others 2011, random123), vectorised over people.  Neither the order of drawing, nor the batch, nor the
number of cores can change a number, and adding a stream leaves every other stream as it was.
"""

from functools import cache
from hashlib import blake2b

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

Words = NDArray[np.uint32]
_MULTIPLIER = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (0x9E3779B9, 0xBB67AE85)
_ROUNDS = 10
_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)


def philox(counter: tuple[Words, Words, Words, Words], key: tuple[int, int]) -> tuple[Words, Words, Words, Words]:
    """Four random 32-bit words per counter under a 64-bit key given as two words."""
    a, b, c, d = (np.asarray(word, dtype=np.uint64) for word in counter)
    low, high = key
    for _ in range(_ROUNDS):
        first, second = _MULTIPLIER[0] * a, _MULTIPLIER[1] * c
        a, b, c, d = (
            (second >> _SHIFT) ^ b ^ np.uint64(low),
            second & _LOW,
            (first >> _SHIFT) ^ d ^ np.uint64(high),
            first & _LOW,
        )
        low, high = (low + _WEYL[0]) & 0xFFFFFFFF, (high + _WEYL[1]) & 0xFFFFFFFF
    return a.astype(np.uint32), b.astype(np.uint32), c.astype(np.uint32), d.astype(np.uint32)


@cache
def _key(seed: int, stream: str) -> tuple[int, int]:
    digest = blake2b(f"{seed}\x00{stream}".encode(), digest_size=8).digest()
    return int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:], "little")


def uniform(seed: int, stream: str, ids: ArrayLike, draw: ArrayLike = 0) -> NDArray[np.float64]:
    """Uniform numbers in the open interval (0, 1), one per id; ``draw`` (broadcast with ids) numbers repeated draws of a stream.

    ``stream`` names what is drawn, such as ``"person:severity.responsiveness"``.  Ids and draws are whole numbers >= 0.
    """
    people, index = np.broadcast_arrays(np.asarray(ids, dtype=np.uint64), np.asarray(draw, dtype=np.uint64))
    counter = (
        (people & _LOW).astype(np.uint32),
        (people >> _SHIFT).astype(np.uint32),
        (index & _LOW).astype(np.uint32),
        (index >> _SHIFT).astype(np.uint32),
    )
    high, low, _, _ = philox(counter, _key(seed, stream))
    whole = (high.astype(np.uint64) >> np.uint64(5)) * np.uint64(1 << 26) + (low.astype(np.uint64) >> np.uint64(6))
    return (whole.astype(np.float64) + 0.5) / float(1 << 53)


def normal(seed: int, stream: str, ids: ArrayLike, draw: ArrayLike = 0) -> NDArray[np.float64]:
    """Standard normal numbers, one per id, by inversion of `uniform`."""
    return np.asarray(ndtri(uniform(seed, stream, ids, draw)), dtype=np.float64)
