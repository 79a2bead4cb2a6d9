"""What scans see of glutamate: the surrogate against the chain itself, and the gain that a scan has set."""

import numpy as np
import pytest

from racemate.evidence.library import library
from racemate.infer.fit import problem
from racemate.infer.likelihood import scan
from racemate.infer.targets.read import read
from racemate.infer.targets.target import Targets
from racemate.model import bind

DRAWS = 160


@pytest.fixture(scope="module")
def few() -> Targets:
    """One small trial and the scans."""
    goal = read(only=("murrough-2013",))
    scans = tuple(one for one in read().targets if one.kind == "scan")
    return Targets(goal.scope, goal.only, (*goal.targets, *scans), goal.dropped, goal.protocols, goal.evidence_hash)


@pytest.fixture(scope="module")
def both(few: Targets):
    return few, problem("nmda-disinhibition", few, draws=DRAWS)


def test_the_rise_is_the_chain_s(both):
    goal, found = both
    model, scans = bind("nmda-disinhibition"), [o for o in goal.targets if o.kind == "scan"]
    risen = scan.watched(model, scans, 1, DRAWS)
    names = found.predictor.scans.names
    assert "occupancy.kd_nmda_s" in names
    from racemate.infer.likelihood.upstream import places
    from racemate.people import random

    place = np.stack([places(1, name, DRAWS) for name in names])
    gain = model.bound[scan.GAIN].quantile(random.uniform(1, f"population:{scan.GAIN}", np.arange(DRAWS)))
    for k in range(0, DRAWS, 16):
        rise, _ = found.predictor.scans(place[:, k], {scan.GAIN: gain[k]}, np)
        away = np.log(np.maximum(rise, 0) + gain[k] * scan.SOFT) - np.log(risen[:, k] + gain[k] * scan.SOFT)
        assert (np.abs(away) < 4 * found.predictor.scans.missed + 0.1).all()
    assert (found.predictor.scans.missed < 0.5 * np.log(risen / gain + scan.SOFT).std(axis=1)).all()


def test_the_gain_is_free_and_the_density_has_a_slope(both):
    _, found = both
    known = found.predictor.unknowns
    gain = known.natural(np.repeat(np.array([[-2.0, 0.0, 2.0]]), len(known.names), axis=0), np)[
        known.names.index(scan.GAIN)
    ]
    low, high = library().parameter(scan.GAIN).range
    assert low < gain[0] < 2 * low
    assert high / 2 < gain[2] < high
    value, slope = found.value_and_grad(np.zeros(found.size))
    assert np.isfinite(float(value))
    assert abs(float(slope[known.names.index("occupancy.kd_nmda_s")])) > 0
    assert abs(float(slope[known.names.index(scan.GAIN)])) > 0


def test_a_longer_rise_than_was_seen_is_less_likely(both):
    goal, found = both
    late = next(k for k, o in enumerate(goal.targets) if o.kind == "scan" and o.hour)
    place = np.zeros(found.size)
    at = found.predictor.unknowns.names.index("occupancy.kd_nmda_s")
    fitted, told = [], []
    for z in (0.0, -1.0, -2.0):
        place[at] = z
        fitted.append(float(found.fitted(place)[late]))
        told.append(float(found.pointwise(place)[late]))
    assert fitted == sorted(fitted)
    assert told == sorted(told, reverse=True)


def test_without_scans_nothing_is_run():
    assert scan.learn(bind("composite"), read(only=("murrough-2013",)), 1) is scan.NO_SCANS
