"""An exported file: libSBML finds nothing to say, every number of the person is in it, and bad input gets a sentence."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from racemate.cli import run
from racemate.evidence.finding import EvidenceError
from racemate.exchange.sbml import ids
from racemate.exchange.sbml.equations import read
from racemate.exchange.sbml.export import TypicalWorld, export, followed, text, typical
from racemate.model import bind
from racemate.people.cohort import draw
from racemate.readings.names import leaves
from racemate.simulate.step import reading_names, reading_units

libsbml = pytest.importorskip("libsbml", reason="libSBML is not installed: pip install 'racemate[exchange]'")
WRITTEN = 1e-14
"""libSBML writes fifteen digits."""
ESKETAMINE = ("esketamine", "intranasal", "84 mg", "twice weekly for 4 weeks")


@cache
def exported(card: str = "composite") -> str:
    return export(card, *ESKETAMINE)


def model(file: str) -> Any:
    document = libsbml.readSBMLFromString(file)
    found = document.getModel()
    found.kept = document
    return found


def test_libsbml_finds_nothing() -> None:
    from racemate.exchange.sbml.document import faults

    assert faults(exported()) == []


def test_a_unit_that_does_not_fit_would_be_seen() -> None:
    from racemate.exchange.sbml.document import faults

    litre_for_molar = exported().replace("<ci> occupancy_kd_dor </ci>", "<ci> concentration_v_deep </ci>")
    assert any("10513" in fault for fault in faults(litre_for_molar))


def test_every_parameter_has_the_value_of_the_person_and_its_unit() -> None:
    bound, found = bind("composite"), model(exported())
    values, symbols = leaves(typical(bound)), read().parameters
    assert set(values) == set(symbols)
    for name, symbol in symbols.items():
        parameter = found.getParameter(ids.of(symbol))
        assert parameter.getValue() == pytest.approx(values[name], rel=WRITTEN), name
        assert parameter.isSetUnits(), name


def test_every_reading_of_the_engine_is_in_the_file_with_its_unit() -> None:
    found, units = model(exported()), reading_units()
    for name in reading_names():
        parameter = found.getParameter(ids.plain(name))
        assert parameter is not None, name
        derived = libsbml.UnitDefinition.printUnits(parameter.getDerivedUnitDefinition(), True)
        assert (units[name] == "1") == (derived.split(",")[0].startswith("(1 dimensionless)")), (name, derived)


def test_an_edge_left_out_has_a_gain_of_zero() -> None:
    found = model(exported("expectancy"))
    on = set(bind("expectancy").hypothesis.edges)
    for name, symbol in read().parameters.items():
        edge = name.rpartition(".")[2]
        if edge.startswith("g_"):
            assert (found.getParameter(ids.of(symbol)).getValue() == 0) == (edge[2:] not in on), name


def test_doses_are_parameters_and_no_number_stands_in_an_event() -> None:
    found = model(exported())
    assert found.getParameter("dose_1_amount").getValue() == 28.0
    given = [one for one in found.getListOfEvents() if one.getId().startswith("given")]
    boluses = [one for one in given if one.getName().startswith("dose")]
    assert len(boluses) == 24
    for event in given:
        for assigned in event.getListOfEventAssignments():
            numbers = libsbml.formulaToL3String(assigned.getMath())
            assert "28" not in numbers
            assert "dose_1_amount" in numbers


def test_sources_of_a_number_are_linked_by_doi() -> None:
    found = model(exported())
    terms = found.getParameter("concentration_k_nasal").getCVTerm(0)
    assert terms.getResourceURI(0) == "https://identifiers.org/doi:10.1007/s40262-020-00953-4"


def test_the_same_question_gives_the_same_file() -> None:
    assert export("composite", *ESKETAMINE) == exported()


def test_a_numbered_person_is_that_person_of_simulate() -> None:
    bound = bind("composite")
    one = followed(bound, "ketamine", "iv", "0.5 mg/kg", "once", None, 3, 7)
    ids_of = np.arange(3, dtype=np.uint64) << np.uint64(24)
    cohort = draw(bound, 7, ids_of, np.arange(3))
    assert [*leaves(one.par).values()] == [*cohort.table[:, 2]]
    assert one.plan.doses[0].amount_mg[2] == pytest.approx(0.5 * cohort.who.weight[2])
    assert '<parameter id="dose_1_amount"' in text(one)


def test_the_typical_person_is_the_one_of_the_reference_dose() -> None:
    bound = bind("composite")
    world = TypicalWorld("composite", bound, 1)
    people = world.draw(np.zeros(1, dtype=np.uint64), np.zeros(1, dtype=np.uint64), {})
    assert [*people.drawn.table[:, 0]] == [*leaves(typical(bound)).values()]


@pytest.mark.parametrize("person", [0, -1, 100_001])
def test_a_person_nobody_is_is_refused(person: int) -> None:
    with pytest.raises(EvidenceError, match="person"):
        export("composite", *ESKETAMINE, person=person)


def test_the_command_writes_a_file_and_does_not_replace_one(tmp_path: Path, capsys: Any) -> None:
    place = tmp_path / "model.xml"
    words = [
        "export-sbml",
        "composite",
        "--drug",
        "ketamine",
        "--route",
        "iv",
        "--dose",
        "0.5 mg/kg",
        "--out",
        str(place),
    ]
    assert run(words) == 0
    assert place.read_text().startswith("<?xml")
    assert run(words) == 2
    assert "--force" in capsys.readouterr().err
    assert run([*words[:-1], str(tmp_path / "nowhere" / "x.xml")]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["model.xml"]
