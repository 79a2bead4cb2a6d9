"""The bibliography of a set of names, in three formats."""

import json
from pathlib import Path

import pytest

from racemate.evidence import EvidenceError
from racemate.evidence.cite import bibtex, csl_json, plain, sources_of
from racemate.evidence.library import Library, library
from racemate.evidence.record import Source
from tests.evidence.small import plant


@pytest.fixture
def read(tmp_path: Path, repository: Path) -> Library:
    return library(plant(tmp_path, repository))


def test_records_of_every_kind_lead_to_their_sources(read: Library) -> None:
    names = ["occupancy.kd_nmda_s", "concentration.k_nasal", "small-2020", "madrs", "hirota-1999", "occupancy.kd_mor_s"]
    assert [source.id for source in sources_of(read, names)] == [
        "ebert-1997",
        "hirota-1999",
        "olofsen-2012",
        "perez-ruixo-2021",
    ]


def test_an_unknown_name_is_refused(read: Library) -> None:
    with pytest.raises(EvidenceError, match=r"did you mean 'occupancy\.kd_nmda_s'"):
        sources_of(read, ["occupancy.kd_nmda"])


def test_plain_text_ends_in_a_link(read: Library) -> None:
    (line,) = plain(sources_of(read, ["hirota-1999"])).splitlines()
    assert line.startswith("Hirota K")
    assert line.endswith("https://doi.org/10.1097/00000542-199901000-00023")


def test_bibtex_has_an_entry_with_escaped_text() -> None:
    source = Source(
        id="a-2020",
        citation="c",
        authors=("Doe, Ann", "Roe & Sons"),
        year=2020,
        title="5% of {it}",
        kind="paper",
        seen="full",
    )
    assert bibtex([source]) == (
        "@article{a-2020,\n  author = {Doe, Ann and Roe \\& Sons},\n  title = {{5\\% of \\{it\\}}},\n  year = {2020},\n}\n"
    )


def test_csl_has_what_a_reference_manager_reads(read: Library) -> None:
    (item,) = json.loads(csl_json(sources_of(read, ["olofsen-2012"])))
    assert item["id"] == "olofsen-2012"
    assert item["type"] == "article-journal"
    assert item["author"][0] == {"family": "Olofsen", "given": "Erik"}
    assert item["issued"] == {"date-parts": [[2012]]}
    assert item["container-title"] == "Anesthesiology"
