"""Parts made by processes of their own are the same bits, and are not made where code or evidence differ or memory is short."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from racemate.code import TRIALS
from racemate.code import code as own
from racemate.evidence.finding import EvidenceError
from racemate.evidence.library import library
from racemate.model import inform
from racemate.report.replication import work
from racemate.report.replication.every import replicate_all
from racemate.report.replication.part import Task, make_part
from racemate.report.replication.store import Store
from racemate.report.replication.work import Work
from racemate.report.run.agree import agree, agreed
from racemate.simulate.check import memory
from racemate.simulate.grid import TRIAL_TOLERANCE
from racemate.trial.beside import Found, Size
from racemate.trial.design.protocol import Protocol
from racemate.trial.published import protocol_of
from racemate.trial.world import ChainWorld
from tests.report.replication.small import write_two

SIZE = Size(2, 2, 1, 1)


def _task(protocol: Protocol) -> Task:
    return Task(protocol.id, protocol, None, ())


@pytest.mark.slow
@pytest.mark.parametrize("where", [{"jobs": 2}, {"scheduler": "local:2"}], ids=["processes", "cluster"])
def test_others_make_the_same_bits_as_this_process(tmp_path: Path, where: dict[str, Any]) -> None:
    trials, cards = write_two(tmp_path), ("composite", "expectancy")
    done = replicate_all(trials, cards, people=2, replicates=2, courses=1, **where)
    for trial, run in done.runs.items():
        for card in cards:
            part = done.parts.load(trial, card)
            assert isinstance(part, Found)
            world = ChainWorld(card, inform(card), 1, 1, 1, tolerance=TRIAL_TOLERANCE)
            here = make_part(Task(run.replication.trial, run.protocol, None, run.replication.asked), world, SIZE)
            for one, other in zip(part, here, strict=True):
                np.testing.assert_array_equal(one, other)


def test_processes_that_this_machine_has_no_memory_for_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, large = (_task(protocol_of(library().trial(name))) for name in ("williams-2018", "transform-2"))
    worlds = [ChainWorld(card, inform(card), 1) for card in ("composite", "expectancy")]
    most = 2 * large.memory(SIZE) + small.memory(SIZE)
    monkeypatch.setattr(memory, "free", lambda: most - 1)
    asked: list[int] = []
    monkeypatch.setattr(work, "spread", lambda *told: asked.append(told[3]) or ())
    for jobs in (1, 2):
        one = Work((small, large), worlds, SIZE, Store({}))
        one.run(jobs)
        assert one.memory == jobs * large.memory(SIZE)
    with pytest.raises(EvidenceError, match=r"the 3 largest parts at once: .* allowed: .* fewer --jobs or workers"):
        Work((small, large), worlds, SIZE, Store({})).run(3)
    away = Work((small, large), worlds, SIZE, Store({}))
    away.run(None, "tcp://there:1")
    assert (away.memory, asked) == (None, [1, 2, None])


@pytest.mark.parametrize(("code", "evidence"), [("other", None), (None, "other")])
def test_a_worker_with_other_code_or_evidence_refuses(code: str | None, evidence: str | None) -> None:
    with pytest.raises(EvidenceError, match=r"a worker: (code|evidence): found .* that of whoever asks"):
        agree(code or own(*TRIALS), evidence or library().hash)


def test_a_worker_with_the_same_code_and_evidence_is_ready() -> None:
    agreed()()
