"""Collocation: exact for polynomials, and its modal form solves the same equations as the plain matrix."""

import numpy as np
import pytest

from racemate.simulate.window.collocation import NODES, inside, radau


@pytest.mark.parametrize("count", [4, 6, 8])
def test_the_integral_of_a_polynomial_is_exact(count):
    rule = radau(count)
    for power in range(count):
        exact = rule.nodes ** (power + 1) / (power + 1)
        assert np.allclose(rule.integral @ rule.nodes**power, exact, atol=1e-13)


@pytest.mark.parametrize("count", [4, 6, 8])
def test_the_last_node_integrates_twice_as_high_an_order(count):
    rule = radau(count)
    for power in range(2 * count - 1):
        assert abs(rule.integral[-1] @ rule.nodes**power - 1 / (power + 1)) < 1e-13


def test_the_modal_form_inverts_the_collocation_matrix():
    rule = radau(8)
    right = np.random.default_rng(0).normal(size=8)
    for stiffness in (1e-3, 1.0, 1e3, 1e6):
        plain = np.linalg.solve(np.eye(8) + stiffness * rule.integral, rule.integral @ right)
        q = rule.to_modes @ right
        eigen = rule.eigen_real + 1j * rule.eigen_imag
        modes = eigen * (q[:4] + 1j * q[4:]) / (1 + stiffness * eigen)
        assert np.allclose(
            rule.from_modes @ np.concatenate([modes.real, modes.imag]), plain, rtol=1e-8, atol=1e-12 / stiffness
        )


@pytest.mark.parametrize("count", [0, 3, 7])
def test_odd_numbers_of_nodes_are_refused(count):
    with pytest.raises(ValueError, match="allowed: an even number"):
        radau(count)


def test_inside_a_window_increments_are_those_of_the_polynomial_through_its_nodes():
    nodes = radau(NODES).nodes
    for power in range(1, NODES + 1):
        for share in (0.001, 0.3, nodes[3], 0.97):
            assert inside(share) @ nodes**power == pytest.approx(share**power, rel=1e-10, abs=1e-14)


def test_at_its_end_only_the_last_node_counts():
    assert inside(1.0).tolist() == [0.0] * (NODES - 1) + [1.0]
