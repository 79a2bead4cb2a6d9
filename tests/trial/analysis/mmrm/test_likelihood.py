"""The likelihood of sums against the dense likelihood of each person, written a second time; its derivatives against differences."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from racemate.trial.analysis.mmrm import structure, sums

Floats = NDArray[np.float64]
VISITS = 3


@pytest.fixture(scope="module")
def people() -> tuple[Floats, NDArray[np.bool_], Floats]:
    """Ratings (1, 30, 3) with gaps, mask, and a design of an intercept per visit and a covariate that changes with time."""
    rng = np.random.default_rng(5)
    seen = rng.random((1, 30, VISITS)) > 0.25
    y = rng.normal(10, 3, (1, 30, VISITS)) + rng.normal(0, 4, (1, 30, 1))
    design = np.concatenate(
        [np.broadcast_to(np.eye(VISITS), (1, 30, VISITS, VISITS)), rng.normal(size=(1, 30, VISITS, 1))], -1
    )
    return y, seen, design


def parameters(name: str) -> Floats:
    """A point well off the best one."""
    moments = np.array([[20.0, 6.0, 2.0], [6.0, 30.0, 9.0], [2.0, 9.0, 25.0]])[None]
    return structure.start(name, moments)[0]


def dense(name: str, theta: Floats, people: tuple[Floats, NDArray[np.bool_], Floats], restricted: bool) -> Any:
    y, seen, design = (part[0] for part in people)
    sigma = structure.covariance(name, theta, VISITS, np)
    cross: Any = 0.0
    score: Any = 0.0
    total, count = 0.0, 0
    for who in range(len(y)):
        at = seen[who]
        if not at.any():
            continue
        inverse = np.linalg.inv(sigma[np.ix_(at, at)])
        x, value = design[who][at], y[who][at]
        cross, score = cross + x.T @ inverse @ x, score + x.T @ inverse @ value
        total += value @ inverse @ value - np.linalg.slogdet(inverse)[1] + len(value) * np.log(2 * np.pi)
        count += len(value)
    rest = total - score @ np.linalg.solve(cross, score)
    return rest + np.linalg.slogdet(cross)[1] - len(score) * np.log(2 * np.pi) if restricted else rest


def ours(name: str, theta: Floats, people: tuple[Floats, NDArray[np.bool_], Floats], restricted: bool) -> Any:
    from racemate.trial.analysis.mmrm.likelihood import Setting, parts
    from racemate.trial.analysis.mmrm.search import prepare

    prepare()
    total: Any = sums.reduce(*people, sums.patterns(people[1]))
    at: Any = theta
    return parts(Setting(name, VISITS, restricted), at, total.seen, total.people[0], total.products[0])


@pytest.mark.parametrize("name", structure.STRUCTURES)
@pytest.mark.parametrize("restricted", [True, False], ids=["reml", "ml"])
def test_value_and_derivatives(name: str, restricted: bool, people: tuple[Floats, NDArray[np.bool_], Floats]) -> None:
    theta = parameters(name)
    found = ours(name, theta, people, restricted)
    assert float(found.value) == pytest.approx(dense(name, theta, people, restricted), rel=1e-12)
    # Central differences of the dense value; the step makes truncation and rounding of about 1e-6 of the second derivative.
    step = 3e-4 * np.maximum(np.abs(theta), 0.1)
    eye = np.eye(len(theta))

    def at(*moves: Floats) -> Any:
        return dense(name, theta + sum(moves, start=np.zeros_like(theta)), people, restricted)

    slope = [(at(h * e) - at(-h * e)) / (2 * h) for h, e in zip(step, eye, strict=True)]
    assert np.asarray(found.gradient) == pytest.approx(slope, rel=1e-5, abs=1e-6)
    bent = [
        [
            (at(a * e, b * f) - at(a * e, -b * f) - at(-a * e, b * f) + at(-a * e, -b * f)) / (4 * a * b)
            for b, f in zip(step, eye, strict=True)
        ]
        for a, e in zip(step, eye, strict=True)
    ]
    assert np.asarray(found.observed) == pytest.approx(np.array(bent), rel=1e-3, abs=1e-3)


def test_an_impossible_covariance_is_infinitely_unlikely(people: tuple[Floats, NDArray[np.bool_], Floats]) -> None:
    larger_than_the_variance = np.array([1.0, 2.0])
    assert float(ours("cs", larger_than_the_variance, people, True).value) == np.inf


def test_the_short_way_to_the_sums_is_the_long_way(rng: np.random.Generator) -> None:
    seen, y = rng.random((2, 20, VISITS)) > 0.3, rng.normal(size=(2, 20, VISITS))
    person = rng.normal(size=(2, 20, 2))
    place = np.array([[0, 3], [1, 3], [2, 3]])  # a coefficient per visit, and a common one
    design = np.zeros((2, 20, VISITS, 4))
    for visit in range(VISITS):
        design[:, :, visit, place[visit]] = person
    known = sums.patterns(seen)
    long, short = sums.reduce(y, seen, design, known), sums.reduce_people(y, seen, person, place, known)
    assert short.products == pytest.approx(long.products, abs=1e-12)
    assert (short.people == long.people).all()
