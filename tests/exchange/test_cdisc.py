"""Data sets of a virtual trial have the shape of ADaM, agree with the trial and with each other, and never pass for real ones."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from racemate import cli
from racemate.evidence.finding import EvidenceError
from racemate.evidence.library import library
from racemate.exchange.cdisc.dictionary import DATA_SETS, EPOCH
from racemate.exchange.cdisc.export import data_sets, define, export
from racemate.exchange.cdisc.sessions import analytes
from racemate.exchange.cdisc.subjects import date as dated
from racemate.exchange.cdisc.subjects import day
from racemate.trial.conduct.rate import Data
from racemate.trial.design.parts import parts
from racemate.trial.harms import reported
from racemate.trial.published import protocol_of
from racemate.trial.replicate import conduct
from racemate.trial.safety import CHAIN, COUNTS, RISEN, safety
from tests.trial.test_safety import SickWorld

Frames = dict[str, Any]
PARALLEL, CROSSED = (protocol_of(library().trial(name)) for name in ("transform-2", "williams-2018"))
NAMES = [one.name.lower() for one in DATA_SETS]


@pytest.fixture(scope="module", params=["transform-2", "williams-2018"])
def trial(request: pytest.FixtureRequest) -> tuple[Any, Frames, Data]:
    protocol = PARALLEL if request.param == "transform-2" else CROSSED
    world = SickWorld()
    return protocol, data_sets(protocol, world, 5, 2, 30), conduct(protocol, world, 5, 2, 30)


def rows(table: Any, **where: Any) -> list[dict[str, Any]]:
    plain = table.astype(object).where(table.notna(), None).to_dict("records")
    return [row for row in plain if all(row[name] == value for name, value in where.items())]


def test_every_record_says_that_it_is_simulated(trial: tuple[Any, Frames, Data]) -> None:
    _, frames, _ = trial
    assert list(frames) == NAMES
    for table in frames.values():
        assert len(table)
        assert set(table["SIMFL"]) == {"Y"}
        assert table["STUDYID"].str.startswith("SIM-").all()
        assert table["USUBJID"].isin(set(frames["adsl"]["USUBJID"])).all()


def test_names_labels_and_types_are_those_of_the_field(trial: tuple[Any, Frames, Data]) -> None:
    _, frames, _ = trial
    for one in DATA_SETS:
        table = frames[one.name.lower()]
        known = [variable.name for variable in one.variables]
        assert [name for name in known if name in table.columns] == list(table.columns)
        assert len(known) == len(set(known))
        assert len(one.label) <= 200
        for variable in one.variables:
            assert len(variable.name) <= 8
            assert variable.name.isupper()
            assert len(variable.label) <= 40
        for variable in one.variables:
            if variable.name in table.columns and variable.type == "date":
                assert all(datetime.fromisoformat(text) for text in table[variable.name])
        if "PARAMCD" in table.columns:
            assert table["PARAMCD"].str.len().max() <= 8
            assert table.groupby("PARAMCD")["PARAM"].nunique().eq(1).all()


def test_keys_name_one_record_and_order_the_data_set(trial: tuple[Any, Frames, Data]) -> None:
    _, frames, _ = trial
    for one in DATA_SETS:
        table = frames[one.name.lower()]
        assert not table.duplicated(list(one.keys)).any(), one.name
        assert table.sort_values(list(one.keys), kind="stable").index.equals(table.index)


def test_nothing_but_what_has_no_value_is_missing(trial: tuple[Any, Frames, Data]) -> None:
    _, frames, _ = trial
    allowed = {"CHG", "PCHG", "ABLFL", "AOCCFL", "CNSDTDSC"}
    for table in frames.values():
        assert set(table.columns[table.isna().any()]) <= allowed
        numbers = table.select_dtypes("number").astype(float)
        assert not np.isinf(numbers.to_numpy()).any()


def test_the_scales_hold_every_rating_of_the_trial_and_no_other(trial: tuple[Any, Frames, Data]) -> None:
    protocol, frames, data = trial
    adqs = frames["adqs"]
    assert len(adqs) == sum(int(seen.sum()) for seen in data.seen.values())
    for (arm, scale), value in data.value.items():
        code = "SYSTRISE" if scale == "systolic" else scale.upper()
        here = adqs[(adqs["TRTP"] == arm) & (adqs["PARAMCD"] == code)]
        for number in range(len(protocol.rated_h(scale))):
            told = here[here["AVISITN"] == number].sort_values(["REPLICAT", "USUBJID"])["AVAL"]
            seen = data.seen[arm, scale][number]
            assert told.to_numpy(dtype=float).tolist() == value[number][seen].tolist()


def test_changes_are_from_the_baseline_of_the_period(trial: tuple[Any, Frames, Data]) -> None:
    _, frames, _ = trial
    for row in rows(frames["adqs"]):
        assert (row["ABLFL"] == "Y") == (row["AVISITN"] == 0)
        if row["AVISITN"] == 0:
            assert row["CHG"] is None
        else:
            assert row["CHG"] == row["AVAL"] - row["BASE"]
            assert row["PCHG"] == (pytest.approx(100 * row["CHG"] / row["BASE"]) if row["BASE"] else None)


def test_subjects_are_the_people_of_the_trial(trial: tuple[Any, Frames, Data]) -> None:
    protocol, frames, data = trial
    adsl = frames["adsl"]
    assert len(adsl) == data.left.size
    assert (adsl["DISCONFL"] == "Y").sum() == data.left.sum()
    assert ((adsl["DISCONFL"] == "Y") ^ (adsl["COMPLFL"] == "Y")).all()
    assert ("TRT02P" in adsl.columns) == protocol.crossover
    for name in ("TRT01P", "TRT01A"):
        assert set(adsl[name]) == {arm.name for arm in protocol.conditions}
    if protocol.crossover:
        assert (adsl["ARM"] == adsl["TRT01P"] + " / " + adsl["TRT02P"]).all()


def test_times_to_events_follow_from_the_ratings(trial: tuple[Any, Frames, Data]) -> None:
    protocol, frames, _ = trial
    scale = next(name for name in protocol.scales if name.startswith(("madrs", "hamd")))
    hours = protocol.rated_h(scale)
    adqs = frames["adqs"][frames["adqs"]["PARAMCD"] == scale.upper()]
    ratings = {key: part.sort_values("AVISITN") for key, part in adqs.groupby(["USUBJID", "APERIOD"])}
    events = frames["adtte"].groupby(["USUBJID", "APERIOD"])
    found = {key: dict(zip(part["PARAMCD"], rows(part), strict=True)) for key, part in events}
    assert set(found) == set(ratings)
    for key, part in ratings.items():
        later = part[part["AVISITN"] > 0]
        met = later[later["AVAL"] <= (1 - protocol.response) * later["BASE"]]
        row = found[key]["TTRESP"]
        assert (row["CNSR"] == 0) == bool(len(met))
        last = max(hours[int(part["AVISITN"].max())], 0) / 24
        assert row["AVAL"] == pytest.approx(hours[int(met["AVISITN"].min())] / 24 if len(met) else last)
        assert (row["EVNTDESC"] == "response") == (row["CNSR"] == 0)
        gone = found[key]["TTDISC"]
        assert (gone["CNSR"] == 0) == (int(part["AVISITN"].max()) < len(hours) - 1)
        assert gone["AVAL"] == pytest.approx(last)


def test_events_are_numbered_in_time_and_the_first_of_a_term_is_marked(trial: tuple[Any, Frames, Data]) -> None:
    _, frames, _ = trial
    for _, part in frames["adae"].groupby("USUBJID"):
        assert part["AESEQ"].tolist() == list(range(1, len(part) + 1))
        assert part["AESTDTC"].is_monotonic_increasing
        assert (part["AOCCFL"] == "Y").sum() == part["AETERM"].nunique()
    terms = set(frames["adae"]["AETERM"])
    drawn = {reported.DISSOCIATED, reported.SEDATED, reported.NAUSEA}
    assert drawn <= terms <= {*drawn, RISEN, "urinary symptoms", *reported.EVENTS}
    for term, part in frames["adae"].groupby("AETERM"):
        basis = {CHAIN, COUNTS} if term in drawn else {CHAIN if term == RISEN else COUNTS}
        assert set(part["AEBASIS"]) <= basis


def test_who_scored_above_four_has_dissociation_among_the_events() -> None:
    frames = data_sets(CROSSED, SickWorld(), 5, 2, 30)
    felt = frames["adqs"][(frames["adqs"]["PARAMCD"] == "CADSS") & (frames["adqs"]["AVAL"] > 4)]
    told = frames["adae"][frames["adae"]["AETERM"] == reported.DISSOCIATED]
    assert len(felt)
    assert set(zip(felt["USUBJID"], felt["APERIOD"], strict=True)) <= set(
        zip(told["USUBJID"], told["APERIOD"], strict=True)
    )


def test_urinary_symptoms_come_at_their_hazard() -> None:
    frames: Frames = data_sets(PARALLEL, SickWorld(), 5, 4, 500)
    table = safety(PARALLEL, ["sick"], 500, 4, 5, worlds=lambda _: SickWorld()).frames["urinary"]
    adae = frames["adae"][frames["adae"]["AETERM"] == "urinary symptoms"]
    assert not adae["USUBJID"].duplicated().any()
    for arm in PARALLEL.conditions:
        treated = int((frames["adsl"]["TRT01P"] == arm.name).sum())
        had = adae[adae["TRTA"] == arm.name]
        (chance,) = table[table["arm"] == arm.name]["median"] / 100
        assert len(had) / treated == pytest.approx(chance, abs=4 * (chance / treated) ** 0.5 + 0.006)
        if len(had) > 20:
            assert had["ASTDY"].astype(float).mean() == pytest.approx(14, abs=5)  # as likely late as early


@pytest.mark.parametrize("name", ["sustain-1", "singh-2016"])
def test_every_stage_of_a_trial_is_a_period(name: str) -> None:
    protocol = protocol_of(library().trial(name))
    every = parts(protocol)
    assert len(every) > 1
    world = SickWorld()
    frames: Frames = data_sets(protocol, world, 5, 1, 40)
    assert set(frames["adqs"]["APERIODC"]) <= {part.name for part in every}
    assert len(set(frames["adqs"]["APERIOD"])) > 1
    adsl = frames["adsl"].set_index("USUBJID")
    first = frames["adqs"].groupby(["USUBJID", "APERIOD"])["TRTP"].first()
    for (person, period), arm in first.items():
        assert adsl.loc[person, f"TRT{period:02d}P"] == arm
    later = frames["adqs"][frames["adqs"]["APERIOD"] > 1]
    assert later["ADY"].min() > 1
    assert (frames["adtte"]["AVAL"] >= 0).all()


def test_samples_are_at_their_nominal_times(trial: tuple[Any, Frames, Data]) -> None:
    protocol, frames, _ = trial
    adpc = frames["adpc"]
    assert (adpc["NFRLT"] == adpc["AFRLT"]).all()
    assert adpc["NRRLT"].min() == 0
    assert set(adpc["AVALU"]) == {"ng/mL"}
    assert adpc["PARAMCD"].nunique() == len(analytes(protocol))


def test_one_replicate_is_the_same_alone_and_among_others() -> None:
    every: Frames = dict(data_sets(PARALLEL, SickWorld(), 5, 3, 20))
    second: Frames = dict(data_sets(PARALLEL, SickWorld(), 5, 2, 20, only=2))
    for name in NAMES:
        among = every[name][every[name]["REPLICAT"] == 2].reset_index(drop=True)
        pd.testing.assert_frame_equal(among, second[name])
    assert set(every["adsl"]["REPLICAT"]) == {1, 2, 3}


def test_days_have_no_zero_and_dates_start_where_nobody_lived() -> None:
    hours = [-33.1, -32.9, -9.1, -0.75, 0.0, 14.9, 15.1, 24.0, 168.0]
    assert day(hours).tolist() == [-2, -1, -1, 1, 1, 1, 2, 2, 8]
    assert dated(0.0) == EPOCH
    assert date.fromisoformat(str(dated(24.0))) > date.fromisoformat(EPOCH)


def test_the_description_names_every_column_as_written(trial: tuple[Any, Frames, Data]) -> None:
    protocol, frames, _ = trial
    told = define(frames, protocol.id)
    assert told["simulated"] is True
    for entry in told["datasets"]:
        table = frames[entry["name"].lower()]
        assert [variable["name"] for variable in entry["variables"]] == list(table.columns)
        assert entry["records"] == len(table)
        for variable in entry["variables"]:
            assert variable["label"]
            assert variable["origin"] in ("Assigned", "Simulated", "Derived", "Protocol")
            text = pd.api.types.is_string_dtype(table[variable["name"]])
            assert text == (variable["type"] in ("text", "date"))


@pytest.mark.slow
def test_the_command_writes_the_same_bytes_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two"):
        arguments = ["export", "williams-2018", "--format", "cdisc", "--hypothesis", "composite", "--replicate", "1"]
        assert cli.run([*arguments, "--seed", "1", "--out", str(tmp_path / name), "--no-progress"]) == 0
    assert "ADTTE" in capsys.readouterr().out
    for name in [f"{one}.csv" for one in NAMES] + ["define.json", "adqs.parquet"]:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    manifest = json.loads((tmp_path / "one" / "manifest.json").read_text())
    assert (
        manifest["command_line"]
        == "racemate export williams-2018 --hypothesis composite --replicates 1 --replicate 1 --seed 1"
    )
    assert "williams-2018" in manifest["sources"]


def test_what_cannot_be_exported_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["export", "williams-2018", "--format", "sdtm"]) == 2
    assert "--format: found 'sdtm', allowed: cdisc" in capsys.readouterr().err
    assert cli.run(["export", "williams-2081"]) == 2
    with pytest.raises(EvidenceError, match="replicate"):
        export("williams-2018", replicate=0)
    with pytest.raises(EvidenceError, match="replicates"):
        export("williams-2018", replicates=0)
