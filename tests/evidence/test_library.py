"""The library is found, read, searched and hashed; what is missing is named with its nearest match."""

from pathlib import Path

import pytest

from racemate.evidence import EvidenceError
from racemate.evidence.check import check
from racemate.evidence.library import PLACE, evidence_root, folder_hash, library, read_library
from tests.evidence.small import change, plant


@pytest.fixture
def evidence(tmp_path: Path, repository: Path) -> Path:
    return plant(tmp_path, repository)


def test_another_folder_may_be_named(evidence: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PLACE, str(evidence))
    assert evidence_root() == evidence
    assert set(library().trials) == {"small-2020"}


def test_a_folder_that_is_none_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PLACE, str(tmp_path / "nowhere"))
    with pytest.raises(EvidenceError, match=f"{PLACE}: found no vocabulary.toml"):
        evidence_root()


def test_a_checkout_reads_its_own_numbers(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PLACE, raising=False)
    assert evidence_root() == repository / "evidence"


@pytest.mark.parametrize(
    ("ask", "name", "meant"),
    [
        ("parameter", "occupancy.kd_nmda", "occupancy.kd_nmda_s"),
        ("source", "ebert-1977", "ebert-1997"),
        ("trial", "small-2021", "small-2020"),
        ("scale", "mards", "madrs"),
        ("prior", "occupancy.kd_mor", "occupancy.kd_mor_s"),
    ],
)
def test_a_misspelt_name_is_answered_with_the_nearest(evidence: Path, ask: str, name: str, meant: str) -> None:
    with pytest.raises(EvidenceError, match=f"did you mean '{meant}'"):
        getattr(library(evidence), ask)(name)


def test_every_fault_is_reported_at_once(evidence: Path) -> None:
    change(evidence, "parameters/occupancy.toml", "value = 0.3", "value = nan")
    change(evidence, "trials/small-2020/outcomes.csv", "ls-difference", "ls-diference")
    with pytest.raises(EvidenceError) as caught:
        library(evidence)
    assert len(caught.value.findings) == 2
    assert str(caught.value).splitlines() == [
        "evidence/parameters/occupancy.toml: occupancy.kd_nmda_s.claim[1].value: found nan, allowed: a finite number",
        "evidence/trials/small-2020/outcomes.csv: line 5.statistic: found 'ls-diference', allowed: a known name; "
        "did you mean 'ls-difference'? (evidence/vocabulary.toml, [statistic])",
    ]


def test_the_search_keeps_what_meets_every_condition(evidence: Path) -> None:
    read = library(evidence)

    def names(**conditions: object) -> list[str]:
        return [parameter.name for parameter in read.select(**conditions)]  # pyright: ignore[reportArgumentType]

    assert names(link="occupancy", source="hirota-1999") == ["occupancy.kd_mor_s", "occupancy.molar_mass"]
    assert names(drug="esketamine", target="nmda") == ["occupancy.kd_nmda_s"]
    assert names(how="abstract", text="NOSE") == ["concentration.f_nasal"]
    assert names(doubtful=True) == ["occupancy.kd_mor_s", "channel.ki_memantine"]
    assert names(link="occupancy", text="memantine") == ["channel.ki_memantine"]
    assert names() == [*sorted(read.parameters), *sorted(read.quantities)]


def test_the_hash_follows_contents_and_names_alone(evidence: Path, tmp_path: Path, repository: Path) -> None:
    twin = plant(tmp_path / "twin", repository)
    assert folder_hash(twin) == folder_hash(evidence) == library(evidence).hash
    change(twin, "scales/madrs.toml", "60]", "61]")
    assert folder_hash(twin) != folder_hash(evidence)
    change(twin, "scales/madrs.toml", "61]", "60]")
    (twin / "scales" / "madrs.toml").rename(twin / "scales" / "other.toml")
    assert folder_hash(twin) != folder_hash(evidence)


def test_a_row_may_have_a_use_of_its_own(evidence: Path) -> None:
    trial = library(evidence).trial("small-2020")
    assert [trial.use_of(row) for row in trial.observations] == ["calibration"] * 5 + ["context"]
    assert trial.observations[3].arms == ("ketamine", "midazolam")


def test_the_evidence_of_this_checkout_keeps_every_rule(repository: Path) -> None:
    broken = check(read_library(repository / "evidence"))
    # Whether a source is used depends on the cards and the ledger, which the command line brings to the check.
    broken.pop("source_is_used", None)
    assert not broken, "\n".join(str(finding) for findings in broken.values() for finding in findings)
