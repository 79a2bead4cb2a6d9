"""The surrogate finds a quadratic it can hold and keeps the rest as spread; unknowns carry the priors of the evidence."""

import numpy as np
import pytest

from racemate.evidence.prior import Prior
from racemate.infer.likelihood.cells import sheet
from racemate.infer.likelihood.surrogate import SOFT, _shared, basis, learn
from racemate.infer.likelihood.unknowns import unknowns
from racemate.infer.likelihood.upstream import Upstream
from racemate.infer.targets.read import read
from racemate.model import bind
from racemate.posterior import BETWEEN


@pytest.fixture(scope="module")
def made():
    """Signals that are a known quadratic of two of twenty parameters, plus one shared direction that none of them tells."""
    rng = np.random.default_rng(4)
    cells = sheet(read(only=("murrough-2013",)))
    model = bind("composite")
    names = tuple(name for name, bound in model.bound.items() if bound.prior is not None)[:20]
    place = rng.standard_normal((20, 600))
    hidden, people = 0.1 * rng.standard_normal(600), 0.2 * rng.standard_normal((600, 2))
    log = 0.3 + 0.4 * place[2] - 0.1 * place[5] ** 2 + 0.2 * place[2] * place[5] + hidden
    signal = np.zeros((3, len(cells.cells), 600, 2))
    signal[0, 0] = np.maximum(np.exp(log[:, None] + people) - SOFT, 0)
    return cells, model, names, learn(Upstream(names, place, signal, np.zeros(len(cells.cells))), cells)


def test_the_moving_parameters_are_screened(made):
    _, _, names, found = made
    assert {names[2], names[5]} <= set(found.names)


def test_quadratic_is_found_and_the_hidden_rest_kept(made):
    _, _, names, found = made
    place = np.zeros((len(found.names), 3))
    place[found.names.index(names[2])] = [0.0, 1.0, 1.0]
    place[found.names.index(names[5])] = [0.0, 0.0, 1.0]
    value = np.stack([found(place[:, k], np.zeros(found.rest.shape[1]), np)[0, 0] for k in range(3)])
    assert value == pytest.approx([0.3, 0.7, 0.8], abs=0.08)
    # The hidden direction (0.1) and the mean of two people's differences (0.2 / sqrt 2).
    assert np.linalg.norm(found.rest[0]) == pytest.approx(np.hypot(0.1, 0.2 / 2**0.5), rel=0.25)
    assert abs(found.person[0, 0]) == pytest.approx(0.2, rel=0.1)
    assert found.quality.iloc[0]["r2"] > 0.6


def test_signals_that_never_move_are_exactly_zero(made):
    _, _, _, found = made
    assert found.moves.sum() == 1
    still = found(np.ones(len(found.names)), np.ones(found.rest.shape[1]), np)[~found.moves]
    np.testing.assert_allclose(still, np.log(SOFT))


def test_basis_has_every_product_once():
    place = np.array([2.0, 3.0])
    assert basis(place, np).tolist() == [1.0, 2.0, 3.0, 4.0, 6.0, 9.0]


def test_natural_values_are_the_prior_s_quantiles(made):
    import jax.numpy as jnp
    from scipy.special import ndtr

    cells, model, _, surrogate = made
    known = unknowns(model, cells, surrogate)
    z = np.array([-2.0, -0.3, 0.0, 1.1, 2.5])
    place = np.repeat(z[None], len(known.names), axis=0)
    for natural in (known.natural(place, np), np.asarray(known.natural(jnp.asarray(place), jnp))):
        for k, name in enumerate(known.names):
            if not name.startswith(BETWEEN):
                np.testing.assert_allclose(natural[k], model.bound[name].quantile(ndtr(z)), rtol=1e-6, err_msg=name)


def test_spreads_start_at_the_evidence_s_size(made):
    cells, model, _, surrogate = made
    known = unknowns(model, cells, surrogate)
    at_centre = dict(zip(known.names, known.natural(np.zeros((len(known.names), 1)), np)[:, 0], strict=True))
    moved = [name.removeprefix(BETWEEN) for name in known.names if name.startswith(BETWEEN)]
    assert {"severity.study_drug", "severity.study_control"} < set(moved)
    for name in moved:
        between = model.bound[name].between
        assert between is not None
        assert between.uncertainty is not None
        assert at_centre[BETWEEN + name] == pytest.approx(between.scale)
    assert isinstance(model.bound["severity.emax"].prior, Prior)


def test_shared_directions_point_up_whatever_the_library_of_linear_algebra_returns():
    rng = np.random.default_rng(6)
    for _ in range(5):
        left = rng.standard_normal((12, 40))
        found = _shared(left)
        assert (found.sum(axis=0) >= 0).all()
        np.testing.assert_allclose(found, _shared(-left), atol=1e-12)
