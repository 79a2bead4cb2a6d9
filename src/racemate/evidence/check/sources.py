"""Rules for publications and for whoever leans on them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime

from racemate.evidence.finding import Finding, nearest
from racemate.evidence.library import Library

_DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>]+")
_REGISTRY = re.compile(
    r"NCT\d{8}|ISRCTN\d{8}|ACTRN\d{14}|EUCTR\d{4}-\d{6}-\d{2}|\d{4}-\d{6}-\d{2}|UMIN\d{9}|jRCT\w?\d{9,10}"
    r"|ChiCTR[\w-]{8,16}|CTRI/\d{4}/\d{2,3}/\d{6}|NTR\d{3,5}|NL\d{3,5}|IRCT\w{8,20}|DRKS\d{8}|TCTR\d{11}|JapicCTI-\d{6}"
)
_FIRST_YEAR = 1800


def references(library: Library) -> Iterator[tuple[str, str, str]]:
    """Every mention of a source: file, field, source id."""
    for one in library.stated.values():
        for number, claim in enumerate(one.claims, 1):
            yield from ((one.file, f"{one.name}.claim[{number}].source", name) for name in claim.sources)
    for parameter in library.parameters.values():
        if parameter.between is not None and parameter.between.source:
            yield parameter.file, f"{parameter.name}.between.source", parameter.between.source
    for trial in library.trials.values():
        yield from ((f"{trial.folder}/protocol.toml", "trial.sources", name) for name in trial.sources)
        for row in trial.observations:
            yield f"{trial.folder}/outcomes.csv", f"line {row.line}.source", row.source
    for scale in library.scales.values():
        for field, entry in scale.cited():
            if entry.source:
                yield f"evidence/scales/{scale.name}.toml", f"{field}.source", entry.source
    yield from _across(library)


def _across(library: Library) -> Iterator[tuple[str, str, str]]:
    """The mentions by records that stand across trials."""
    for synthesis in library.syntheses.values():
        yield from ((synthesis.file, "sources", name) for name in synthesis.sources)
        for field, entries in (("pooled", synthesis.pooled), ("study", synthesis.studies)):
            for number, entry in enumerate(entries, 1):
                if entry.source:
                    yield synthesis.file, f"{field}[{number}].source", entry.source
    for anchor in library.anchors.values():
        if anchor.source:
            yield anchor.file, f"anchor.{anchor.id}.source", anchor.source
    for signal in library.signals.values():
        yield signal.file, f"signal.{signal.id}.source", signal.source


def source_exists(library: Library) -> Iterator[Finding]:
    """Whoever names a source names one that is there."""
    for file, field, name in references(library):
        if name not in library.sources:
            yield Finding(file, field, repr(name), f"{nearest(name, library.sources)} (evidence/sources)")


def source_is_used(library: Library, cited: Collection[str]) -> Iterator[Finding]:
    """A source is there because something leans on it."""
    used = {name for _, _, name in references(library)} | set(cited)
    for name in library.sources:
        if name not in used:
            yield Finding(
                f"evidence/sources/{name}.toml", "id", f"{name!r}, which nothing cites", "a source of some record"
            )


def source_was_seen(library: Library) -> Iterator[Finding]:
    """A number said to be read comes from a source of which something was read."""
    for parameter in library.stated.values():
        for number, claim in enumerate(parameter.claims, 1):
            source = library.sources.get(claim.source)
            if source is not None and source.seen == "none" and claim.how not in ("recalled", "assumed", "derived"):
                found = f"{claim.how!r} from {source.id}, of which nothing was seen"
                yield Finding(
                    parameter.file, f"{parameter.name}.claim[{number}].how", found, "'recalled', or say what was seen"
                )


def doi_is_well_formed(library: Library) -> Iterator[Finding]:
    """A DOI is written as 10.<registrant>/<suffix>, without an address before it."""
    for source in library.sources.values():
        if source.doi and not _DOI.fullmatch(source.doi):
            yield Finding(f"evidence/sources/{source.id}.toml", "doi", repr(source.doi), "10.<registrant>/<suffix>")


def registry_is_well_formed(library: Library) -> Iterator[Finding]:
    """A registry number is written as its registry writes it."""
    numbered = [
        (f"evidence/sources/{source.id}.toml", "registry", source.registry) for source in library.sources.values()
    ]
    numbered += [
        (f"{trial.folder}/protocol.toml", "trial.registry", trial.registry) for trial in library.trials.values()
    ]
    for file, field, numbers in numbered:
        for number in numbers:
            if not _REGISTRY.fullmatch(number):
                yield Finding(
                    file, field, repr(number), "a registry number such as NCT00768430, ISRCTN14689382 or 2014-004588-19"
                )


def dates_are_possible(library: Library) -> Iterator[Finding]:
    """A publication has a year that can be, and its errata were looked for after it appeared and before today."""
    today = datetime.now(UTC).date()
    for source in library.sources.values():
        file = f"evidence/sources/{source.id}.toml"
        if not _FIRST_YEAR <= source.year <= today.year + 1:
            yield Finding(file, "year", str(source.year), f"a year from {_FIRST_YEAR} to {today.year + 1}")
        if source.errata and not (
            source.year <= source.errata.looked_for.year + 1 and source.errata.looked_for <= today
        ):
            allowed = f"a date between the publication ({source.year}) and today ({today})"
            yield Finding(file, "errata.looked_for", str(source.errata.looked_for), allowed)


RULES = (source_exists, source_was_seen, doi_is_well_formed, registry_is_well_formed, dates_are_possible)
