"""The fit's algebra against the chain's own equations, the engine, and brute force."""

from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.stats import binom, chi2, multivariate_normal

from racemate.chain.severity import Par, Reference, Setting, State, signal
from racemate.infer.fit import problem
from racemate.infer.likelihood import predict, total
from racemate.infer.likelihood.predict import hope
from racemate.infer.likelihood.total import Likelihood
from racemate.infer.targets.read import read
from racemate.model import bind

TRIALS = ("murrough-2013", "singh-2016")


@pytest.fixture(scope="module")
def small() -> Likelihood:
    return problem("composite", read(only=TRIALS), draws=320)


def test_hope_from_session_to_session_is_the_chain_integrated(small: Likelihood):
    import jax.numpy as jnp

    predictor = small.predictor
    v = predictor.unknowns.values(jnp.zeros(small.size))
    found = np.asarray(hope(predictor.cells, predictor.surrogate.blocked, v))
    weight = [float(v["severity.hope_fast_weight"]), 1.0, float(v["severity.hope_kept_weight"])]
    clocks = [float(v[f"severity.tau_hope_{name}"]) for name in ("fast", "slow", "kept")]
    for k, cell in enumerate(predictor.cells.cells):
        sessions = [
            (s, s + n) for s, n in zip(predictor.cells.start[k], predictor.cells.length[k], strict=True) if n > 0
        ]
        state, now = np.zeros(3), sessions[0][0]
        for begin, end in [
            (a, b) for pair in zip(sessions, [*sessions[1:], (0.0, 0.0)], strict=True) for a, b in [pair]
        ]:
            for start, stop, on in ((begin[0], begin[1], 1.0), (begin[1], end[0], 0.0)):
                if stop > start:
                    state = solve_ivp(
                        lambda _t, y, on=on: 1.5 * on * (1 - y) - y / np.array(clocks),
                        (start, stop),
                        state,
                        rtol=1e-9,
                        atol=1e-12,
                    ).y[:, -1]
            now = end[0]
        assert now == 0.0
        assert found[k] == pytest.approx(float(np.dot(weight, state)), rel=1e-6), cell


def test_improvement_is_the_chain_s(small: Likelihood):
    """One typical person in an average study: the fit's algebra and `chain.severity.signal` on the same states."""
    import jax.numpy as jnp

    predictor = small.predictor
    place = jnp.zeros(small.size)
    v = predictor.unknowns.values(place)
    typical = predict.Cohort(*(jnp.zeros(1) for _ in range(5)))
    alone = predict.Predictor(predictor.cells, predictor.surrogate, predictor.unknowns, typical)
    signals = alone._signals(*predictor.unknowns.parts(place)[:2])
    ones = jnp.ones(len(predictor.cells.cells))
    found = np.asarray(alone._improvement(v, signals, ones, ones))[:, 0]
    # Medians of priors that are cut to a range differ a little from the chain's typical values, so the fit's own are used.
    own = {name: float(v[f"severity.{name}"]) for name in Par._fields if f"severity.{name}" in v}
    par = bind("composite").typical.severity._replace(**own)
    for k, cell in enumerate(predictor.cells.cells):
        fast, number, unblinded = (float(signals[s, k, 0]) for s in range(3))
        raised = float(hope(predictor.cells, predictor.surrogate.blocked, v)[k])
        held = State(fast=fast, number=number, hope_fast=0.0, hope_slow=raised, hope_kept=0.0, unblinded=unblinded)
        here = Setting(0, 1, *predictor.cells.context[k])
        seen = signal(held, Reference(1.0, 1.0), 0.0, predictor.cells.antidepressant[k], here, par, np)
        assert found[k] == pytest.approx(float(seen.improvement), rel=1e-6), cell


def test_floor_and_rounding_by_formula_are_those_of_many_ratings(rng: np.random.Generator):
    mean, sd = np.array([0.5, 6.0, 30.0]), 4.0
    found, square = predict._floored(mean, sd)
    seen = np.maximum(mean + sd * rng.standard_normal((400_000, 3)), 0)
    np.testing.assert_allclose(found, seen.mean(axis=0), atol=0.03)
    np.testing.assert_allclose(square, (seen**2).mean(axis=0), rtol=0.01)


def test_gradient_is_the_slope_of_the_density(small: Likelihood, rng: np.random.Generator):
    place = 0.5 * rng.standard_normal(small.size)
    _, slope = small.value_and_grad(place)
    for k in range(0, small.size, 7):
        step = np.zeros(small.size)
        step[k] = 1e-5
        ends = [float(small.value_and_grad(place + sign * step)[0]) for sign in (1, -1)]
        assert float(slope[k]) == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-3, abs=1e-4)


def test_each_law_is_the_one_of_the_textbook(small: Likelihood):
    import jax.numpy as jnp

    place = jnp.zeros(small.size)
    seen = small.predictor(place)
    point = np.asarray(small.pointwise(place))
    for table, law in ((small.spreads, _spread), (small.shares, _share)):
        np.testing.assert_allclose(point[table.rows], law(table, seen), rtol=1e-6)
    means = small.means
    size = np.sqrt(np.diagonal(means.terms @ np.asarray(seen.covariance) @ means.terms.T))
    shape = (
        means.terms
        @ np.asarray(seen.covariance)
        @ means.terms.T
        / np.outer(size, size)
        * np.outer(means.error, means.error)
    )
    normal: Any = multivariate_normal
    joint = normal(np.asarray(total._mean(means, seen)), shape).logpdf(means.value)
    assert point[means.rows].sum() == pytest.approx(float(joint), rel=1e-5)


def _spread(table: total.Table, seen: predict.Answer) -> np.ndarray:
    expected = np.where(table.change, table.terms @ np.asarray(seen.sd_change), table.terms @ np.asarray(seen.sd_level))
    freedom, ratio = table.n - 1, (table.value / expected) ** 2
    # Density of log s, of which (n - 1) s**2 / sigma**2 is chi-squared: the chi-squared density times d(x)/d(log s) = 2 x.
    return chi2.logpdf(freedom * ratio, freedom) + np.log(2 * freedom * ratio)


def _share(table: total.Table, seen: predict.Answer) -> np.ndarray:
    p = np.where(table.remission, table.terms @ np.asarray(seen.remission), table.terms @ np.asarray(seen.response))
    return table.weight * binom.logpmf(np.rint(table.value * table.n), table.n, p)


def test_placebo_arms_hold_no_drug(small: Likelihood):
    cells = small.predictor.cells.cells
    still = [k for k, cell in enumerate(cells) if cell.arm.startswith(("placebo", "midazolam"))]
    assert still
    assert not small.predictor.surrogate.moves[:, still].any()
