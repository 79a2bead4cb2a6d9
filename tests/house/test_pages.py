"""Every page of the docs can be found from the menu, and the menu leads nowhere else."""

import re

from tests.house.tree import ROOT, files


def menu() -> list[str]:
    _, _, nav = (ROOT / "mkdocs.yml").read_text().partition("\nnav:\n")
    return re.findall(r": (\S+\.md)$", nav, flags=re.MULTILINE)


def test_the_menu_holds_every_page_once() -> None:
    pages = [
        path.relative_to("docs").as_posix() for path in files() if path.match("docs/**/*.md") or path.match("docs/*.md")
    ]
    assert sorted(menu()) == sorted(pages)


def test_a_link_between_project_pages_leads_somewhere() -> None:
    """The docs build checks its own links; these stand outside of it."""
    broken = [
        f"{name}: {target}"
        for name in ("README.md", "CONTRIBUTING.md", "CODE_OF_CONDUCT.md")
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / name).read_text())
        if not (ROOT / target).exists()
    ]
    assert not broken
