"""What stands across trials: tables give back what was printed, pools name their studies, and a record survives writing and reading."""

import math
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from racemate.evidence import EvidenceError
from racemate.evidence.cite import sources_of
from racemate.evidence.files import record_text
from racemate.evidence.library import Library, library, read_library
from racemate.evidence.synthesis import Anchor, Signal, Synthesis, Table, component_interval
from tests.evidence.small import plant

COUNT = st.integers(1, 10_000_000)


@pytest.fixture(scope="module")
def known(repository: Path) -> Library:
    return read_library(repository / "evidence")


def test_a_table_by_hand() -> None:
    measures = Table(a=10, b=90, c=100, d=9800).measures
    assert measures["ror"] == pytest.approx(10 * 9800 / (90 * 100))
    assert measures["prr"] == pytest.approx(0.1 / (100 / 9900))
    assert measures["rr"] == pytest.approx(10 * 10_000 / (100 * 110))
    width = 1.96 * math.sqrt(1 / 10 + 1 / 90 + 1 / 100 + 1 / 9800)
    assert measures["ror_high"] == pytest.approx(measures["ror"] * math.exp(width))
    assert measures["ic"] == pytest.approx(math.log2(10.5 / (100 * 110 / 10_000 + 0.5)))


@given(COUNT, COUNT, COUNT, COUNT)
def test_measures_agree_on_the_side_of_one(a: int, b: int, c: int, d: int) -> None:
    measures = Table(a=a, b=b, c=c, d=d).measures
    assert measures["ror_low"] <= measures["ror"] <= measures["ror_high"]
    assert measures["ic_low"] < measures["ic"] < measures["ic_high"]
    if a * d != b * c:
        assert (measures["ror"] > 1) == (measures["prr"] > 1) == (measures["rr"] > 1) == (a * d > b * c)


def test_the_interval_of_a_component_is_noren_s() -> None:
    low, high = component_interval(4.84, 20)
    assert (round(low, 2), round(high, 2)) == (4.09, 5.36)


def test_the_reports_of_2024_have_one_table(known: Library) -> None:
    """Three events share the esketamine reports and the total; no neighbouring whole number gives what is printed."""
    signals = [known.signal(f"liu-{event}") for event in ("dissociation", "sedation", "dissociative-disorder")]
    tables = [signal.table for signal in signals]
    assert all(table is not None for table in tables)
    assert len({(table.a + table.b, table.total) for table in tables if table}) == 1
    for signal in signals:
        table = signal.table
        assert table is not None
        for move in (-1, 1):
            other = Table(a=table.a, b=table.b, c=table.c + move, d=table.d - move)
            assert any(abs(other.measures[name] - value) > 0.0051 for name, value in signal.meant.items())
    (misprint,) = known.signal("liu-dissociation").misprints
    assert (misprint.printed, misprint.meant) == (899.64, 1899.64)


def test_study_level_numbers_stand_beside_every_trial_of_the_programme(known: Library) -> None:
    studies = known.synthesis("esketamine-inputs").studies
    raw = {study.name: [difference.raw for difference in study.differences] for study in studies}
    assert raw["TRANSFORM-1"] == [-4.2, -4.0, -4.11]
    assert {study.trial for study in studies if study.trial} >= {
        "transform-1",
        "transform-2",
        "transform-3",
        "daly-2018",
    }


def test_an_adaptive_interval_is_no_spread(known: Library) -> None:
    studies = {study.name: study for study in known.synthesis("esketamine-inputs").studies}
    (difference,) = studies["TRANSFORM-3"].differences
    assert (difference.adjusted, difference.spread.kind) == (-3.6, "none")
    trial, sustain = known.trial("transform-3"), known.trial("sustain-1")
    primary = [row for row in trial.observations if "Median-unbiased" in row.note]
    weighted = [
        row for row in sustain.observations if row.statistic == "hazard-ratio" and row.population == "remitters"
    ]
    assert [row.spread_kind for row in (*primary, *weighted)] == ["none", "none"]


def test_control_arms_move_from_nothing_to_fourteen_points(known: Library) -> None:
    moved = [
        anchor.value for anchor in known.about("control-arm") if anchor.unit == "point" and anchor.time_unit == "h"
    ]
    assert (min(moved), max(moved)) == (-13.7, -0.2)


def test_nothing_that_calibrates_was_recalled(known: Library) -> None:
    used = [anchor for anchor in known.anchors.values() if anchor.use != "context"]
    assert used
    assert not [anchor.id for anchor in used if anchor.doubtful or anchor.trial]


def test_a_misspelt_name_is_answered_with_the_nearest(tmp_path: Path, repository: Path) -> None:
    read = library(plant(tmp_path, repository))
    for ask, name, meant in (
        ("synthesis", "small-pol", "small-pool"),
        ("anchor", "raters-appart", "raters-apart"),
        ("signal", "small-sedations", "small-sedation"),
    ):
        with pytest.raises(EvidenceError, match=f"did you mean '{meant}'"):
            getattr(read, ask)(name)


def test_they_lead_to_their_sources(tmp_path: Path, repository: Path) -> None:
    read = library(plant(tmp_path, repository))
    for name in ("small-pool", "raters-apart", "small-sedation"):
        assert [source.id for source in sources_of(read, [name])] == ["olofsen-2012"]


def test_two_files_may_not_share_a_name(tmp_path: Path, repository: Path) -> None:
    evidence = plant(tmp_path, repository)
    text = (evidence / "anchors.toml").read_text(encoding="utf-8")
    (evidence / "safety" / "again.toml").write_text(text, encoding="utf-8")
    findings = [f for f in read_library(evidence).findings if "a name that evidence/anchors.toml has" in f.found]
    assert {finding.file for finding in findings} == {"evidence/safety/again.toml"}


def test_every_record_of_the_checkout_is_the_same_when_written_and_read_again(known: Library) -> None:
    for synthesis in known.syntheses.values():
        assert Synthesis.model_validate(tomllib.loads(record_text(synthesis))) == synthesis
    for anchor in known.anchors.values():
        again = Anchor.model_validate({**tomllib.loads(record_text(anchor)), "file": anchor.file})
        assert again == anchor
    for signal in known.signals.values():
        again = Signal.model_validate({**tomllib.loads(record_text(signal)), "file": signal.file})
        assert again == signal
