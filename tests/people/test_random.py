"""Random numbers depend on seed, stream, person and draw, on nothing else."""

import numpy as np
import pytest

from racemate.people import random

KNOWN = [
    # Known answers of philox4x32-10 published with random123 (kat_vectors).
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN)
def test_philox_gives_the_published_answers(counter, key, words):
    a, b, c, d = (np.array([word], dtype=np.uint32) for word in counter)
    assert tuple(int(word[0]) for word in random.philox((a, b, c, d), key)) == words


def test_a_person_keeps_their_number_in_any_batch_and_order():
    ids = np.arange(1000)
    whole = random.normal(7, "person:x", ids)
    shuffled = np.random.default_rng(0).permutation(1000)
    assert np.array_equal(random.normal(7, "person:x", shuffled), whole[shuffled])
    assert np.array_equal(
        np.concatenate([random.normal(7, "person:x", ids[k : k + 7]) for k in range(0, 1000, 7)]), whole
    )


def test_seed_stream_and_draw_each_change_every_number():
    ids = np.arange(200)
    base = random.uniform(7, "person:x", ids)
    for other in (
        random.uniform(8, "person:x", ids),
        random.uniform(7, "person:y", ids),
        random.uniform(7, "person:x", ids, 1),
    ):
        assert not np.any(base == other)


def test_uniform_numbers_are_uniform_and_normal_numbers_normal():
    u = random.uniform(1, "u", np.arange(200_000))
    assert 0 < u.min() < 1e-4
    assert 1 - 1e-4 < u.max() < 1
    counts = np.histogram(u, bins=100, range=(0, 1))[0]
    chi2 = ((counts - 2000) ** 2 / 2000).sum()
    assert chi2 < 150  # 99 degrees of freedom: exceeded with probability 0.0008
    z = random.normal(1, "z", np.arange(200_000))
    assert abs(z.mean()) < 4 / np.sqrt(200_000)
    assert abs(z.std() - 1) < 4 / np.sqrt(400_000)
    assert abs(np.corrcoef(z[1:], z[:-1])[0, 1]) < 4 / np.sqrt(200_000)
