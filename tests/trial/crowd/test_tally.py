"""Tallies: what counts tell is what the data tell, and counts of parts add up to those of the whole."""

import numpy as np
import pytest

from racemate.evidence.library import library
from racemate.trial.conduct.rate import Data
from racemate.trial.crowd.tally import Sheet
from racemate.trial.published import protocol_of
from racemate.trial.replicate import conduct
from tests.trial.fake import FakeWorld

REPLICATES = 12


@pytest.fixture(scope="module")
def protocol():
    return protocol_of(library().trial("transform-2"))


@pytest.fixture(scope="module")
def data(protocol) -> Data:
    return conduct(protocol, FakeWorld(), 3, REPLICATES)


@pytest.fixture(scope="module")
def rows(protocol, data):
    sheet = Sheet(protocol)
    return list(sheet.rows(sheet.count(data)))


def found(rows, **wanted):
    (row,) = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    return row


def test_means_spreads_and_percentiles_are_those_of_the_scores(protocol, data, rows):
    arm = protocol.conditions[0].name
    hour = protocol.rated_h("madrs")[-1]
    score, seen = data.at(arm, "madrs", hour)
    base, _ = data.at(arm, "madrs", protocol.baseline_h)
    for statistic, values in (("value", score[seen]), ("change", (score - base)[seen])):
        row = found(rows, arm=arm, outcome="madrs", hours=hour, statistic=statistic)
        assert row["n"] == values.size > 0
        assert row["mean"] == pytest.approx(values.mean(), rel=1e-12)
        assert row["sd"] == pytest.approx(values.std(ddof=1), rel=1e-12)
        ends = np.percentile(values, [2.5, 50, 97.5], method="inverted_cdf")
        assert [row[name] for name in ("p2.5", "p50", "p97.5")] == ends.tolist()


def test_responders_and_leavers_are_those_of_the_trial(protocol, data, rows):
    arm, hour = protocol.conditions[1].name, protocol.rated_h("madrs")[-1]
    score, seen = data.at(arm, "madrs", hour)
    base, _ = data.at(arm, "madrs", protocol.baseline_h)
    response = found(rows, arm=arm, outcome="madrs", hours=hour, statistic="response")
    assert response["percent"] == pytest.approx(100 * (score <= base / 2)[seen].mean())
    remission = found(rows, arm=arm, outcome="madrs", hours=hour, statistic="remission")
    assert remission["percent"] == pytest.approx(100 * (score <= 12)[seen].mean())
    left = found(rows, arm=arm, outcome="dropout")
    assert left["percent"] == pytest.approx(100 * data.left[data.member[arm]].mean())


def test_counts_of_parts_add_up(protocol, data):
    sheet = Sheet(protocol)
    parts = [sheet.count(conduct(protocol, FakeWorld(), 3, 4, first=first)) for first in (0, 4, 8)]
    assert np.array_equal(sum(parts), sheet.count(data))


def test_nobody_has_no_mean(protocol):
    sheet = Sheet(protocol)
    empty = list(sheet.rows(np.zeros(sheet.starts[-1], dtype=np.int64)))
    assert all(row["n"] == 0 and row["mean"] is None and row["percent"] is None for row in empty)
