"""The tree holds the project and nothing of the machine it was written on."""

import re

from tests.house.tree import ROOT, files

TEXT = {".py", ".md", ".toml", ".cff", ".yml", ".yaml", ".csv", ".json", ".cfg", ".txt", ".sh", ""}
MACHINE = re.compile(r"(?<![\w.~}/])/(?:home|root|Users|work|opt|mnt|var/folders|tmp/[a-z])(?:/[\w.-]+)+")
LARGEST = 2_000_000
"""Bytes; the largest file is that of the sealed predictions of nine cards."""


def test_no_path_of_a_machine() -> None:
    found = [
        f"{path}:{number}: {match.group()}"
        for path in files()
        if path.suffix in TEXT and path.name not in {"uv.lock", "test_tree.py"}
        for number, line in enumerate((ROOT / path).read_text().splitlines(), 1)
        for match in MACHINE.finditer(line)
    ]
    assert not found, f"paths of one machine: {found}"


def test_a_machine_path_would_be_seen() -> None:
    assert MACHINE.search("read from /home/ada/data.csv")
    assert MACHINE.search('open("/home/ada/racemate/x.toml")')
    assert not MACHINE.search("https://example.org/home/page")
    assert not MACHINE.search("docs/work/plan.md")


def test_no_file_is_too_large() -> None:
    large = {str(path): size for path in files() if (size := (ROOT / path).stat().st_size) > LARGEST}
    assert not large, f"larger than {LARGEST} bytes: {large}"
