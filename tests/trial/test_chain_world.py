"""The trial and the real chain meet: the main job runs, and what it says is of the right kind."""

import numpy as np
import pytest

from racemate.trial.beside import Replication
from racemate.trial.replicate import replicate

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def williams() -> Replication:
    return replicate("williams-2018", ["composite", "nmda-disinhibition"], people=6, replicates=6)


def middle(found: Replication, card: str, outcome: str, statistic: str, hour: float) -> float:
    """Median over replicates among completers after placebo and ketamine."""
    for k, one in enumerate(found.asked):
        q = one.question
        asked = (q.arm, q.outcome, q.statistic, q.group) == ("placebo + ketamine", outcome, statistic, "completers")
        if asked and q.hour == pytest.approx(hour):
            return float(np.median(found.answers[card][k]))
    raise AssertionError(f"{statistic} of {outcome} at {hour} h was not asked")


def test_ketamine_lowers_the_score_and_is_felt(williams: Replication) -> None:
    for card in ("composite", "nmda-disinhibition"):
        assert middle(williams, card, "hamd17", "observed-change", 24) < -3
        assert middle(williams, card, "cadss", "observed-mean", 2 / 3) > 0.5


def test_naltrexone_does_nothing_where_no_edge_lets_it(williams: Replication) -> None:
    """What is left between the conditions is mood, rater and carry-over, alike in both directions."""
    rows = [
        k
        for k, a in enumerate(williams.asked)
        if (a.question.statistic, a.question.group) == ("difference", "completers")
    ]
    early = [
        k for k in rows if williams.asked[k].question.outcome == "hamd17" and williams.asked[k].question.hour == 24
    ]
    gap = {card: np.nanmean(williams.answers[card][early]) for card in williams.answers}
    assert gap["composite"] < gap["nmda-disinhibition"]
    assert abs(gap["nmda-disinhibition"]) < 2


def test_a_replicate_is_the_same_in_another_batch(williams: Replication) -> None:
    fewer = replicate("williams-2018", ["composite"], people=6, replicates=2)
    np.testing.assert_array_equal(fewer.answers["composite"], williams.answers["composite"][:, :2])
