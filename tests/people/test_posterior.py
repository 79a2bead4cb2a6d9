"""Posteriors: written, read again, bound in place of priors, and refused when they are of something else."""

import numpy as np
import pytest

from racemate.evidence.finding import EvidenceError
from racemate.model import bind, inform
from racemate.people.cohort import draw
from racemate.posterior import BETWEEN, Posterior, load, save

NAMES = ("severity.drug_at_24h", "severity.emax", f"{BETWEEN}severity.responsiveness", f"{BETWEEN}severity.study_drug")


def made(draws: np.ndarray, names: tuple[str, ...] = NAMES) -> Posterior:
    return Posterior("test", "composite", names, draws, {})


@pytest.fixture
def four(rng: np.random.Generator) -> Posterior:
    return made(np.exp(0.1 * rng.standard_normal((4, 4))) * np.array([0.5, 0.8, 0.3, 0.2]))


def row(cohort, name):
    return cohort.table[cohort.model.rows.index(name)]


def test_a_replicate_takes_one_joint_draw(four):
    cohort = draw(bind("composite", posterior=four), 5, np.arange(400), np.arange(400) // 10)
    taken = {(a, b) for a, b in zip(row(cohort, "severity.drug_at_24h"), row(cohort, "severity.emax"), strict=True)}
    assert taken == {(float(a), float(b)) for a, b in four.draws[:, :2]}
    assert len(np.unique(row(cohort, "severity.drug_at_24h")[:10])) == 1


def test_the_spread_between_people_is_the_posterior_s():
    model = bind("composite", posterior=made(np.array([[0.5, 0.8, 0.05, 1e-9]])))
    cohort = draw(model, 5, np.arange(5000), np.zeros(5000, dtype=int))
    assert np.std(np.log(row(cohort, "severity.responsiveness"))) == pytest.approx(0.05, rel=0.05)
    assert row(cohort, "severity.study_drug") == pytest.approx(model.typical.severity.study_drug)


def test_what_the_posterior_does_not_name_keeps_its_prior_and_its_stream(four):
    plain, told = (draw(bind("composite", posterior=p), 5, np.arange(50), np.arange(50)) for p in (None, four))
    for name in ("occupancy.kd_nmda_s", "concentration.v_central", "severity.tau_onset"):
        assert np.array_equal(row(plain, name), row(told, name)), name


def test_typical_people_sit_at_the_posterior_s_median(four):
    model = bind("composite", posterior=four)
    assert model.typical.severity.emax == pytest.approx(np.median(four.draws[:, 1]))
    still = draw(model, 5, np.zeros(3, dtype=int), uncertain=False)
    assert row(still, "severity.emax") == pytest.approx(np.median(four.draws[:, 1]))


def test_a_posterior_of_another_model_is_refused():
    with pytest.raises(EvidenceError, match=r"severity\.nonsense.*leaves open"):
        bind("composite", posterior=made(np.ones((2, 1)), ("severity.nonsense",)))
    with pytest.raises(EvidenceError, match="leaves open"):
        bind("expectancy", posterior=made(np.ones((2, 1)), ("severity.k_hope",)))


def test_written_and_read_again(tmp_path, four):
    save(tmp_path / "mine" / "composite.npz", four.names, four.draws, {"seed": 3})
    first = (tmp_path / "mine" / "composite.npz").read_bytes()
    save(tmp_path / "mine" / "composite.npz", four.names, four.draws, {"seed": 3})
    assert (tmp_path / "mine" / "composite.npz").read_bytes() == first
    again = load(str(tmp_path / "mine"), "composite")
    assert again.names == four.names
    assert again.manifest == {"seed": 3}
    assert again.draws == pytest.approx(four.draws, rel=1e-6)


def test_no_such_posterior_says_what_there_is(tmp_path):
    with pytest.raises(EvidenceError, match="prior"):
        load("nowhere", "composite")
    save(tmp_path / "expectancy.npz", NAMES, np.ones((2, 4)), {})
    with pytest.raises(EvidenceError, match="expectancy"):
        load(str(tmp_path), "composite")
    (tmp_path / "composite.npz").write_bytes(b"no archive")
    with pytest.raises(EvidenceError, match="racemate fit"):
        load(str(tmp_path), "composite")


def test_asked_by_name_or_by_default(tmp_path, four, monkeypatch):
    monkeypatch.setattr("racemate.posterior.folder", lambda: tmp_path)
    assert inform("composite").posterior is None, "nothing is shipped"
    save(tmp_path / "prospective" / "composite.npz", four.names, four.draws, {})
    told = inform("composite").posterior
    assert told is not None
    assert told.name == "prospective"
    assert inform("composite", "prior").posterior is None
    assert inform("expectancy").posterior is None, "the shipped posterior does not hold this card"
    assert inform("opioid-permissive:downstream").posterior is None
    with pytest.raises(EvidenceError, match="composite"):
        inform("expectancy", "prospective")
