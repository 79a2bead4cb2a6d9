"""Memory: told before a run, growing with people and numbers, and refused with what to do otherwise."""

import numpy as np
import pytest

from racemate.evidence.finding import EvidenceError
from racemate.evidence.library import library
from racemate.model import bind
from racemate.people.cohort import draw
from racemate.simulate.check import memory
from racemate.simulate.run import reference_plan, run
from racemate.trial.beside import Size
from racemate.trial.published import protocol_of
from racemate.trial.replicate import needed, replicate

MIB = 1 << 20


def test_an_estimate_is_a_program_its_threads_and_so_much_for_each_person():
    alone = memory.estimate(0, 100, 1)
    assert memory.estimate(1000, 100, 1) - alone == 1000 * 100 * 8
    assert memory.estimate(0, 100, 3) > alone > 100 * MIB


@pytest.mark.parametrize(
    ("trial", "replicates", "measured"),
    [("transform-2", 100, 725), ("transform-2", 900, 1892), ("williams-2018", 3000, 1036), ("sustain-1", 60, 1358)],
)
def test_trials_need_about_what_was_measured(trial, replicates, measured):
    """Peak resident memory in MiB of one thread under the composite card, shared courses where there are decisions."""
    told = needed(protocol_of(library().trial(trial)), Size(None, replicates, 1), 1) / MIB
    assert measured * 0.95 < told < measured * 1.35


def test_more_than_the_limit_is_refused_with_what_to_do():
    memory.allow("replicate", 10, 5 * MIB, "fewer people", limit=5 * MIB)
    with pytest.raises(EvidenceError, match=r"10 people in all, about 0\.0 GiB .* free here: fewer people"):
        memory.allow("replicate", 10, 5 * MIB + 1, "fewer people", limit=5 * MIB)


def test_what_a_machine_cannot_hold_never_begins(monkeypatch):
    monkeypatch.setattr(memory, "free", lambda: 1 << 33)
    with pytest.raises(EvidenceError, match="or --summary"):
        replicate("transform-2", ["composite"], people=1000, replicates=10_000)
    monkeypatch.setattr(memory, "free", lambda: MIB)
    with pytest.raises(EvidenceError, match="fewer people, visits or readings"):
        run(draw(bind("composite"), 1, np.arange(2)), reference_plan(2), ["severity.points"])


def test_a_machine_says_what_is_free():
    found = memory.free()
    assert found is None or found > 0
