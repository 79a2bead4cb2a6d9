"""The bibliography of whatever was used: plain text, BibTeX and CSL-JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from racemate.evidence.finding import EvidenceError, nearest
from racemate.evidence.library import Library
from racemate.evidence.record import Source

_BIBTEX = {"paper": "article", "book": "book", "conference": "inproceedings", "code": "software"}
_CSL = {
    "paper": "article-journal",
    "book": "book",
    "conference": "paper-conference",
    "code": "software",
    "registry": "dataset",
    "press": "article-newspaper",
    "seed": "document",
    "label": "document",
}
_ESCAPES = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"} | {
    c: f"\\{c}" for c in "&%$#_{}"
}


def sources_of(library: Library, names: Iterable[str]) -> tuple[Source, ...]:
    """The sources behind a set of record names, by id, each once.

    A name is that of a parameter, a quantity, a trial, a scale, a synthesis, an anchor, a signal or a source.  Raises EvidenceError with the nearest match for any other.
    """
    ids: set[str] = set()
    for name in names:
        if name in library.sources:
            ids.add(name)
        elif name in library.stated:
            ids.update(library.stated[name].sources)
        elif name in library.trials:
            trial = library.trials[name]
            ids.update(trial.sources, (row.source for row in trial.observations))
        elif name in library.scales:
            ids.update(entry.source for _, entry in library.scales[name].cited() if entry.source)
        elif name in library.syntheses:
            ids.update(library.syntheses[name].named)
        elif name in library.anchors or name in library.signals:
            record = library.anchors.get(name) or library.signals[name]
            ids.update([record.source] if record.source else [])
        else:
            raise EvidenceError("evidence", "name", repr(name), nearest(name, library.names))
    return tuple(library.source(name) for name in sorted(ids))


def plain(sources: Iterable[Source]) -> str:
    """One citation per line, with its DOI or address."""
    return "".join(f"{source.citation}{_link(source)}\n" for source in sources)


def bibtex(sources: Iterable[Source]) -> str:
    """A BibTeX file; the key is the source's id."""
    return "\n".join(_entry(source) for source in sources)


def csl(sources: Iterable[Source]) -> list[dict[str, Any]]:
    """CSL-JSON items, for reference managers."""
    return [_item(source) for source in sources]


def csl_json(sources: Iterable[Source]) -> str:
    """A CSL-JSON file."""
    return json.dumps(csl(sources), ensure_ascii=False, indent=2) + "\n"


def _link(source: Source) -> str:
    if source.doi:
        return f" https://doi.org/{source.doi}"
    return f" {source.url}" if source.url else ""


def _entry(source: Source) -> str:
    fields = {
        "author": " and ".join(_escaped(name) for name in source.authors),
        "title": f"{{{_escaped(source.title)}}}",
        "journal": _escaped(source.journal),
        "year": str(source.year),
        "doi": source.doi,
        "url": source.url,
        "note": _escaped(", ".join(source.registry)),
    }
    lines = [f"  {name} = {{{text}}}," for name, text in fields.items() if text]
    return "\n".join([f"@{_BIBTEX.get(source.kind, 'misc')}{{{source.id},", *lines, "}"]) + "\n"


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(letter, letter) for letter in text)


def _item(source: Source) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": source.id,
        "type": _CSL[source.kind],
        "title": source.title,
        "author": [_name(author) for author in source.authors],
        "issued": {"date-parts": [[source.year]]},
        "container-title": source.journal,
        "DOI": source.doi,
        "URL": source.url,
        "note": ", ".join(source.registry),
    }
    return {key: value for key, value in item.items() if value}


def _name(author: str) -> dict[str, str]:
    """A person is written "Family, Given"; any other name is an institution's."""
    family, comma, given = author.partition(",")
    return (
        {"family": family.strip(), "given": given.strip()}
        if comma
        else {"literal": re.sub(r"\s+", " ", author).strip()}
    )
