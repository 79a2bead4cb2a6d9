"""Cascade: slow states of a window agree with an independent solver, in a row, with a rate that changes, and in a circle."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from racemate.chain.laws import Relax
from racemate.readings import numeric
from racemate.simulate.solve import _prepare  # pyright: ignore[reportPrivateUsage]
from racemate.simulate.window.cascade import solve
from racemate.simulate.window.collocation import NODES, radau

_prepare()
START = np.array([0.2, 0.5, 0.1])


def test_states_in_a_circle_are_swept_together_and_no_others():
    needs = [set(), {0}, {1, 3}, {2}, {3}, {0}]
    row, circle = (((0,),), False), (((2,), (3,)), True)
    assert numeric.parts(needs) == (row, (((1, 5),), False), circle, (((4,),), False))


def test_what_waits_for_a_circle_comes_after_it():
    assert numeric.parts([{1}, {0}, {0}]) == ((((0,), (1,)), True), (((2,),), False))


def _laws(t, x, circle):
    """A state of changing rate drives a second, and that a third, which may hold back the second."""
    pulse = 1 + 0.9 * t - t * t
    held = 1 / (1 + 2 * x[2]) if circle else 1.0
    return [Relax(0.3 + 0 * t, 2 * pulse), Relax(x[0] * held, 0.7), Relax(x[1] / (1 + x[1]), 1.3)]


@pytest.mark.parametrize(("circle", "hours"), [(False, 0.5), (True, 0.03)])
def test_a_window_agrees_with_an_independent_solver(circle, hours):
    needs = [set(), {0, 2} if circle else {0}, {1}]
    order = numeric.Order(numeric.parts(needs), frozenset({0}))
    t = jnp.asarray(radau(NODES).nodes * hours)[:, None]
    risen, _ = solve(order, lambda known: _laws(t, known, circle), jnp.asarray(START)[:, None], hours)

    def slope(now, x):
        return [float(law.rate * (law.target - y)) for law, y in zip(_laws(now, x, circle), x, strict=True)]

    exact = solve_ivp(slope, (0, hours), START, rtol=1e-12, atol=1e-14, t_eval=np.asarray(t[:, 0])).y
    assert np.allclose(START[:, None] + np.stack([np.asarray(one)[:, 0] for one in risen]), exact, rtol=0, atol=2e-9)
