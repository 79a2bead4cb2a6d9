"""A sealed file: what is written comes back, and one changed digit makes it unreadable."""

from pathlib import Path

import numpy as np
import pytest

from racemate.evidence.finding import EvidenceError
from racemate.infer.holdout.frozen import KEPT, Frozen, Prediction, compact, read, write
from racemate.trial.analysis.look import Question
from racemate.trial.design.scheme import Way

ASKED = Question("madrs", "observed-change", "ketamine", 24.0)
OVER = Question("madrs", "relapse", "a vs b", None, "those left", None, 22.0, (24.0, 48.0), 1)


TIMED = Question("madrs", "ls-change", "ketamine", 24.0, way=Way((24.0, 48.0), event="relapse", strata=("site",)))


@pytest.fixture
def frozen() -> Frozen:
    rows = (
        Prediction("one", "composite", ASKED, 4, 3, (-1.5, 2.25, 3.0)),
        Prediction("one", "composite", OVER, 4, 0, ()),
        Prediction("one", "composite", TIMED, 4, 1, (2.0,)),
    )
    return Frozen({"seed": 1, "title": "é"}, rows)


def test_what_is_sealed_comes_back(frozen: Frozen, tmp_path: Path):
    found = read(write(tmp_path / "new" / "p.json", frozen))
    assert found == frozen
    assert found.hash == frozen.hash
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["p.json"]


@pytest.mark.parametrize(("before", "after"), [("2.25", "2.26"), ('"seed": 1', '"seed": 2'), ("composite", "sigma")])
def test_a_changed_file_is_refused(frozen: Frozen, tmp_path: Path, before: str, after: str):
    path = write(tmp_path / "p.json", frozen)
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
    with pytest.raises(EvidenceError, match="changed afterwards"):
        read(path)


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"format": "racemate-predictions/1"}'])
def test_another_file_is_refused(content: str, tmp_path: Path):
    path = tmp_path / "p.json"
    path.write_text(content)
    with pytest.raises(EvidenceError, match="racemate predict --hold-out"):
        read(path)
    with pytest.raises(EvidenceError):
        read(tmp_path / "absent.json")


def test_many_replicates_are_kept_as_their_quantiles():
    answers = np.random.default_rng(3).normal(size=5000)
    defined, sample = compact(np.append(answers, np.nan))
    assert (defined, len(sample)) == (5000, KEPT)
    assert list(sample) == sorted(sample)
    levels = (np.arange(KEPT) + 0.5) / KEPT
    assert np.searchsorted(np.sort(answers), sample) / 5000 == pytest.approx(
        levels, abs=2.5 / 5000
    )  # two places and rounding


def test_few_replicates_are_kept_whole_and_the_undefined_are_told():
    defined, sample = compact(np.array([3.0, np.nan, 1.0, 2.000004]))
    assert (defined, sample) == (3, (1.0, 2.0, 3.0))
    assert np.isnan(Prediction("t", "c", ASKED, 4, defined, sample).answers).sum() == 1
    assert np.isnan(Prediction("t", "c", ASKED, 4, 0, ()).answers).all()
