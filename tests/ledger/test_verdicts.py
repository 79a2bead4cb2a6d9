"""The whole ledger is ruled upon: everything that can be decided is, and each ruling says what it rests on."""

import json
import time

import pytest

from racemate.cli import run
from racemate.evidence import EvidenceError
from racemate.evidence.check import check
from racemate.evidence.library import library
from racemate.ledger import Judged, Verdict, frame, show, sources, verdicts
from racemate.ledger.book import FILE, read
from tests.ledger.planted import claimed, looks, ruling

pytestmark = pytest.mark.slow

DECIDED = {
    "mor-vs-nmda-affinity": "internally-inconsistent",
    "kor-dor-weaker-than-mor": "contradicted",
    "mk801-thousandfold": "reproduced",
    "escape-relapse": "contradicted",
    "marton-counts": "internally-inconsistent",
    "williams-two-weeks": "contradicted",
    "mg-block": "consistent",
    "yoon-naltrexone-low-week4": "contradicted",
    "no-monoamine-reuptake": "consistent",
    "no-functional-mor-occupancy": "consistent",
    "grunebaum-oprm1": "reproduced",
    "three-receptors-equal": "contradicted",
    "iv-vs-intranasal": "contradicted",
    "naltrexone-abolishes": "contradicted",
    "dissociation-not-opioid": "consistent",
    "klein-necessary-not-sufficient": "consistent",
    "masking-is-hard": "consistent",
}
WARM_S = 30.0


@pytest.fixture(scope="module")
def ledger() -> dict[str, Judged]:
    return {one.entry.id: one for one in verdicts()}


@pytest.fixture(scope="module")
def beforehand() -> dict[str, Judged]:
    return {one.entry.id: one for one in verdicts(posterior="prior")}


def test_everything_is_ruled_upon(ledger: dict[str, Judged]) -> None:
    assert set(ledger) == set(read().entries)


@pytest.mark.parametrize(("name", "verdict"), DECIDED.items(), ids=DECIDED)
def test_what_needs_no_posterior_is_decided(ledger: dict[str, Judged], name: str, verdict: str) -> None:
    assert ledger[name].ruling.verdict == verdict


def test_what_waits_for_a_posterior_is_open_under_priors_with_its_number_and_its_reason(
    beforehand: dict[str, Judged],
) -> None:
    waits = [one for one in beforehand.values() if one.entry.posterior]
    assert waits
    for one in waits:
        assert one.ruling.verdict is Verdict.OPEN
        assert one.ruling.leaning in set(Verdict) - {Verdict.OPEN}
        assert one.ruling.numbers
        assert "stays open" in one.ruling.because


def test_only_those_are_open(beforehand: dict[str, Judged]) -> None:
    assert {n for n, one in beforehand.items() if one.ruling.verdict == "open"} == {
        n for n, one in beforehand.items() if one.entry.posterior
    }


def test_scans_keep_the_rise_of_glutamate_as_short_as_it_was_seen(
    ledger: dict[str, Judged], beforehand: dict[str, Judged]
) -> None:
    # Mood trials alone pull the affinity at the NMDA receptor down, and glutamate up for longer than any scan has seen it.
    for one in (beforehand, ledger):
        assert one["disinhibition"].ruling.verdict is Verdict.CONSISTENT


def test_with_the_shipped_posterior_nothing_is_open(ledger: dict[str, Judged]) -> None:
    assert not [name for name, one in ledger.items() if one.ruling.verdict == "open"]
    for one in ledger.values():
        if one.entry.posterior:
            assert any("posterior" in told for told in one.ruling.runs)


def test_every_ruling_has_a_number_and_a_sentence(ledger: dict[str, Judged]) -> None:
    for name, one in ledger.items():
        assert one.ruling.numbers, name
        assert one.ruling.because.endswith("."), name
        assert all(number.value == number.value for number in one.ruling.numbers), name


def test_a_check_reads_what_its_entry_needs_and_all_of_it(ledger: dict[str, Judged]) -> None:
    for name, one in ledger.items():
        records = {row.record for row in one.entry.row.values()}
        assert {*one.entry.needs, *records, *one.entry.sources} == set(one.ruling.evidence), name


def test_a_second_question_costs_no_second_run(ledger: dict[str, Judged]) -> None:
    start = time.perf_counter()
    again = {one.entry.id: one for one in verdicts()}
    assert time.perf_counter() - start < WARM_S
    assert again == ledger


def test_the_questions_can_be_narrowed(ledger: dict[str, Judged]) -> None:
    assert {one.entry.seed for one in verdicts(seed_document="002")} == {"002"}
    contradicted = {one.entry.id for one in verdicts(verdict="contradicted")}
    assert contradicted == {name for name, one in ledger.items() if one.ruling.verdict == "contradicted"}
    assert show("mg-block") == ledger["mg-block"]


@pytest.mark.parametrize("wrong", [{"seed_document": "009"}, {"verdict": "contradict"}])
def test_a_word_nobody_knows_is_answered(wrong: dict[str, str]) -> None:
    with pytest.raises(EvidenceError, match=FILE):
        verdicts(**wrong)  # pyright: ignore[reportArgumentType]
    with pytest.raises(EvidenceError, match="did you mean 'mg-block'"):
        show("mg-blocks")


def test_the_frame_has_a_row_per_entry(ledger: dict[str, Judged]) -> None:
    table = frame(list(ledger.values()))
    assert list(table["id"]) == list(ledger)
    assert all(number == number for number in table["number"])


def test_a_stronger_opioid_would_be_occupied(ledger: dict[str, Judged]) -> None:
    stronger = ruling("no-functional-mor-occupancy", claimed(0.05, "occupancy.kd_mor_s"))
    assert stronger.verdict == "contradicted"
    assert stronger.numbers[0].value > ledger["no-functional-mor-occupancy"].ruling.numbers[0].value


def test_an_agonist_that_suffices_speaks_against_the_gate() -> None:
    assert ruling("klein-necessary-not-sufficient", looks("mu-agonist")).verdict == "contradicted"


def test_the_command_prints_it_all_as_json(capsys: pytest.CaptureFixture[str], ledger: dict[str, Judged]) -> None:
    assert run(["claims", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert [one["id"] for one in printed] == list(ledger)
    assert all(one["check"] and one["because"] and one["numbers"] for one in printed)


def test_the_command_shows_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["claims", "marton-counts"]) == 0
    out = capsys.readouterr().out
    assert "marton-counts: internally-inconsistent" in out
    assert "7 + 1 + 27 = 35 of 40" in out


def test_the_command_refuses_a_word_nobody_knows(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["claims", "--verdict", "wrong"]) == 2
    assert "allowed" in capsys.readouterr().err


def test_a_source_that_only_the_ledger_cites_is_used() -> None:
    orphans = {finding.file for finding in check(library(), cited=sources()).get("source_is_used", ())}
    assert not orphans & {f"evidence/sources/{name}.toml" for name in sources()}
