"""Crowds: the same counts on any number of processes, on a cluster and after any stop, and a file of another run refused."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from racemate.evidence.finding import EvidenceError
from racemate.evidence.library import library
from racemate.trial.crowd.work import Crowd, Ledger, count
from racemate.trial.published import protocol_of
from tests.trial.fake import FakeWorld

TOLD = {"seed": 3}


@dataclass(frozen=True)
class MortalWorld(FakeWorld):
    """The first process that carries people in it and finds the folder empty is gone for good."""

    folder: str = ""

    def run(self, cohort, plan, readings, progress):
        mark = Path(self.folder, "died")
        if not mark.exists():
            mark.touch()
            os._exit(1)
        return super().run(cohort, plan, readings, progress)


@pytest.fixture
def crowd():
    return Crowd(protocol_of(library().trial("transform-2")), FakeWorld(), 3, 8, None, least=500)


@pytest.fixture
def whole(crowd):
    """The counts that this process finds."""
    return count(crowd, Ledger(crowd, TOLD, None), jobs=1).counts


def test_processes_change_nothing_and_a_chunk_is_whole_trials(crowd, whole):
    assert (crowd.size, crowd.together, crowd.chunks) == (223, 3, 3)
    assert np.array_equal(count(crowd, Ledger(crowd, TOLD, None), jobs=3).counts, whole)
    assert whole.sum() > 0


@pytest.mark.slow
def test_a_cluster_whose_worker_is_lost_finds_the_same(crowd, whole, tmp_path):
    mortal = replace(crowd, world=MortalWorld(folder=str(tmp_path)))
    seen = []
    found = count(mortal, Ledger(crowd, TOLD, None), lambda *told: seen.append(told), scheduler="local:2")
    assert (tmp_path / "died").exists()
    assert np.array_equal(found.counts, whole)
    assert (seen[0], seen[-1]) == ((0, 8 * 223), (8 * 223, 8 * 223))


def test_a_stopped_run_goes_on_from_its_file(crowd, whole, tmp_path):
    file = tmp_path / "crowd.npz"

    def stop(ready, _):
        if ready:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        count(crowd, Ledger(crowd, TOLD, file), stop, jobs=1)
    begun = Ledger(crowd, TOLD, file)
    assert 0 < begun.done.sum() < crowd.chunks
    seen = []
    found = count(crowd, begun, lambda ready, total: seen.append((ready, total)), jobs=2)
    assert seen[0][0] > 0
    assert seen[-1] == (8 * 223, 8 * 223)
    assert np.array_equal(found.counts, whole)


@pytest.mark.parametrize("told", [{"seed": 4}, {}])
def test_a_file_of_another_run_is_refused(crowd, tmp_path, told):
    file = tmp_path / "crowd.npz"
    Ledger(crowd, TOLD, file).add([0], Ledger(crowd, TOLD, None).kept)
    with pytest.raises(EvidenceError, match="counts of another run"):
        Ledger(crowd, told, file)
    with pytest.raises(EvidenceError, match="counts of another run"):
        Ledger(replace(crowd, replicates=80), TOLD, file)


def test_a_file_of_something_else_is_refused(crowd, tmp_path):
    file = tmp_path / "crowd.npz"
    file.write_text("no counts", encoding="utf-8")
    with pytest.raises(EvidenceError, match="no counts of a crowd"):
        Ledger(crowd, TOLD, file)
