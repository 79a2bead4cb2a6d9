"""Crowds: the same counts on any number of threads and after any stop, and a file of another run refused."""

from dataclasses import replace

import numpy as np
import pytest

from racemate.evidence.finding import EvidenceError
from racemate.evidence.library import library
from racemate.trial.crowd import work
from racemate.trial.crowd.work import Crowd, Ledger, count
from racemate.trial.published import protocol_of
from tests.trial.fake import FakeWorld

TOLD = {"seed": 3}


@pytest.fixture
def crowd(monkeypatch):
    monkeypatch.setattr(work, "CHUNK", 500)
    return Crowd(protocol_of(library().trial("transform-2")), FakeWorld(), 3, 8)


def test_threads_change_nothing_and_a_chunk_is_whole_trials(crowd):
    assert (crowd.size, crowd.together, crowd.chunks) == (223, 3, 3)
    one, three = (count(crowd, Ledger(crowd, TOLD, None), threads=threads) for threads in (1, 3))
    assert np.array_equal(one, three)
    assert one.sum() > 0


def test_a_stopped_run_goes_on_from_its_file(crowd, tmp_path):
    file = tmp_path / "crowd.npz"

    def stop(ready, _):
        if ready:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        count(crowd, Ledger(crowd, TOLD, file), stop, threads=1)
    begun = Ledger(crowd, TOLD, file)
    assert 0 < begun.done.sum() < crowd.chunks
    seen = []
    found = count(crowd, begun, lambda ready, total: seen.append((ready, total)), threads=2)
    assert seen[0][0] > 0
    assert seen[-1] == (8 * 223, 8 * 223)
    assert np.array_equal(found, count(crowd, Ledger(crowd, TOLD, None), threads=1))


@pytest.mark.parametrize("told", [{"seed": 4}, {}])
def test_a_file_of_another_run_is_refused(crowd, tmp_path, told):
    file = tmp_path / "crowd.npz"
    Ledger(crowd, TOLD, file).add(0, np.zeros_like(Ledger(crowd, TOLD, None).counts))
    with pytest.raises(EvidenceError, match="counts of another run"):
        Ledger(crowd, told, file)
    with pytest.raises(EvidenceError, match="counts of another run"):
        Ledger(replace(crowd, replicates=80), TOLD, file)


def test_a_file_of_something_else_is_refused(crowd, tmp_path):
    file = tmp_path / "crowd.npz"
    file.write_text("no counts", encoding="utf-8")
    with pytest.raises(EvidenceError, match="no counts of a crowd"):
        Ledger(crowd, TOLD, file)
