"""Follows every link of the built site: the builder reads links of written pages, but not those of what they include."""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from posixpath import dirname, join, normpath

from mark import ROOT

ELSEWHERE = re.compile(r"[a-z]+:")
SITE = ROOT / "site"
UNLINKED = {"404.html"}
"""Served at any address, so that its links are not relative."""


class Page(HTMLParser):
    """The anchors of a page, and where its links lead within the site."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep ids and addresses."""
        found = dict(attrs)
        self.anchors.add(found.get("id") or "")
        link = found.get("href")
        if tag == "a" and link and not ELSEWHERE.match(link):
            self.links.add(link)


def broken(site: Path) -> list[str]:
    """Every link to a file or an anchor that is not there, as page and link."""
    pages = {
        path.relative_to(site).as_posix(): Page(path.read_text())
        for path in sorted(site.rglob("*.html"))
        if path.name not in UNLINKED
    }
    found: list[str] = []
    for name, page in pages.items():
        for link in sorted(page.links):
            file, _, anchor = link.partition("#")
            target = normpath(join(dirname(name), file)) if file else name
            there = anchor in pages[target].anchors | {""} if target in pages else (site / target).exists()
            found += [] if there else [f"{name}: {link}"]
    return found


if __name__ == "__main__":
    if found := broken(SITE):
        sys.exit("Links that lead nowhere:\n" + "\n".join(found))
