"""An event table is read as it stands and written back as the same table, or refused with file, line, field, found and allowed."""

import re
from math import isfinite
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from racemate.evidence.files import read_record
from racemate.evidence.finding import EvidenceError
from racemate.exchange.dosing.expand import expand
from racemate.exchange.dosing.sidecar import Sidecar, read_sidecar
from racemate.exchange.dosing.table import RESERVED, Table, parse, read_table, written
from tests.exchange.tables import HEAD, SIDECAR, SIDECAR_TEXT, text


def refused(*rows: str, head: str = HEAD) -> EvidenceError:
    with pytest.raises(EvidenceError) as fault:
        parse(text(*rows, head=head), SIDECAR, "doses.csv")
    return fault.value


def test_a_row_is_read_by_name() -> None:
    table = parse(text("1,0,1,84,0,4,7,84,0,1,.,71.5", "1,24,0"), SIDECAR)
    first, second = table.rows
    assert (first.person, first.evid, first.doses, first.get("AMT"), first.get("II")) == (1, 1, True, 84, 84)
    assert (second.evid, second.doses, second.number["DV"]) == (0, False, None)
    assert table.covariate("WT") == {1: 71.5}


def test_without_evid_an_amount_makes_a_dose() -> None:
    table = parse("ID,TIME,AMT\n1,0,5\n1,2,.\n", SIDECAR)
    assert [row.evid for row in table.rows] == [1, 0]


def test_comments_are_left_out_and_other_columns_carried() -> None:
    table = parse("#made by hand\nC,id,time,amt,cmt,visit\n.,1,0,5,1,first\nC,1,1,5,1,wrong\n.,1,2,.,.,\n", SIDECAR)
    assert [row.carried["visit"] for row in table.rows] == ["first", ""]
    assert table.named("tad") == "tad"
    assert table.named("KETAMINE_S") == "ketamine_s"


@pytest.mark.parametrize("head", [HEAD, HEAD.lower(), "C," + HEAD + ",Note"])
def test_a_table_written_and_read_is_the_same_table(head: str) -> None:
    shift = "." if head.startswith("C,") else ""
    rows = [
        f"{shift}{',' if shift else ''}{row}"
        for row in ("7,0.125,1,1e2,-2,3,2,12", "7,24,0,.,.,.,.,.,.,0,-3.5e-4", "9,0,4,5,2.5,1")
    ]
    table = parse(text(*rows, head=head), SIDECAR)
    again = parse(written(table), SIDECAR)
    assert again == table
    assert written(again) == written(table)


@pytest.mark.parametrize(
    ("rows", "field", "found"),
    [
        (["1,0,5"], "line 2, EVID", "5"),
        (["1,0,1,5,0,9"], "line 2, CMT", "9"),
        (["1,0,1,-5,0,1"], "line 2, AMT", "-5"),
        (["1,0,1,.,0,1"], "line 2, AMT", "None"),
        (["1,0,1,5,-1,1"], "line 2, RATE", "-1"),
        (["1,0,1,5,-2,1"], "line 2, RATE", "-2"),
        (["1,0,1,5,-2,2"], "line 2, RATE", "-2"),
        (["1,0,1,5,2.5,3"], "line 2, RATE", "2.5"),
        (["1,0,1,5,0,1,3"], "line 2, II", "0"),
        (["1,0,1,5,0,1,0,0,1"], "line 2, II", "0"),
        (["1,0,1,5,0,1,0,12,3"], "line 2, SS", "3"),
        (["1,0,0,5"], "line 2, AMT", "5"),
        (["1,5,0", "1,4,0"], "line 3, TIME", "4"),
        (["1,0,0", "2,0,0", "1,1,0"], "line 4, ID", "1"),
        (["1,0,0,.,.,.,.,.,.,.,.,70", "1,1,0,.,.,.,.,.,.,.,.,71"], "line 3, WT", "71"),
        (["1,0,0,.,.,.,.,.,.,.,.,7000"], "line 2, WT", "7000"),
        (["1,nan,0"], "line 2, TIME", "nan"),
        (["1,8:30,0"], "line 2, TIME", "8:30"),
        (["1,0,1,1e999,0,1"], "line 2, AMT", "1e999"),
        (["1.5,0,0"], "line 2, ID", "1.5"),
    ],
)
def test_what_cannot_be_is_refused_by_line_and_field(rows: list[str], field: str, found: str) -> None:
    fault = refused(*rows)
    assert (fault.file, fault.field) == ("doses.csv", field)
    assert found in fault.found
    assert fault.allowed


@pytest.mark.parametrize(
    "head", ["Id,TIME,AMT", "ID,time,AMT", "ID,TIME,AMT,amt", "TIME,AMT", "ID,TIME", "ID,TIME,AMT,"]
)
def test_a_head_of_mixed_case_or_missing_names_is_refused(head: str) -> None:
    assert refused("1,0,5", head=head).field == "the column names"


def test_time_may_run_back_at_a_reset() -> None:
    assert len(parse(text("1,5,0", "1,0,3", "1,1,0"), SIDECAR).rows) == 3


def test_without_units_no_table_is_read(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="units: found no such file"):
        read_sidecar(tmp_path / "doses.toml")
    for told, field in (
        (SIDECAR_TEXT.replace('amount = "mg"', ""), "amount"),
        (SIDECAR_TEXT.replace('"mg"', '"umol"'), "amount"),
        (SIDECAR_TEXT.replace('"h"', '"kg"'), "time"),
        (SIDECAR_TEXT.replace('"iv"', '"rectal"'), "route"),
        (SIDECAR_TEXT.replace("ketamine", "ketamin"), "ketamin"),
    ):
        (tmp_path / "doses.toml").write_text(told)
        with pytest.raises(EvidenceError, match=field):
            read_sidecar(tmp_path / "doses.toml")


def test_a_weight_needs_its_unit(tmp_path: Path) -> None:
    (tmp_path / "doses.toml").write_text(SIDECAR_TEXT.replace('weight = "kg"', ""))
    (tmp_path / "doses.csv").write_text("ID,TIME,AMT,WT\n1,0,5,70\n")
    with pytest.raises(EvidenceError, match=r"line 2, WT: found 70.0, allowed: a sidecar"):
        read_table(tmp_path / "doses.csv", read_sidecar(tmp_path / "doses.toml"))


def test_units_are_carried_to_hours_milligrams_and_kilograms() -> None:
    sidecar = SIDECAR.model_copy(update={"time": "day", "amount": "g", "weight": "lb"})
    table = parse(text("1,2,1,0.084,0,4,0,0,0,.,.,154"), sidecar)
    (stretch,) = expand(table, lambda *_: 0.0)
    assert (stretch.doses[0].hour, stretch.doses[0].mg) == pytest.approx((48, 84))
    assert table.covariate("WT")[1] == pytest.approx(154 * 0.45359237)


ODD = st.sampled_from(
    [".", "", "0", "1", "2", "3", "4", "-1", "-2", "5", "12", "24", "0.5", "70", "1e3", "1e400", "nan", "inf", "-0.0", "x",
     "C", "1,2", '"', "'", "8:30", "NA", " 1 ", "99999999999", "\t", "é", "1_000", "0x10", "#", "+.5", "1e-320"]
)  # fmt: skip
DOSE = {
    "EVID": ["1", "1", "4"], "AMT": ["5", "84", "0"], "RATE": [".", "0", "."], "CMT": ["1", "2", "3", "4", "5"], "ADDL": [".", "0", "3"],
    "II": ["12", "24"], "SS": [".", "0", "."],
}  # fmt: skip
OTHER = {
    "EVID": ["0", "0", "2", "3"], "AMT": [".", "0"], "RATE": ["."], "CMT": ["1", "."], "ADDL": [".", "0"], "II": [".", "12"],
    "SS": ["."], "DV": [".", "1.5"],
}  # fmt: skip
PERSON = {
    "WT": [".", "70"],
    "AGE": [".", "40"],
    "SEX": ["1", "2"],
    "RACE": [".", "1", "3"],
    "C": [".", "."],
    "NOTE": ["a", ""],
}


@st.composite
def tables(draw: st.DrawFn) -> str:
    """Tables that are nearly sound: now and then a cell, a name or a separator is not."""
    optional = st.lists(st.sampled_from(["RATE", "ADDL", "II", "SS", "MDV", "DV", *PERSON]), unique=True)
    names = ["ID", "TIME", "EVID", "AMT", "CMT", *draw(optional)]
    rows: list[list[str]] = []
    time = 0.0
    for _ in range(draw(st.integers(0, 5))):
        pool = {**PERSON, "MDV": ["1", "."], "DV": ["."], **(DOSE if draw(st.booleans()) else OTHER)}
        time += draw(st.sampled_from([0, 0.5, 24]))
        known = {"ID": "1" if len(rows) < 3 else "2", "TIME": str(time), "SEX": "1", "RACE": ".", "WT": "70"}
        rows.append([known.get(name) or draw(st.sampled_from(pool[name])) for name in names])
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2]))):
        if rows:
            draw(st.sampled_from(rows))[draw(st.integers(0, len(names) - 1))] = draw(
                ODD | st.sampled_from(["1", "2", "-2", "48"])
            )
    heads = [names] * 6 + [[n.lower() for n in names]] * 2 + [names[1:], [*names, "id"], [n.title() for n in names]]
    comma = draw(st.sampled_from([*[","] * 9, ";"]))
    return draw(st.sampled_from(["\n", "\n", "\r\n", "\n\n"])).join(
        comma.join(row) for row in [draw(st.sampled_from(heads)), *rows]
    )


def consistent(table: Table) -> None:
    """No number is missing that should be there, none is not finite, and the table survives being written."""
    for row in table.rows:
        assert all(value is None or isfinite(value) for value in row.number.values())
        assert row.evid in range(5)
    assert parse(written(table), table.sidecar) == table
    stretches = expand(table, lambda *_: 30.0)
    read = sorted(reading.row for stretch in stretches for reading in stretch.readings)
    assert read == list(range(len(table.rows)))
    for stretch in stretches:
        assert all(isfinite(dose.hour) and 0 <= dose.mg < 1e7 and dose.hours >= 0 for dose in stretch.doses)
        assert all(isfinite(reading.hour) and reading.doses >= 0 for reading in stretch.readings)


def outcome(content: str) -> Table | EvidenceError:
    try:
        return parse(content, SIDECAR, "doses.csv")
    except EvidenceError as fault:
        return fault


def tried(content: str) -> bool:
    found = outcome(content)
    if isinstance(found, Table):
        consistent(found)
        return True
    place = rf"the file|the column names|line \d+(, ({'|'.join(RESERVED)}))?"
    assert found.file == "doses.csv"
    assert re.fullmatch(place, found.field, re.IGNORECASE)
    assert found.found
    assert found.allowed
    return False


@pytest.mark.slow
@settings(max_examples=10_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tables())
def test_ten_thousand_tables_are_read_or_refused_and_none_crashes(content: str) -> None:
    tried(content)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(content: str) -> None:
    tried(content)


def test_the_generator_makes_tables_of_both_kinds() -> None:
    """Else the property above would hold of nothing: at least a tenth is read, and a tenth refused."""
    seen: list[bool] = []

    @settings(max_examples=200, deadline=None, database=None, derandomize=True)
    @given(tables())
    def look(content: str) -> None:
        seen.append(tried(content))

    look()
    assert 0.1 < sum(seen) / len(seen) < 0.9


WORDS = st.sampled_from(
    [
        "h",
        "mg",
        "kg",
        "",
        "1",
        "mg/kg",
        "degC",
        "ng/mL",
        "umol",
        "-mg",
        "mg**",
        "everyone_active",
        "iv",
        "ketamine",
        "x",
    ]
)
VALUES = st.one_of(WORDS, st.integers(-2, 3), st.lists(st.floats(allow_nan=True), max_size=2), st.none(), st.booleans())
FIELDS = st.sampled_from(["time", "amount", "weight", "age", "concentration", "context", "sex", "race", "cmt", "other"])
SIDECARS = st.dictionaries(FIELDS, VALUES | st.dictionaries(WORDS, VALUES | st.dictionaries(WORDS, WORDS)))


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SIDECARS)
def test_any_sidecar_is_read_or_its_faults_are_named(data: dict[str, object]) -> None:
    record, faults = read_record(Sidecar, {"time": "h", "amount": "mg", **data}, "doses.toml")
    assert (record is None) == bool(faults)
    for fault in faults:
        assert fault.file == "doses.toml"
        assert fault.field
        assert fault.allowed
    if record is not None:
        assert all(
            isfinite(record.inside(name)) and record.inside(name) > 0
            for name in ("time", "amount", "age", "concentration")
        )
