"""Kinetics of a window: the matrix exponential at any length, also where rates coincide, and no structure that it cannot solve."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.linalg import expm

from racemate.chain import concentration
from racemate.chain.laws import Transfer
from racemate.model import bind
from racemate.people.cohort import draw
from racemate.readings import numeric
from racemate.simulate.run import reference_plan
from racemate.simulate.solve import LANES, machine
from racemate.simulate.window import kinetics
from racemate.simulate.window.collocation import NODES, radau

HOURS = (1e-3, 0.08, 0.75, 12.0, 86.0)
ROW = numeric.Layout("row", ("a", "b", "c", "d"), ("a",), ("d",))


@pytest.fixture(scope="module")
def model():
    return bind("composite")


@pytest.fixture(scope="module")
def people(model):
    return draw(model, 3, np.arange(LANES))


def exact(layout, moves, like, person, hours):
    rows = numeric.generator(layout, moves, np, like)
    return expm(np.array([[0.0 if v is None else float(v[person]) for v in row] for row in rows]) * hours)


@partial(jax.jit, static_argnums=0)
def across(layout, found, hours):
    """Matrix of a window (state, state, people), and its rows at the nodes (node, read, state, people)."""
    ends, nodes = [], []
    for column in np.eye(layout.size):
        held = jnp.asarray(column)[:, None] + 0 * found.rate
        seen, moved = kinetics.carried(layout, found, kinetics.apply(found.into, held), hours)
        ends.append(kinetics.apply(found.back, moved))
        nodes.append(jnp.stack(seen, axis=1))
    return jnp.stack(ends, axis=1), jnp.stack(nodes, axis=2)


def test_a_window_of_any_length_is_the_matrix_exponential(model, people):
    built = machine(model, reference_plan(1))
    found = built.modes(people.table)
    moves = concentration.transfers(model.unpack(people.table).concentration)
    for layout in built.layouts:
        read = [layout.row(name) for name in layout.read]
        for hours in HOURS:
            ends, nodes = map(np.asarray, across(layout, found[layout.body], hours))
            for person in (0, 101, LANES - 1):
                wanted = exact(layout, moves[layout.body], people.table[0], person, hours)
                assert np.abs(ends[..., person] - wanted).max() < 1e-11 * np.abs(wanted).max()
                for node, at in enumerate(radau(NODES).nodes):
                    wanted = exact(layout, moves[layout.body], people.table[0], person, hours * at)[read]
                    assert np.abs(nodes[node, ..., person] - wanted).max() < 1e-11 * np.abs(wanted).max()


def row(first, second, third):
    return (Transfer("a", "b", first), Transfer("b", "c", second), Transfer("c", "d", third), Transfer("d", None, 0.1))


@pytest.mark.parametrize("apart", [0.0, 1e-7, 1e-4])
def test_two_rates_that_coincide_cost_a_millionth_at_most(apart):
    moves = row(0.7, 0.7 * (1 + apart), 2.0)
    found = kinetics.body(ROW, moves, jnp.ones(2))
    for hours in (0.1, 2.0, 20.0):
        ends, _ = map(np.asarray, across(ROW, found, hours))
        assert np.abs(ends[..., 0] - exact(ROW, moves, np.ones(2), 0, hours)).max() < 1e-6


def test_three_rates_that_coincide_give_no_number():
    found = kinetics.body(ROW, row(0.7, 0.7, 0.7), jnp.ones(2))
    assert np.isnan(found.rate).all()


def test_there_is_a_derivative_forward_and_reverse(model, people):
    built = machine(model, reference_plan(1))
    row = model.rows.index("concentration.v_central")
    layout = built.layouts[0]

    def kept(shift):
        found = built.modes(jnp.asarray(people.table).at[row].multiply(1 + shift))[layout.body]
        held = kinetics.apply(found.into, jnp.ones((layout.size, LANES)))
        return kinetics.apply(found.back, held * jnp.exp(found.rate * 3.0)).sum()

    forward, reverse = jax.jvp(kept, (0.0,), (1.0,))[1], jax.grad(kept)(0.0)
    assert float(reverse) == pytest.approx(float(forward), rel=1e-9)
    assert float(forward) == pytest.approx(float(kept(1e-5) - kept(-1e-5)) / 2e-5, rel=1e-6)


@pytest.mark.parametrize("back", [("c", "a"), ("b", "d")])
def test_transfers_in_a_ring_are_refused(back):
    moves = (Transfer("a", "b", 1.0), Transfer("b", "c", 1.0), Transfer("c", "d", 1.0), Transfer("d", "b", 1.0))
    moves = (*moves[:3], Transfer(back[0], back[1], 1.0), *moves[3:])
    with pytest.raises(ValueError, match="allowed: both ways along a tree"):
        kinetics.body(ROW, moves, jnp.ones(2))
