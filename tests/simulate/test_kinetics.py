"""Transition matrices: the matrix exponential at any length, the same bits whatever other lengths are asked for."""

import numpy as np
import pytest
from scipy.linalg import expm

from racemate.chain import concentration
from racemate.model import bind
from racemate.people.cohort import draw
from racemate.readings import numeric
from racemate.simulate.run import reference_plan
from racemate.simulate.solve import LANES, machine
from racemate.simulate.step import window_hours
from racemate.simulate.window.collocation import NODES, radau

LENGTHS = (1, 2, 96, 900, 14_000, 103_297)


@pytest.fixture(scope="module")
def model():
    return bind("composite")


@pytest.fixture(scope="module")
def people(model):
    return draw(model, 3, np.arange(LANES))


@pytest.fixture(scope="module")
def built(model):
    return machine(model, reference_plan(1))


def test_a_window_of_any_length_is_the_matrix_exponential(model, people, built):
    steps = built.kinetics.steps(people.table, LENGTHS)
    for layout in built.layouts:
        moves = concentration.transfers(model.unpack(people.table).concentration)[layout.body]
        rows = numeric.generator(layout, moves, np, people.table[0])
        read = [layout.row(name) for name in layout.read]
        for person in (0, 101, LANES - 1):
            k = np.array([[0.0 if v is None else float(v[person]) for v in row] for row in rows])
            for length, step in steps.items():
                exact = [expm(k * node * window_hours(length)) for node in radau(NODES).nodes]
                scale = np.abs(exact[-1]).max()
                assert np.abs(np.asarray(step.ends[layout.body])[..., person] - exact[-1]).max() < 1e-9 * scale
                for node, matrix in enumerate(exact):
                    found = np.asarray(step.rows[layout.body])[node, ..., person]
                    assert np.abs(found - matrix[read]).max() < 1e-9 * np.abs(matrix[read]).max()


def test_the_company_of_a_length_does_not_change_its_bits(people, built):
    together, search = built.kinetics.steps(people.table, LENGTHS), built.kinetics.search(people.table)
    for length in reversed(LENGTHS):
        alone = built.kinetics.steps(people.table, [length])[length]
        for body in alone.ends:
            for other in (together[length], search[length]):
                assert np.array_equal(alone.rows[body], other.rows[body])
                assert np.array_equal(alone.ends[body], other.ends[body])
