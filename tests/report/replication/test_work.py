"""Parts made by processes of their own are the same bits, and are not made where code or evidence differ."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from racemate.evidence.finding import EvidenceError
from racemate.model import inform
from racemate.report.replication.every import replicate_all
from racemate.report.replication.part import Task, make_part
from racemate.report.replication.work import Given, make
from racemate.simulate.grid import TRIAL_TOLERANCE
from racemate.trial.beside import Found, Size
from racemate.trial.world import ChainWorld
from tests.report.replication.small import write_two

SIZE = Size(2, 2, 1, 1)


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


@pytest.mark.parametrize(("code", "evidence"), [("other", None), (None, "other")])
def test_a_worker_with_other_code_or_evidence_refuses(code: str | None, evidence: str | None) -> None:
    from racemate.evidence.library import library
    from racemate.report.run.code import code as own

    given = Given((), (), SIZE, code or own(), evidence or library().hash)
    with pytest.raises(EvidenceError, match=r"a worker: (code|evidence): found .* that of whoever asks"):
        make(given, (0, 0))
