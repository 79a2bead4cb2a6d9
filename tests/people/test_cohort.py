"""Cohorts: replicates share population parameters, people differ, and ids decide everything."""

import numpy as np
import pytest

from racemate.evidence.library import library
from racemate.model import bind
from racemate.people.cohort import draw
from racemate.people.population import Population


@pytest.fixture(scope="module")
def model():
    return bind("composite")


def row(cohort, name):
    return cohort.table[cohort.model.rows.index(name)]


def test_a_person_is_the_same_in_any_batch(model):
    ids = np.arange(300)
    whole = draw(model, 5, ids, ids // 10)
    part = draw(model, 5, ids[40:50], ids[40:50] // 10)
    assert np.array_equal(whole.table[:, 40:50], part.table)
    assert np.array_equal(np.stack(whole.who)[:, 40:50], np.stack(part.who))


def test_people_of_one_replicate_share_what_is_shared_and_differ_in_the_rest(model):
    cohort = draw(model, 5, np.arange(100), np.zeros(100, dtype=int))
    assert len(np.unique(row(cohort, "occupancy.kd_nmda_s"))) == 1
    assert len(np.unique(row(cohort, "severity.study_drug"))) == 1
    assert len(np.unique(row(cohort, "severity.responsiveness"))) == 100


def test_replicates_differ_in_parameters_and_study_effects(model):
    cohort = draw(model, 5, np.zeros(200, dtype=int), np.arange(200))
    for name in ("occupancy.kd_nmda_s", "severity.study_drug", "severity.study_control"):
        assert len(np.unique(row(cohort, name))) == 200, name


def test_without_uncertainty_population_parameters_sit_at_their_medians(model):
    cohort = draw(model, 5, np.zeros(20, dtype=int), np.arange(20), uncertain=False)
    assert np.allclose(row(cohort, "occupancy.kd_nmda_s"), model.typical.occupancy.kd_nmda_s, rtol=1e-12)
    assert len(np.unique(row(cohort, "severity.study_drug"))) == 20


def test_hypotheses_share_their_people(model):
    other = bind("nmda-disinhibition")
    a, b = (draw(m, 5, np.arange(50), np.zeros(50, dtype=int)) for m in (model, other))
    assert np.array_equal(row(a, "severity.responsiveness"), row(b, "severity.responsiveness"))
    assert np.array_equal(a.who.weight, b.who.weight)


def test_spread_between_people_is_what_the_evidence_says(model):
    n = 20_000
    cohort = draw(model, 2, np.arange(n), np.zeros(n, dtype=int), uncertain=False)
    for name in ("concentration.v_central", "severity.responsiveness"):
        between = library().parameter(name).between
        assert between is not None
        stated = between.scale
        seen = np.log(row(cohort, name)).std()
        assert abs(seen / stated - 1) < 4 / np.sqrt(2 * n), name


def test_correlated_effects_come_out_correlated(model):
    pairs = [
        (b.name, other, value)
        for b in model.bound.values()
        if b.between is not None
        for other, value in b.between.correlation.items()
    ]
    assert pairs, "the evidence states at least one correlation between person effects"
    n = 20_000
    cohort = draw(
        model,
        2,
        np.arange(n),
        np.zeros(n, dtype=int),
        Population.typical(asian_share=0, japanese_share=0, age_high=50),
        uncertain=False,
    )
    for a, b, value in pairs:
        seen = np.corrcoef(np.log(row(cohort, a)), np.log(row(cohort, b)))[0, 1]
        assert abs(seen - value) < 4 * (1 - value**2) / np.sqrt(n), (a, b)


def test_covariates_follow_the_population():
    n = 40_000
    who = draw(
        bind("composite"), 3, np.arange(n), population=Population.typical(g_allele_frequency=0.13, age_high=65)
    ).who
    assert abs(who.oprm1_g.mean() - (1 - 0.87**2)) < 4 * np.sqrt(0.25 / n)
    assert who.age.min() >= 18
    assert who.age.max() <= 65
    assert np.all(who.japanese <= who.asian)


def test_given_values_are_kept(model):
    cohort = draw(
        model, 5, np.arange(4), given={"weight": np.array([50.0, 60, 70, 80]), "severity.baseline": np.full(4, 31.0)}
    )
    assert cohort.who.weight.tolist() == [50, 60, 70, 80]
    assert row(cohort, "severity.baseline").tolist() == [31] * 4


def test_nobody_is_refused(model):
    with pytest.raises(ValueError, match="people: found 0, allowed: at least 1"):
        draw(model, 5, np.arange(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("female_share", 1.2),
        ("g_allele_frequency", -0.1),
        ("age_sd", 0.0),
        ("weight_median", -70.0),
        ("age_high", 10.0),
        ("japanese_share", 0.9),
    ],
)
def test_impossible_populations_are_refused(field, value):
    with pytest.raises(ValueError, match=f"population.{field}: found"):
        Population.typical(**{field: value})
