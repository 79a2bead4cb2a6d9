"""The book is read whole, and refuses what could not be ruled upon."""

from dataclasses import replace
from pathlib import Path

import pytest

from racemate.evidence import EvidenceError
from racemate.evidence.library import library
from racemate.ledger.book import read
from racemate.ledger.checks import CHECKS

LEAST = 64


def test_the_ledger_is_long_enough() -> None:
    assert len(read().entries) >= LEAST


def test_every_entry_has_a_check_that_can_be_carried_out() -> None:
    assert all(callable(CHECKS[entry.check]) for entry in read().entries.values())


def test_every_check_is_used_and_says_what_it_computes() -> None:
    used = {entry.check for entry in read().entries.values()}
    assert set(CHECKS) == used
    assert all(check.__doc__ for check in CHECKS.values())


def test_every_document_is_a_source_given_to_the_project_and_asserts_something() -> None:
    book, known = read(), library()
    assert sorted(book.documents) == ["000", "001", "002", "003", "004"]
    assert all(known.sources[document.source].kind == "seed" for document in book.documents.values())
    assert {entry.seed for entry in book.entries.values()} == set(book.documents)


def test_no_verdict_is_typed() -> None:
    text = (library().root / "claims.toml").read_text()
    assert "verdict" not in text.partition("\n[virtual]")[2]


def test_a_bar_says_why_it_was_set_there() -> None:
    bars = [(entry.id, name, bar.why) for entry in read().entries.values() for name, bar in entry.bar.items()]
    assert bars
    assert all(len(why) > 10 for _, _, why in bars), bars


FAULTS = [
    ('check = "p_from_t"', 'check = "p_from_z"', "found 'p_from_z', which no function carries out"),
    ('id    = "mg-block"', 'id    = "ltp-ltd"', "claim.ltp-ltd: found 2 of that name"),
    ('needs = ["singh-2016"]', 'needs = ["singh-2017"]', "did you mean 'singh-2016'"),
    ('seed  = "002"', 'seed  = "007"', "found '007'"),
    ('trial = "elekt-d"', 'trial = "elekt-e"', "did you mean 'elekt-d'"),
    ('where = { statistic = "observed-change" }', 'where = { statistik = "x" }', "did you mean 'statistic'"),
    ('source = "milak-2016", place = "abstract"', 'source = "milak-2016"', "no source and place"),
    ('synthesis = "xiong-2021"', 'synthesis = "xiong-2012"', "did you mean 'xiong-2021'"),
    ('anchor = "stard-step-3"', 'anchor = "stard-stop-3"', "did you mean 'stard-step-3'"),
    (
        '{ anchor = "stard-step-4" }',
        '{ anchor = "stard-step-4", trial = "elekt-d" }',
        "exactly one of trial, synthesis, anchor and signal",
    ),
    ('arithmetic = "11.4 / 100 * 114"', 'arithmetic = "11.4 / 100 * 214"', "which gives 24.396"),
    ('unit = "mV" }', 'unit = "mVV" }', "a unit such as"),
    ('says  = "Mu receptors did not', 'sayss = "Mu receptors did not', "did you mean 'says'"),
    ("people = 48", "people = 4.5", "a whole number"),
]


@pytest.mark.parametrize(("found", "put", "message"), FAULTS, ids=[fault[2] for fault in FAULTS])
def test_a_fault_is_named_with_its_field(tmp_path: Path, found: str, put: str, message: str) -> None:
    known = library()
    text = (known.root / "claims.toml").read_text()
    assert found in text
    (tmp_path / "claims.toml").write_text(text.replace(found, put, 1))
    with pytest.raises(EvidenceError, match=r"evidence/claims\.toml") as caught:
        read(replace(known, root=tmp_path))
    assert message in str(caught.value)
