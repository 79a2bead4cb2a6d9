"""A verdict follows the numbers: what is planted in the evidence or in the document turns it."""

from typing import Any

import pytest

from tests.ledger.planted import Change, anchored, claimed, conducted, looks, observed, published, ruling, stated

WILLIAMS = {"outcome": "hamd17", "statistic": "p-value", "population": "responders"}


def _lead(protocol: dict[str, Any]) -> None:
    protocol["arm"][1]["dose"][0]["lead"] = "40 min"


def _parallel(protocol: dict[str, Any]) -> None:
    del protocol["sequence"]
    del protocol["period"][1]
    for arm in protocol["arm"]:
        arm["n"] = 7


def _nasal(protocol: dict[str, Any]) -> None:
    dose = protocol["arm"][0]["dose"][0]
    dose["route"] = "intranasal"
    dose.pop("over", None)


TURNS: list[tuple[str, str, Change, str]] = [
    (
        "mor-vs-nmda-affinity",
        "internally-inconsistent",
        stated(nmda_s=(1.0, 1.1), mor_s=(12.0, 20.0), nmda_racemate=(2.2, 2.4), mor_racemate=42.0),
        "consistent",
    ),
    (
        "kor-dor-weaker-than-mor",
        "contradicted",
        claimed(60.0, "occupancy.kd_kor_s", source="hirota-1999"),
        "consistent",
    ),
    (
        "three-receptors-equal",
        "contradicted",
        claimed(0.4, "occupancy.kd_nmda_s", "occupancy.kd_mor_s", "occupancy.kd_kor_s"),
        "consistent",
    ),
    ("mk801-thousandfold", "reproduced", stated(fold=1e6), "contradicted"),
    ("s-more-potent-nmda", "consistent", claimed(0.5, "occupancy.r_on_kd_nmda"), "contradicted"),
    ("r-far-less-potent", "contradicted", claimed(30.0, "occupancy.r_on_kd_nmda"), "consistent"),
    ("opioids-low-affinity", "consistent", claimed(0.1, "occupancy.kd_kor_s"), "contradicted"),
    ("mg-block", "consistent", claimed(0.1, "occupancy.magnesium"), "contradicted"),
    ("frees-glutamate", "contradicted", claimed(0.1, "occupancy.trapped"), "consistent"),
    ("grunebaum-oprm1", "reproduced", stated(p=0.612), "internally-inconsistent"),
    ("grunebaum-underpowered", "consistent", stated(people=800), "contradicted"),
    ("saad-arithmetic", "reproduced", stated(r2_placebo_day28=4), "internally-inconsistent"),
    ("oprm1-spares-the-drug", "contradicted", stated(drug_day2=-6.0, p_drug_day2=0.001), "consistent"),
    ("marton-counts", "internally-inconsistent", stated(groups=(7, 1, 32)), "reproduced"),
    ("marton-no-difference", "not-testable", stated(groups=(70, 270)), "consistent"),
    ("escape-relapse", "contradicted", stated(drug=15.0), "internally-inconsistent"),
    ("escape-relapse", "contradicted", stated(drug=12.0), "consistent"),
    (
        "escape-remission",
        "reproduced",
        observed("escape-trd", {"outcome": "madrs", "statistic": "remission"}, count=100),
        "contradicted",
    ),
    ("yoon-nonresponders", "contradicted", stated(left_without_response=0), "consistent"),
    (
        "williams-two-weeks",
        "contradicted",
        observed("williams-2018", {**WILLIAMS, "time": 14.0}, low=0, high=0.04),
        "reproduced",
    ),
    (
        "williams-day1-day3",
        "reproduced",
        observed("williams-2018", {**WILLIAMS, "time": 3.0}, low=0.05, high=1),
        "contradicted",
    ),
    ("williams-counts", "reproduced", observed("williams-2018", {"statistic": "response"}, count=6), "contradicted"),
    ("williams-two-groups", "internally-inconsistent", conducted("williams-2018", _parallel), "consistent"),
    ("naltrexone-40-minutes", "contradicted", conducted("williams-2018", _lead), "reproduced"),
    ("suicidality-attenuated", "reproduced", observed("williams-2018", {"outcome": "cssrs"}, high=0.2), "contradicted"),
    ("iv-vs-intranasal", "contradicted", conducted("singh-2016", _nasal), "consistent"),
    ("masking", "consistent", observed("lii-2023", {"statistic": "ls-difference"}, high=-1.0), "contradicted"),
    (
        "twice-vs-thrice",
        "consistent",
        observed(
            "singh-2016", {"arm": "ketamine thrice weekly", "statistic": "observed-change", "time": 15.0}, value=-2.0
        ),
        "contradicted",
    ),
    (
        "placebo-response",
        "consistent",
        observed(
            "transform-2",
            {"arm": "placebo + antidepressant", "statistic": "observed-change", "outcome": "madrs"},
            value=-3.0,
        ),
        "contradicted",
    ),
    ("stard", "consistent", anchored("stard-step-4", value=18.0), "contradicted"),
    ("one-third", "consistent", anchored("stard-cumulative", value=40.0), "contradicted"),
    ("no-head-to-head", "consistent", published(published=2019), "contradicted"),
    ("no-direct-mor-activation", "contradicted", published(bonaventura=0, levinstein=0, gomes=0), "consistent"),
    ("release-falls", "contradicted", published(glx=-38.0), "consistent"),
    ("ect-80-90", "contradicted", published(ketect_count=80), "consistent"),
    (
        "anand-noninferior",
        "reproduced",
        observed("elekt-d", {"arm": "ketamine", "statistic": "response"}, count=60),
        "contradicted",
    ),
    ("ect-meta", "not-testable", stated(people=350), "internally-inconsistent"),
    ("trd-definition", "consistent", published(fava=1, williams=1, elekt_d=1, murrough=1), "contradicted"),
    ("luts", "consistent", anchored("pollakiuria-esketamine", count=3), "not-testable"),
    (
        "esketamine-cognition",
        "consistent",
        observed("sustain-3", {"outcome": "hvlt-recall"}, value=-2.0),
        "not-testable",
    ),
    ("chronic-pain", "not-testable", looks("madrs"), "open"),
]


@pytest.mark.parametrize(("name", "before", "change", "after"), TURNS, ids=[f"{turn[0]}-{turn[3]}" for turn in TURNS])
def test_a_verdict_turns_with_its_numbers(name: str, before: str, change: Change, after: str) -> None:
    assert ruling(name).verdict == before
    assert ruling(name, change).verdict == after


def test_the_deciding_numbers_are_those_of_a_reference_table() -> None:
    """Student's t: P of 0.59 on 66 degrees of freedom; a sign test of five; Jahr and Stevens at -65 and -20 mV."""
    assert ruling("grunebaum-oprm1").numbers[0].value == pytest.approx(0.5572, abs=5e-4)
    assert ruling("yoon-no-significance").numbers[0].value == pytest.approx(0.0625)
    assert [number.value for number in ruling("mg-block").numbers] == pytest.approx([0.060, 0.508], abs=1e-3)


def test_the_ratios_of_affinity_are_those_quoted() -> None:
    found = {number.name: number.value for number in ruling("mor-vs-nmda-affinity").numbers}
    assert found["smallest ratio quoted, S"] == pytest.approx(11 / 1.1)
    assert found["largest ratio quoted, S"] == pytest.approx(28 / 0.30)
    assert found["smallest ratio quoted, racemate"] == pytest.approx(42 / 1.06)
    assert found["largest ratio quoted, racemate"] == pytest.approx(42 / 0.53)


def test_mk_801_is_compared_within_each_laboratory() -> None:
    folds = {number.name: number.value for number in ruling("mk801-thousandfold").numbers}
    assert folds["fold, pdsp"] == pytest.approx(137, abs=1)
    assert folds["fold, rat"] == pytest.approx(1722, abs=1)
    assert folds["fold, oocyte"] == pytest.approx(1067, abs=1)
