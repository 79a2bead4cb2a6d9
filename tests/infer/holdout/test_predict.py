"""Predictions of held-out trials: outcomes have no part in them, a posterior that saw them is refused, and scores are what they say."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from racemate import cli
from racemate.evidence.finding import EvidenceError
from racemate.infer.holdout import blind
from racemate.infer.holdout.frozen import Frozen, read, write
from racemate.posterior import save
from racemate.report.holdout import score as scoring
from racemate.report.holdout.predict import predict
from racemate.report.holdout.score import crps, score
from racemate.report.replication.work import Told
from racemate.report.run.folder import records
from tests.infer.holdout.test_blind import poisoned_library

SMALL: dict[str, Any] = {"posterior": "prior", "trials": ["leal-2020"], "replicates": 6, "courses": 1, "jobs": 1}


@pytest.fixture(scope="module")
def small() -> Frozen:
    return predict(**SMALL)


def test_absurd_outcomes_give_the_same_bytes(small: Frozen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    spoilt = poisoned_library()
    monkeypatch.setattr(blind, "library", lambda: spoilt)
    again = write(tmp_path / "b.json", predict(**SMALL))
    assert again.read_bytes() == write(tmp_path / "a.json", small).read_bytes()


def test_predicting_goes_on_where_it_was_stopped(tmp_path: Path):
    two = {**SMALL, "hypotheses": ["composite", "expectancy"], "replicates": 2}
    parts = tmp_path / "parts"

    def stop(now: Told) -> None:
        if now.people:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predict(**two, progress=stop, parts=parts)
    kept, *others = sorted(parts.rglob("*.npz"))
    for other in others:  # as if the work had been stopped a little earlier
        other.unlink()
    before = kept.stat().st_mtime_ns
    assert predict(**two, parts=parts) == predict(**two)
    assert kept.stat().st_mtime_ns == before


def test_absurd_outcomes_score_otherwise(small: Frozen):
    plain, spoilt = score(small), score(small, poisoned_library())
    assert len(plain.rows) == len(spoilt.rows) > 0
    assert min(row["crps"] for row in spoilt.rows) > max(row["crps"] for row in plain.rows)


def test_no_outcome_is_read_of_a_file_that_was_changed(small: Frozen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = write(tmp_path / "p.json", small)
    path.write_text(path.read_text().replace('"replicates":6', '"replicates":7', 1))

    def forbidden() -> None:
        raise AssertionError("outcomes were read")

    monkeypatch.setattr(scoring, "library", forbidden)
    with pytest.raises(EvidenceError, match="changed afterwards"):
        score(path)


@pytest.mark.parametrize("manifest", [{"trials": "all-trials"}, {}])
def test_a_posterior_that_may_have_seen_hold_out_trials_is_refused(tmp_path: Path, manifest: dict[str, str]):
    save(tmp_path / "composite.npz", ("severity.responsiveness",), np.ones((2, 1)), manifest)
    with pytest.raises(EvidenceError, match="saw what it predicts"):
        predict(**{**SMALL, "posterior": str(tmp_path)})


def test_crps_of_a_large_normal_sample_is_the_known_formula():
    sample = stats.norm.ppf((np.arange(20000) + 0.5) / 20000)
    for y in (-2.0, 0.0, 0.7):
        exact = y * (2 * stats.norm.cdf(y) - 1) + 2 * stats.norm.pdf(y) - 1 / np.sqrt(np.pi)
        assert crps(sample, y) == pytest.approx(exact, abs=1e-3)


def test_crps_of_a_sample_is_its_definition():
    sample = np.array([3.0, -1.0, 4.0, 4.0])
    spread = np.abs(sample[:, None] - sample).mean() / 2
    assert crps(sample, 2.0) == pytest.approx(np.abs(sample - 2.0).mean() - spread)
    assert crps(np.array([5.0]), 2.0) == pytest.approx(3.0)


def test_trials_are_means_of_their_counted_rows(small: Frozen):
    found = score(small)
    counted = [row for row in found.rows if row["counted"]]
    trials = records(found.trials)
    assert sum(row["rows"] for row in trials) == len(counted)
    for row in trials:
        mine = [one for one in counted if one["unit"] == row["unit"]]
        assert row["crps"] == pytest.approx(np.mean([one["crps"] for one in mine]))
        assert row["bias"] == pytest.approx(np.mean([one["median"] - one["observed"] for one in mine]))


def test_the_command_seals_then_scores(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "p.json"
    seal = ["predict", "--hold-out", "--posterior", "prior", "--trial", "leal-2020", "--replicates", "2"]
    assert cli.run([*seal, "--jobs", "1", "--out", str(file)]) == 0
    assert read(file).hash in capsys.readouterr().out
    assert cli.run([*seal, "--out", str(file)]) == 2
    assert "never replaced" in capsys.readouterr().err
    assert cli.run(["predict", "--score", "--file", str(file)]) == 0
    assert "leal-2020" in capsys.readouterr().out
    assert cli.run(["predict"]) == 2
