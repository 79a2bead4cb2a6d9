"""A short fit of two trials from end to end: what is written, what is refused, what can be read back; and the command's refusals."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from racemate import posterior
from racemate.cli import run
from racemate.infer import tables, tree
from racemate.infer.fit import Effort, Fit, fit
from racemate.infer.judge import Verdict
from racemate.infer.targets.read import read
from racemate.infer.write import write
from racemate.model import bind

short = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # numpyro and arviz on a newer jax and xarray


@pytest.fixture(scope="module")
def small() -> Fit:
    goal = read(only=("murrough-2013", "singh-2016"))
    return fit("composite", goal, effort=Effort(chains=2, warmup=100, draws=50, runs=0))


@short
@pytest.mark.slow
def test_too_few_draws_are_refused_and_leave_only_the_reason(small: Fit, tmp_path: Path):
    assert not small.verdict.passed
    files = write(small, tmp_path)
    assert [path.name for path in files] == ["manifest.json"]
    assert json.loads(files[0].read_text())["refused"]
    assert not list(tmp_path.glob("*.npz"))


@short
@pytest.mark.slow
def test_an_accepted_fit_is_read_back_and_takes_the_place_of_priors(small: Fit, tmp_path: Path):
    good = replace(small, verdict=Verdict(small.verdict.rhat, small.verdict.ess, 0, ()))
    write(good, tmp_path / "own")
    found = posterior.load(str(tmp_path / "own"), "composite")
    column = found.column("severity.drug_at_24h")
    assert column is not None
    typical = bind("composite", posterior=found).typical.severity.drug_at_24h
    assert typical == pytest.approx(float(np.median(column)))
    assert found.between("severity.study_drug") is not None
    again = tree.load(tmp_path / "own" / "composite" / "tree.npz")
    assert set(again.children) >= {
        "posterior",
        "sample_stats",
        "log_likelihood",
        "posterior_predictive",
        "observed_data",
    }
    total = np.asarray(again["log_likelihood"]["target"]).sum(axis=-1).reshape(-1)
    place = small.place[7]
    assert total[7] == pytest.approx(float(small.likelihood.log_likelihood(place)), rel=1e-4)


@short
@pytest.mark.slow
def test_tables_say_what_was_learned_and_what_was_seen(small: Fit):
    learned, seen = tables.parameters(small), tables.targets(small)
    assert np.all(np.asarray(learned["prior_low"]) < np.asarray(learned["prior_median"]))
    assert np.all(np.asarray(learned["sd_ratio"]) > 0)
    assert len(seen) == len(small.targets.targets)
    assert np.all(np.asarray(seen["predicted_low"]) <= np.asarray(seen["predicted_high"]))
    assert 0 <= float(tables.coverage(seen)) <= 1


def test_the_command_lists_targets(capsys: pytest.CaptureFixture[str]):
    assert run(["fit", "--targets", "--only", "murrough-2013"]) == 0
    told = capsys.readouterr().out
    assert "8.8" in told
    assert "rows left out" in told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--only", "williams-2018"], "hold-out"),
        (["--trials", "everything"], "calibration, all-trials"),
        (["--seed", "-1"], "--seed"),
        (["--hypothesis", "unheard-of"], "unheard-of"),
    ],
)
def test_the_command_refuses_with_a_sentence(words: list[str], said: str, capsys: pytest.CaptureFixture[str]):
    assert run(["fit", *words]) == 2
    assert said in capsys.readouterr().err
