"""Doubt and watch: what a window's nodes cannot resolve, how it fades, and whom it points out."""

import numpy as np
import pytest
from numpy.polynomial import Legendre

from racemate.simulate.check.watch import Lesson, Log, Watch
from racemate.simulate.window.collocation import NODES, radau
from racemate.simulate.window.doubt import carried, fresh


def increments(slope):
    """Increments at the nodes of a state whose slope is a polynomial on a window of length one."""
    whole = slope.integ()
    return np.array([[whole(2 * node - 1) - whole(-1)] for node in radau(NODES).nodes]) / 2


@pytest.mark.parametrize("degree", range(NODES))
def test_only_what_the_nodes_barely_resolve_is_doubted(degree):
    found = fresh(increments(Legendre.basis(degree)))
    assert found == pytest.approx([1.0 if degree == NODES - 1 else 0.0], abs=1e-11)


def test_doubt_fades_as_the_state_relaxes():
    spent = np.array([0.0, 1.0, 50.0])
    left = carried(np.ones(3), np.zeros(3), spent)
    assert left[0] == 1.0
    assert (left >= np.exp(-spent)).all()
    assert left[2] < 1e-3


def test_the_pilot_teaches_what_doubt_is_worth():
    lesson = Lesson()
    fine = np.ones((2, 100))
    doubt = np.linspace(0, 1, 100) * np.array([[1e-3], [1e-1]])
    lesson.add(fine + doubt * np.array([[0.1], [0.001]]), fine, doubt)
    watch = lesson.learned(np.ones(2), 1e-6)
    loose = lesson.learned(np.ones(2), 1.0)
    assert watch is not None
    assert loose is not None
    assert watch.weight == pytest.approx((0.1, 0.001), rel=1e-3)
    assert watch.limit == pytest.approx(0.95 * 1e-4 / 1.01, rel=0.02)
    assert loose.limit == pytest.approx(1 / 5)
    assert Lesson().learned(np.ones(2), 1e-6) is None


def test_a_log_points_out_whom_the_watch_would_look_at():
    watch = Watch((1.0,), (1.0,), 0.5)
    log = Log(watch, False)
    log.add(np.ones((2, 1, 4)), np.array([[[0.0, 0.1, 0.9, 0.9]], [[0.2, 0.1, 0.0, 0.9]]]))
    log.add(np.ones((1, 1, 4)), np.array([[[0.6, 0.1, 0.0, 0.9]]]))
    assert log.doubtful(3).tolist() == [0, 2]
    assert log.passed().shape == (3, 1, 4)


@pytest.mark.parametrize(("everybody", "expected"), [(True, [0, 1]), (False, [])])
def test_without_a_watch_everybody_is_doubtful_or_nobody(everybody, expected):
    log = Log(None, everybody)
    log.add(np.ones((1, 1, 4)), np.zeros((1, 1, 4)))
    assert log.doubtful(2).tolist() == expected


def test_a_state_that_is_not_finite_is_never_near_enough():
    watch = Watch((1.0,), (1.0,), 0.5)
    assert watch.error(np.array([[[np.nan, 1.0]]]), np.array([[[1.0, 1.0]]])).tolist() == [np.inf, 0.0]
