"""The first people of every arm: so many of each, those of a smaller trial among those of a larger one."""

import numpy as np
import pytest

from racemate.evidence.library import library
from racemate.trial.characteristics.nested import first, nobody_left, only
from racemate.trial.conduct.rate import Data
from racemate.trial.published import protocol_of
from racemate.trial.replicate import conduct
from tests.trial.characteristics.designs import trial
from tests.trial.fake import FakeWorld


@pytest.fixture(scope="module")
def data() -> Data:
    return conduct(trial(dropout=0.0), FakeWorld(), 2, 4, 12)


def test_every_arm_has_so_many_and_sizes_are_nested(data: Data) -> None:
    small, large = first(data, 3), first(data, 8)
    assert not (small & ~large).any()
    for arm in ("ketamine", "saline"):
        assert ((data.member[arm] & small).sum(axis=-1) == 3).all()
        assert ((data.member[arm] & large).sum(axis=-1) == 8).all()


def test_nobody_else_is_rated_or_counted(data: Data) -> None:
    inside = first(data, 3)
    small = only(data, inside)
    for key, seen in small.seen.items():
        assert not (seen & ~inside).any()
        np.testing.assert_array_equal(seen, data.seen[key] & inside)
    assert sum(int(member.sum()) for member in small.member.values()) == 4 * 6


def test_of_a_crossover_every_order_has_its_share() -> None:
    protocol = protocol_of(library().trial("williams-2018"))
    data = conduct(protocol, FakeWorld(), 2, 3, 20)
    inside = first(data, 8)
    assert (inside.sum(axis=-1) == 8).all()
    assert data.enrolled is not None
    orders = data.enrolled.roll.fold(data.enrolled.arm[0])
    assert ((inside & (orders == 0)).sum(axis=-1) == 4).all()


def test_had_nobody_left_everybody_is_rated_at_every_visit() -> None:
    arms = [{**arm, "dropout": 0.5} for arm in trial().model_dump(by_alias=True, exclude_defaults=True)["arm"]]
    data = conduct(trial(arm=arms), FakeWorld(), 2, 4, 20)
    assert data.left.any()
    rest = nobody_left(data, ~first(data, 5))
    assert rest.complete.all()
    for (arm, _), seen in rest.seen.items():
        assert (seen.sum(axis=-1) == 15).all()
        np.testing.assert_array_equal(seen[-1], rest.member[arm])
