"""What every test stands on: 64-bit numbers, fixed seeds, and examples that are the same on every machine."""

import os
from pathlib import Path

import hypothesis
import numpy as np
import pytest

# Read by jax when a test first imports it; half the tests never do, and importing it here would cost each of them a second.
os.environ["JAX_ENABLE_X64"] = "1"
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_NUMPY_RANK_PROMOTION"] = "raise"
os.environ["NO_COLOR"] = "1"

SEED = 20_180_829

hypothesis.settings.register_profile("local", deadline=None, max_examples=50)
hypothesis.settings.register_profile("ci", deadline=None, max_examples=100, derandomize=True, database=None)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture
def rng() -> np.random.Generator:
    """A fresh generator per test, always with the same seed."""
    return np.random.default_rng(SEED)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small trial of one's own."""
    from tests.cli.small import write_trial

    return write_trial(tmp_path_factory.mktemp("trials") / "own")
