"""What a prediction may know of a held-out trial: outcomes that are absurd change nothing."""

import dataclasses

import pytest

from racemate.evidence.finding import EvidenceError
from racemate.evidence.library import Library, library
from racemate.evidence.record import Observation, Trial
from racemate.infer.holdout.blind import USE, blind, held_out, sealed
from racemate.trial.published import mirror, protocol_of

ABSURD = {"value": 987.0, "spread_kind": "sd", "spread": 321.0, "low": -5.0, "high": 999.0, "n": 3, "count": 2}


def poisoned(trial: Trial) -> Trial:
    """A trial whose every rating after baseline is absurd."""
    protocol = protocol_of(trial)

    def spoilt(row: Observation) -> Observation:
        entry = row.outcome == protocol.baseline_scale and mirror(protocol, row)[0].hour == protocol.baseline_h
        rated = row.outcome in protocol.scales or row.outcome in ("dropout", "relapse")
        return row.model_copy(update=ABSURD) if rated and not entry else row

    return trial.model_copy(update={"observations": tuple(spoilt(row) for row in trial.observations)})


def poisoned_library() -> Library:
    """The evidence with every rating of every trial absurd, under the same hash."""
    known = library()
    return dataclasses.replace(known, trials={name: poisoned(trial) for name, trial in known.trials.items()})


def test_absurd_outcomes_change_nothing_that_a_prediction_sees():
    plain, spoilt = held_out(), held_out(known=poisoned_library())
    assert len(plain) >= 10
    assert plain == spoilt


def test_the_poison_bites_where_outcomes_are_read():
    trial = library().trial("williams-2018")
    values = {row.value for row in poisoned(trial).observations} - {row.value for row in trial.observations}
    assert values == {ABSURD["value"]}


def test_a_sealed_row_holds_no_number_that_was_found():
    for trial in library().trials.values():
        for row in map(sealed, trial.observations):
            assert (row.value, row.spread, row.low, row.high, row.n, row.count) == (0.0, None, None, None, None, None)
            assert not any(letter.isdigit() for letter in row.note)


def test_every_held_out_row_that_can_be_mirrored_is_asked():
    for one in held_out():
        trial = library().trial(one.trial)
        protocol = protocol_of(trial)
        asked = {each.question for each in one.asked}
        for row in trial.observations:
            question, why = mirror(protocol, row)
            if trial.use_of(row) == USE and not why and question.hour != protocol.baseline_h:
                assert question in asked


def test_published_patterns_are_outcomes_too():
    assert protocol_of(library().trial("williams-2018")).patterns
    assert blind(library().trial("williams-2018")).protocol.patterns == ()


def test_a_trial_without_held_out_rows_is_refused_by_name():
    with pytest.raises(EvidenceError, match="no row to predict"):
        held_out(["murrough-2013"])
