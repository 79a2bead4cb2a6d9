"""A PEtab problem: petab's linter finds nothing, priors are ours, and its likelihood at the nominal point equals ours."""

from functools import cache
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from racemate.cli import run
from racemate.evidence.finding import EvidenceError
from racemate.exchange.petab import export as out
from racemate.infer.targets.read import read
from racemate.model import bind
from tests.exchange.petab import judges
from tests.exchange.sbml.judges import on_ticks

pytest.importorskip("petab", reason="petab is not installed: pip install 'racemate[petab]'")
pytest.importorskip("libsbml", reason="libSBML is not installed: pip install 'racemate[petab]'")
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword:Warning")  # petab's own, from pandas 3.1
FEW = ("daly-2018", "nimh-crossover")
"""A trial of spray with several doses and times, and a crossover of infusions."""
AGREED = 1e-6


@cache
def built(trials: tuple[str, ...] | None = FEW) -> tuple[Any, Any]:
    from racemate.exchange.petab.problem import build, stated

    one = stated(on_ticks(bind()), read(only=trials))
    return one, build(one)


def test_petab_finds_nothing() -> None:
    assert out.faults(built()[1]) == []


def test_a_fault_would_be_seen() -> None:
    from racemate.exchange.petab.problem import build

    problem = build(built()[0])
    problem.measurements[0].experiment_id = "nowhere"
    assert any("nowhere" in fault for fault in out.faults(problem))


def test_only_means_of_one_arm_are_measured_and_each_with_its_error() -> None:
    stated, problem = built()
    every = read(only=FEW).targets
    means = [one for one in every if one.kind == "mean" and len(one.terms) == 1]
    assert len(means) < len(every)
    assert [(one.value, one.error) for one, _, _ in stated.measured] == [(one.value, one.error) for one in means]
    assert list(problem.measurement_df["measurement"]) == [one.value for one in means]


def test_priors_are_those_of_the_evidence() -> None:
    _, problem = built()
    bound = bind().bound
    prior = bound["severity.drug_at_24h"].prior
    assert prior is not None
    row = problem["severity_drug_at_24h"]
    assert row.prior_distribution == "log-normal"
    assert row.prior_parameters == pytest.approx([prior.location, prior.scale])
    share = bound["severity.emax"]
    assert isinstance(share.typical, float)
    assert problem["logit_severity_emax"].nominal_value == pytest.approx(log(share.typical / (1 - share.typical)))
    size = bound["severity.study_drug"].between
    assert size is not None
    assert problem["between_drug"].nominal_value == pytest.approx(size.scale)


def test_what_moves_the_reference_is_not_estimated() -> None:
    _, problem = built()
    links = {one.id.removeprefix("logit_").partition("_")[0] for one in problem.parameters}
    assert links <= {"severity", "score", "drug", "setting", "between"}
    assert "severity_tau_onset" not in problem.x_ids


def test_every_row_of_the_table_is_near_its_prior() -> None:
    for row in built()[1].parameters:
        assert row.lb < row.nominal_value < row.ub, row.id
        assert row.prior_dist.pdf(row.nominal_value) > 0, row.id


@pytest.mark.slow
@pytest.mark.parametrize("trials", [FEW, None])
def test_the_likelihood_at_the_nominal_point_is_ours(trials: tuple[str, ...] | None) -> None:
    pytest.importorskip("roadrunner", reason="libRoadRunner is not installed: it is in the dev group")
    from petab.v2.calculate import calculate_llh

    stated, problem = built(trials)
    tables = (problem.observable_df, problem.parameter_df)
    theirs = calculate_llh(problem.measurement_df, judges.simulated(problem), *tables)
    pointwise = judges.ours(on_ticks(bind()), stated).pointwise(np.zeros(0))
    assert theirs == pytest.approx(float(pointwise.sum()), rel=AGREED)


def test_the_command_writes_a_folder_that_petab_reads_and_does_not_replace_one(tmp_path: Path, capsys: Any) -> None:
    place = tmp_path / "fit"
    words = ["export-petab", "expectancy", "--trials", "murrough-2013b", "--out", str(place)]
    assert run(words) == 0
    assert sorted(path.name for path in place.iterdir()) == sorted(out.FILES)
    import petab.v2 as petab

    assert out.faults(petab.Problem.from_yaml(place / "problem.yaml")) == []
    assert run(words) == 2
    assert "--force" in capsys.readouterr().err
    assert run([*words, "--force"]) == 0
    assert run([*words[:-1], str(tmp_path / "nowhere" / "fit")]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["fit"]


def test_trials_without_a_mean_are_refused() -> None:
    from racemate.exchange.petab.problem import overlap

    with pytest.raises(EvidenceError, match="mean of one arm"):
        overlap(read(only=("grunebaum-2018",)))


def test_without_petab_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(out, "find_spec", lambda _: None)
    with pytest.raises(EvidenceError, match=r"racemate\[petab\]"):
        out.export("composite", tmp_path / "fit")
