"""Figures carry their numbers: what a chart draws is what the tables hold, and a page of HTML asks nobody for anything."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import racemate as rm
from racemate.report.figure import ink
from racemate.report.figure.trial import Panels
from tests.cli.small import write_trial

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> rm.TrialRun:
    folder = write_trial(tmp_path_factory.mktemp("figures") / "own")
    return rm.replicate(folder, ["composite", "expectancy"], replicates=6, seed=2)


def drawn(spec: Any, key: str) -> list[dict[str, Any]]:
    """Every row of the chart's data that has a key."""
    found: list[dict[str, Any]] = []
    if isinstance(spec, dict):
        values = spec.get("values")
        if isinstance(values, list):
            found += [row for row in values if isinstance(row, dict) and key in row]
        for inner in spec.values():
            found += drawn(inner, key)
    elif isinstance(spec, list):
        for inner in spec:
            found += drawn(inner, key)
    return found


def test_each_hypothesis_has_its_panel_with_its_chance(run: rm.TrialRun) -> None:
    panels = run.figure().to_dict()["concat"]
    assert [panel["title"]["text"] for panel in panels] == ["composite", "expectancy"]
    for panel, chance in zip(panels, run.verdict["probability"], strict=True):
        assert f"{100 * chance:.1f} ±" in panel["title"]["subtitle"][0]


def test_the_line_is_the_median_of_the_table(run: rm.TrialRun) -> None:
    lines = drawn(run.figure().to_dict(), "median")
    simulated = [row for row in run.rows("simulated") if row["statistic"] == "observed-change"]
    for card in ("composite", "expectancy"):
        for row in (row for row in simulated if row["hypothesis"] == card):
            here = [
                line["median"] for line in lines if (line["series"], line["time"]) == (row["arm"], row["hours"] / 24)
            ]
            assert any(np.isclose(median, row["median"]) for median in here)
    assert {line["median"] for line in lines if line["time"] == 0} == {0}


def test_published_means_are_points_with_their_interval(run: rm.TrialRun) -> None:
    points = {row["series"]: row for row in drawn(run.figure().to_dict(), "value")}
    assert points["ketamine"]["value"] == -14
    assert points["ketamine"]["high"] + 14 == pytest.approx(1.959964 * 9 / 5**0.5)
    assert points["saline"]["low"] + 5 == pytest.approx(-1.959964 * 3)


def test_a_published_p_value_stands_above_the_curves(run: rm.TrialRun) -> None:
    marks = drawn(run.figure().to_dict(), "published")
    assert {row["published"] for row in marks} == {"*"}


def test_an_outcome_nobody_followed_is_refused(run: rm.TrialRun) -> None:
    assert Panels.choose(run, "madrs", None).statistic == "observed-change"
    with pytest.raises(KeyError, match="cadss"):
        run.figure("cadss")


def test_the_three_files_need_nothing_else(run: rm.TrialRun, tmp_path: Path) -> None:
    svg, png, html = ink.export(run.figure(), tmp_path / "figure")
    assert svg.read_text().startswith("<svg")
    assert png.read_bytes().startswith(b"\x89PNG")
    page = html.read_text()
    assert not re.search(r"<(?:script|link)[^>]*(?:src|href)\s*=", page)
    assert "vega" in page


def test_a_run_becomes_an_array(run: rm.TrialRun) -> None:
    cube = run.to_xarray()
    assert cube["answer"].dims == ("hypothesis", "question", "replicate")
    assert cube.sizes["replicate"] == 6
    medians = np.nanmedian(cube["answer"].sel(hypothesis="composite"), axis=1)
    table = run.simulated[run.simulated["hypothesis"] == "composite"]["median"].astype(float)
    np.testing.assert_allclose(medians, table, rtol=1e-12)
