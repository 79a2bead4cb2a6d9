"""The smallest size is read where a known curve crosses the target, with an interval that holds it."""

import numpy as np
import pytest

from racemate.evidence.finding import EvidenceError
from racemate.people.random import uniform
from racemate.trial.characteristics.size import ladder, smallest

REPLICATES = 400


def curve(people: np.ndarray) -> np.ndarray:
    """Chance of success: 80 % at 80 people."""
    return people / (people + 20.0)


def successes(people: tuple[int, ...], replicates: int, seed: int) -> np.ndarray:
    """Replicates that share their luck over the sizes, as nested trials do."""
    luck = uniform(seed, "test:luck", np.arange(replicates))
    return luck[None, :] < curve(np.array(people, dtype=float))[:, None]


def test_the_crossing_of_a_known_curve_is_found() -> None:
    people = ladder(10, 400)
    found = smallest(people, successes(people, 20000, 1), 0.8, 1, "it")
    assert found.people == pytest.approx(80, abs=4)
    assert found.high is not None
    assert found.low <= found.people <= found.high


def test_its_interval_holds_the_truth_as_often_as_it_says() -> None:
    people = ladder(10, 400)
    held = 0
    for seed in range(100):
        found = smallest(people, successes(people, REPLICATES, seed), 0.8, seed, "it")
        held += found.low <= 81 and (found.high is None or found.high >= 79)
    assert held >= 88  # of 95 expected; fewer than 88 by chance once in 500


def test_more_replicates_tell_it_better() -> None:
    people = ladder(10, 400)
    few, many = (smallest(people, successes(people, n, 2), 0.8, 2, "it") for n in (100, 2000))
    assert few.high is not None
    assert many.high is not None
    assert many.high - many.low < (few.high - few.low) / 2


def test_an_end_beyond_the_sizes_looked_at_is_left_open() -> None:
    people = ladder(10, 84)
    assert smallest(people, successes(people, REPLICATES, 3), 0.78, 3, "it").high is None


def test_a_target_reached_by_none_or_by_all() -> None:
    people = ladder(10, 40)
    with pytest.raises(EvidenceError, match="wider range"):
        smallest(people, successes(people, REPLICATES, 4), 0.9, 4, "it")
    assert smallest(people, successes(people, REPLICATES, 4), 0.1, 4, "it").people == 10


def test_the_ladder_has_both_ends_and_rises() -> None:
    assert ladder(20, 80)[0] == 20
    assert ladder(20, 80)[-1] == 80
    assert ladder(5, 7) == (5, 6, 7)
