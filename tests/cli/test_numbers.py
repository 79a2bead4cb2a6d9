"""Asking about a number: filters that combine, claims that disagree, and every claim drawn beside the prior."""

import json
from itertools import combinations
from math import log
from pathlib import Path
from typing import Any

import pytest

import racemate as rm
from racemate import cli
from racemate.evidence.library import library
from racemate.report import numbers
from racemate.report.figure.number import draw
from racemate.report.run.folder import records
from tests.report.test_figures import drawn


def said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert cli.run(arguments) == 0
    return capsys.readouterr().out


def found(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return json.loads(said(["evidence", *arguments, "--json"], capsys))


def test_every_filter_keeps_what_it_says_and_filters_combine(capsys: pytest.CaptureFixture[str]) -> None:
    known = library().stated
    wanted = {
        ("--drug", "esketamine"): lambda one: one.drug == "esketamine",
        ("--target", "kappa"): lambda one: one.target == "kappa",
        ("--source", "ebert-1997"): lambda one: "ebert-1997" in one.sources,
        ("--how", "recalled"): lambda one: any(claim.how == "recalled" for claim in one.claims),
        ("--link", "occupancy"): lambda one: one.link == "occupancy",
    }
    names = {option: {row["name"] for row in found(list(option), capsys)} for option in wanted}
    for option, keeps in wanted.items():
        assert names[option] == {name for name, one in known.items() if keeps(one)} != set()
    for first, second in combinations(wanted, 2):
        assert {row["name"] for row in found([*first, *second], capsys)} == names[first] & names[second]


@pytest.mark.parametrize("option", ["--drug", "--target", "--source", "--how", "--link"])
def test_a_word_that_nobody_knows_is_refused(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["evidence", option, "esketamin"]) == 2
    assert "found 'esketamin', allowed: " in capsys.readouterr().err


def test_disagreements_are_told_by_ratio_and_by_spread(capsys: pytest.CaptureFixture[str]) -> None:
    rows = found(["--disagreements"], capsys)
    scores = [row["z"] for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) > 1.96
    every = {row["name"]: row for row in found([], capsys)}
    assert {name for name, row in every.items() if (row["z"] or 0) > 1.96} == {row["name"] for row in rows}
    # Six laboratories print no spread, so each pair is as far apart as its logarithms over the spread that pooling gives both.
    known = library()
    values = [float(claim.value) for claim in known.parameter("occupancy.kd_nmda_s").claims]  # pyright: ignore[reportArgumentType]
    assert known.judgement is not None
    unstated = known.judgement.between_claims["lognormal-meta"].unstated
    here = every["occupancy.kd_nmda_s"]
    assert here["ratio"] == pytest.approx(max(values) / min(values))
    assert here["z"] == pytest.approx(log(max(values) / min(values)) / (unstated * 2**0.5))
    assert here["between"] == "seeman-2005 and salat-2015"
    assert "furthest apart" in said(["evidence", "--disagreements", "--link", "occupancy"], capsys)


def test_a_single_claim_agrees_with_itself() -> None:
    alone = [row for row in records(rm.evidence()) if row["claims"] == 1]
    assert len(alone) > 0
    assert all(row["z"] is None and row["ratio"] is None for row in alone)


def test_python_takes_the_same_filters_as_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    table = rm.evidence(link="occupancy", how="derived", disagreements=True)
    assert list(table["name"]) == [
        row["name"] for row in found(["--link", "occupancy", "--how", "derived", "--disagreements"], capsys)
    ]


def test_a_number_is_shown_with_system_interval_and_records(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(["evidence", "show", "occupancy.kd_nmda_s"], capsys)
    for part in ("[3H]MK-801", "95 %", "evidence/parameters/occupancy.toml", "evidence/sources/ebert-1997.toml"):
        assert part in text
    told = json.loads(said(["evidence", "show", "occupancy.kd_nmda_s", "--json"], capsys))
    low, high = told["prior"]["interval95"]
    assert low < told["prior"]["median"] < high
    assert len(told["claims"]) == len(library().parameter("occupancy.kd_nmda_s").claims)


def test_a_quantity_is_shown_as_one_that_no_link_reads(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(["evidence", "show", "channel.ki_pcp"], capsys)
    for part in (
        "no link reads it; it bears on occupancy",
        "313 nmol/L",
        "seeman-2005",
        "evidence/quantities/channel.toml",
    ):
        assert part in text
    told = json.loads(said(["evidence", "show", "channel.ki_pcp", "--json"], capsys))
    assert told["prior"] is None
    assert len(told["claims"]) == len(library().number("channel.ki_pcp").claims) == 3


def test_other_people_are_no_disagreement(capsys: pytest.CaptureFixture[str]) -> None:
    rows = {row["name"]: row for row in found([], capsys)}
    for name in ("people.age_mean", "samples.age"):
        one = library().number(name)
        assert len({claim.population for claim in one.claims}) == len(one.claims) > 1
        assert rows[name]["z"] is None


def test_the_figure_is_written_once_and_replaced_only_by_force(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["evidence", "show", "occupancy.trapped", "--out", str(tmp_path / "figures")]
    said(command, capsys)
    assert {path.name for path in (tmp_path / "figures").iterdir()} == {
        f"occupancy.trapped{ending}" for ending in (".svg", ".png", ".html")
    }
    assert cli.run(command) == 2
    assert "--force" in capsys.readouterr().err
    said([*command, "--force"], capsys)


def test_a_number_of_each_kind_draws_every_claim_and_a_prior_inside_its_range() -> None:
    known = library()
    kinds = {
        (one.pool, known.prior(name).law, known.prior(name).array, len(one.claims) > len(one.pooled)): name
        for name, one in known.parameters.items()
    }
    assert len(kinds) > 6
    for name in kinds.values():
        one = known.parameter(name)
        spec = draw(name).to_dict(validate=False)
        rows = drawn(spec["vconcat"][0], "claim")
        assert len(rows) == len(numbers.claims(name))
        assert {row["series"] for row in rows} == {
            "recalled or assumed" if claim.doubtful else "read in a source" for claim in one.claims
        }
        density = [row for row in drawn(spec["vconcat"][1], "height") if "low" not in row]
        prior = known.prior(name)
        if prior.law != "fixed" and not prior.array:
            assert len(density) > 100
            assert all(prior.low <= row["value"] <= prior.high and 0 < row["height"] <= 1 for row in density)


def test_the_axis_is_logarithmic_for_a_lognormal_prior_only() -> None:
    for name, kind in (("occupancy.kd_nmda_s", "log"), ("occupancy.trapped", "linear")):
        layer = draw(name).to_dict(validate=False)["vconcat"][0]["layer"][0]
        assert layer["encoding"]["x"]["scale"]["type"] == kind
