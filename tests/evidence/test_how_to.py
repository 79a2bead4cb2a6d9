"""The how-to page, followed word for word on a copy of the evidence: it says what `racemate check` then says."""

import re
from pathlib import Path
from shutil import copytree

from racemate.evidence.check import check
from racemate.evidence.finding import Finding
from racemate.evidence.library import read_library

BLOCK = re.compile(r"^```(\w+)(?: title=\"([^\",]+)(?:, ([^\"]+))?\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def write(path: Path, how: str, text: str) -> None:
    """Do what the title of a block says: the whole file, lines at the end, or the last line that sets the same field."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if how == "":
        path.write_text(text, encoding="utf-8")
    elif how == "at the end":
        path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
    else:
        assert how == "this line"
        lines = path.read_text(encoding="utf-8").splitlines()
        field = text.partition("=")[0].strip()
        last = max(number for number, line in enumerate(lines) if line.partition("=")[0].strip() == field)
        lines[last] = text.rstrip()
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def said(root: Path) -> set[Finding]:
    """What the check says about a state of the folder; a fresh copy, since a library is read once per folder."""
    state = root.parent / f"state-{len(list(root.parent.iterdir()))}" / "evidence"
    copytree(root / "evidence", state)
    return {finding for findings in check(read_library(state)).values() for finding in findings}


def test_the_page_says_what_happens(tmp_path: Path, repository: Path) -> None:
    root = tmp_path / "checkout"
    copytree(repository / "evidence", root / "evidence")
    before = {(finding.file, finding.field) for finding in said(root)}
    page = (repository / "docs" / "how-to" / "add-a-number.md").read_text(encoding="utf-8")
    answers = 0
    for language, file, how, text in BLOCK.findall(page):
        if language != "text":
            write(root / file, how, text)
            continue
        new = {str(finding) for finding in said(root) if (finding.file, finding.field) not in before}
        assert new == set(text.splitlines())
        answers += 1
    assert answers == 3
    assert {(finding.file, finding.field) for finding in said(root)} <= before
