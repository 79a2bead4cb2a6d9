"""Trials as a person looks them up: risk of bias, the design over time in text and picture, and the feature matrix."""

import json
from pathlib import Path
from typing import Any

import pytest

import racemate as rm
from racemate import cli
from racemate.evidence.library import library
from racemate.evidence.record import Bias
from racemate.report.design import bias, design
from racemate.report.figure.timeline import draw
from racemate.report.sketch import timeline
from racemate.trial.published import protocol_of
from tests.report.test_figures import drawn

WIDTH = 100


def said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert cli.run(arguments) == 0
    return capsys.readouterr().out


def test_what_was_not_found_about_bias_is_said() -> None:
    assert {answer for _, answer in bias(Bias())} == {"not found"}
    told = dict(bias(Bias(randomised=True, blinded="none", blinding_checked=False, early_stop=True)))
    assert told["randomised"] == "yes"
    assert told["blinded"] == told["blinding checked"] == "no"
    assert told["open label"] == "not found"


def test_a_trial_is_shown_with_its_bias_and_its_timeline(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(["trials", "show", "transform-2"], capsys).splitlines()
    doses = next(line for line in lines if line.startswith("    esketamine "))
    assert doses.count("|") == 8
    assert next(line for line in lines if line.startswith("    no drug")).count("o") == 8 + 1  # and the o of "no"
    assert any(line.split() == ["blinding", "checked", "not", "found"] for line in lines)
    assert any(line.split() == ["stopped", "early", "no"] for line in lines)


def test_a_crossover_gives_each_sequence_its_drugs_in_its_periods() -> None:
    trial = library().trial("williams-2018")
    plan = design(protocol_of(trial))
    naltrexone = {course.row: course.hours for course in plan.courses if course.drug == "naltrexone"}
    second = next(span for span in plan.spans if span.name == "second")
    for row, hours in naltrexone.items():
        start = second.start if row.startswith("placebo first") else 0.0
        assert start - 24 < hours[0] < start
    assert len(naltrexone) == 2


def test_every_trial_is_sketched_within_the_width_and_keeps_each_dose_inside() -> None:
    for trial in library().trials.values():
        plan = design(protocol_of(trial))
        low, high = plan.ends
        assert all(low <= hour <= high for course in plan.courses for hour in course.hours)
        for line in timeline(plan, WIDTH):
            assert len(line) <= WIDTH + 9


def test_every_trial_is_drawn_with_each_dose_and_each_rating() -> None:
    for trial in library().trials.values():
        plan = design(protocol_of(trial))
        parts = draw(trial).to_dict(validate=False)["vconcat"]
        ticks = drawn(parts[0], "told")
        assert len(ticks) == sum(len(course.hours) for course in plan.courses)
        assert {tick["row"] for tick in ticks} <= set(plan.rows)
        assert [row["time"] for row in drawn(parts[-1], "time")] == [plan.shown(hour) for hour in plan.visits]


def test_the_timeline_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(["trials", "show", "williams-2018", "--out", str(tmp_path / "figures")], capsys)
    for ending in (".svg", ".png", ".html"):
        assert (tmp_path / "figures" / f"williams-2018{ending}").stat().st_size > 0
        assert f"williams-2018{ending}" in text


def test_the_matrix_has_every_trial_and_agrees_with_the_records(capsys: pytest.CaptureFixture[str]) -> None:
    rows: list[dict[str, Any]] = json.loads(said(["trials", "--table", "--json"], capsys))
    known = library().trials
    assert {row["id"] for row in rows} == set(known)
    for row in rows:
        trial = known[row["id"]]
        assert row["rows"] == len(trial.observations)
        assert row["recalled"] == sum(seen.how in ("recalled", "assumed") for seen in trial.observations)
        assert (row["blinded"], row["blinding_checked"]) == (trial.bias.blinded, trial.bias.blinding_checked)
    williams = next(row for row in rows if row["id"] == "williams-2018")
    assert (williams["crossover"], williams["drugs"], williams["days"]) == (True, "ketamine, naltrexone", 44.0)
    assert said(["trials", "--table"], capsys).splitlines()[0].startswith("id ")


def test_trials_of_one_use_only(capsys: pytest.CaptureFixture[str]) -> None:
    rows = json.loads(said(["trials", "--use", "hold-out", "--json"], capsys))
    assert {row["id"] for row in rows} == {name for name, one in library().trials.items() if one.use == "hold-out"}
    assert list(rm.trials(use="hold-out")["id"]) == [row["id"] for row in rows]
    assert cli.run(["trials", "--use", "holdout"]) == 2
    with pytest.raises(rm.EvidenceError, match="hold-out"):
        rm.trials(use="holdout")
