"""What is varied: which priors are in doubt, and a likelihood of some of its targets."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from racemate.evidence.library import library
from racemate.infer.compare.changed.vary import in_doubt, kept, ratios
from racemate.infer.fit import problem
from racemate.infer.likelihood.predict import Answer
from racemate.infer.likelihood.total import Likelihood
from racemate.infer.targets.read import read
from racemate.posterior import BETWEEN


@pytest.fixture(scope="module")
def few() -> Likelihood:
    """A trial with derived rows and one without."""
    return problem("composite", read(only=("murrough-2013", "singh-2016")), draws=320)


def test_a_likelihood_of_all_or_no_targets(few: Likelihood):
    at = np.zeros(few.size)
    every = len(few.targets)
    assert float(kept(few, [True] * every).log_likelihood(at)) == float(few.log_likelihood(at))
    assert float(kept(few, [False] * every).log_likelihood(at)) == 0.0


def test_of_means_that_go_together_one_leaves_as_if_it_had_never_been_fitted(few: Likelihood):
    at = np.zeros(few.size)
    seen = few.predictor(at)
    factor = np.random.default_rng(3).normal(size=seen.covariance.shape)

    def told(_: Any) -> Answer:
        return seen._replace(covariance=factor @ factor.T + np.eye(len(factor)))

    means = [k for k, one in enumerate(few.targets) if one.kind == "mean"]
    published = np.array([few.targets[k].value for k in means])
    table, fitted = few.means, np.asarray(few.fitted(at))[means]
    covariance = table.terms @ np.asarray(told(at).covariance) @ table.terms.T
    size = np.sqrt(np.diagonal(covariance))
    law = covariance * np.outer(table.error / size, table.error / size)
    mine = means[1:]
    rest = kept(replace(few, predictor=told), [k in mine for k in range(len(few.targets))])
    away, left = published[1:] - fitted[1:], law[1:, 1:]
    exact = -(away @ np.linalg.solve(left, away) + np.linalg.slogdet(2 * np.pi * left)[1]) / 2
    assert float(rest.log_likelihood(at)) == pytest.approx(exact, rel=1e-4)


def test_priors_nobody_read_are_in_doubt():
    evidence = library()
    parameters = evidence.parameters
    for name, parameter in parameters.items():
        assert in_doubt(name, evidence) == any(claim.how in ("recalled", "assumed") for claim in parameter.pooled)
        if parameter.between is not None:
            assert in_doubt(BETWEEN + name, evidence) == (parameter.between.how in ("recalled", "assumed"))


def test_each_variation_moves_the_posterior_its_own_way(few: Likelihood):
    names = few.predictor.unknowns.names
    away = np.zeros(few.size)
    away[: len(names)] = 2.0
    wider, narrower, doubtful, printed = np.asarray(ratios(few, library())(away))
    assert wider > doubtful / 2 > 0 > narrower
    derived = kept(few, [one.trial != "murrough-2013" for one in few.targets])
    assert printed != 0.0
    assert abs(printed) < abs(float(derived.log_likelihood(away) - few.log_likelihood(away)))
