"""What is kept and told of measurements: the file of a machine, the page, and the command's door."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from benchmarks import page
from benchmarks.__main__ import PARTS, main
from benchmarks.results import Results, begin, place_of
from racemate.cli import run
from racemate.cli.bench import Part, folder

ROUNDS = {"middle": 6.0, "low": 5.0, "high": 7.0, "rounds": 5}


def part(load: float) -> dict[str, Any]:
    """A measured problem with one peer that was paired and one that failed."""
    time = {"middle": 2e-3, "low": 1e-3, "high": 3e-3, "rounds": 5}
    first = {"method": "m", "import_s": 1.0, "compile_s": 2.0, "rss_mib": 100.0, "tolerance": 1e-4, "error": 1e-6}
    rungs = [{"tolerance": 1e-4, "error": 1e-6, "cpu_s": 3e-4, "wall_s": 3e-4}]
    paired = {"one_core_s": time, "one_core_ours_s": time, "one_core_ratio": ROUNDS, "all_cores_ratio": ROUNDS}
    data = {
        "problem": "W1", "states": 16, "outputs": 60, "days": 28.0, "changes": 8, "judged_people": 4, "size": {"ours": 1024}, "reference_error": 1e-10,
        "solvers": [
            {"solver": "racemate", "rungs": rungs, **first},
            {"solver": "numbalsoda", "rungs": rungs, **first, **paired},
            {"solver": "copasi", "failed": "PeerError: no"},
        ],
    }  # fmt: skip
    machine = {
        "processor": "P",
        "cpus": 4,
        "memory_gib": 8.0,
        "system": "S",
        "python": "3",
        "versions": {"racemate": "0"},
    }
    return {"when": "2026", "load_before": load, "load_after": load, "quick": True, "machine": machine, "data": data}


def test_a_busy_machine_is_named_and_its_wall_ratios_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "figure").mkdir()
    quiet, loaded = (page.machine({"w1": part(load)}, tmp_path) for load in (1.0, 20.0))
    assert "Other programs used the machine" in loaded
    assert "Other programs used the machine" not in quiet
    row = next(line for line in quiet.splitlines() if line.startswith("| numbalsoda"))
    assert row.count("6.0 (5.0 to 7.0)") == 2
    assert next(line for line in loaded.splitlines() if line.startswith("| numbalsoda")).count("6.0 (5.0 to 7.0)") == 1


def test_an_aim_that_is_missed_and_a_peer_that_failed_are_told(tmp_path: Path) -> None:
    (tmp_path / "figure").mkdir()
    text = page.machine({"w1": part(1.0)}, tmp_path)
    assert "25 times numbalsoda on one processor, is **not reached**: 6.0 (5.0 to 7.0)" in text
    assert "| copasi | PeerError: no |" in text
    assert "Not measured: diffrax, libroadrunner, amici, scipy, mrgsolve and rxode2" in text


def test_a_part_measured_again_replaces_its_old_one_and_no_other(tmp_path: Path) -> None:
    place = tmp_path / "m.json"
    Results(place).keep("w1", begin(True), {"a": 1})
    again = Results(place)
    again.keep("jobs", begin(False), [])
    again.keep("w1", begin(False), {"a": 2})
    told = json.loads(place.read_text())["parts"]
    assert told["w1"]["data"] == {"a": 2}
    assert set(told) == {"w1", "jobs"}
    assert {"when", "load_before", "load_after", "machine"} <= set(told["w1"])


def test_a_machine_names_its_file() -> None:
    assert place_of({"processor": "AMD EPYC(tm) 7", "cpus": 4}).name == "amd-epyc-tm-7-4-cpus.json"


def test_what_is_kept_of_each_machine_can_be_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["page", str(tmp_path)])
    assert page.main() == 0
    assert (tmp_path / "benchmarks.md").read_text()


def test_the_command_knows_every_part_and_where_they_are() -> None:
    assert set(get_args(Part)) == set(PARTS)
    assert (folder() / "__main__.py").is_file()


@pytest.mark.parametrize("arguments", [["nonsense"], ["--out", "/no/such/folder/x.json"]])
def test_the_command_refuses_what_it_cannot_do(arguments: list[str]) -> None:
    assert run(["bench", *arguments]) == 2


def test_an_unknown_part_is_refused() -> None:
    with pytest.raises(SystemExit) as refused:
        main(["nonsense"])
    assert refused.value.code == 2
