"""A trial's design shows what is decided on the way: stages in rows of their own, decisions at the times they are looked at."""

import pytest

from racemate.evidence.library import library
from racemate.report.design import days, design, features
from racemate.trial.published import protocol_of


def test_a_stage_has_rows_a_span_and_its_decisions() -> None:
    plan = design(protocol_of(library().trial("sustain-1")))
    assert plan.rows[0].startswith("open esketamine")
    assert {row for row in plan.rows if row.startswith("maintenance: ")} == {
        "maintenance: esketamine + antidepressant",
        "maintenance: placebo + antidepressant",
    }
    span = next(span for span in plan.spans if span.name == "maintenance")
    assert (span.kind, span.start, span.simulated) == ("stage", 16 * 168.0, True)
    assert [span.name for span in plan.spans] == ["maintenance"]
    relapse = next(turn for turn in plan.turns if turn.name == "maintenance: relapse")
    assert relapse.hours[0] == (16 + 4) * 168.0
    assert relapse.told == "leaves the trial when at least 22 on madrs, and again 5 days to 15 days later"
    assert plan.ends[1] == (16 + 92) * 168.0


def test_what_starts_at_a_decision_is_drawn_where_it_can_start_first() -> None:
    plan = design(protocol_of(library().trial("phillips-2019")))
    second = [
        course.hours
        for course in plan.courses
        if course.row.startswith("midazolam first") and course.drug == "ketamine"
    ]
    assert second == [(8 * 24.0,)]
    repeated = next(course for course in plan.courses if course.row.startswith("repeated: "))
    assert repeated.hours[0] == 16 * 24.0


@pytest.mark.parametrize("name", ["daly-2018", "kads-cohort-2", "williams-2018", "lii-2023"])
def test_every_hour_drawn_lies_within_the_trial(name: str) -> None:
    protocol = protocol_of(library().trial(name))
    plan = design(protocol)
    low, high = plan.ends
    assert low <= 0 < high
    assert days(protocol) >= protocol.visit_h[-1] / 24


def test_the_feature_matrix_knows_the_drugs_of_later_stages() -> None:
    record = library().trial("daly-2018")
    assert features(record, protocol_of(record))["days"] == pytest.approx(14 + 59 + 56)
