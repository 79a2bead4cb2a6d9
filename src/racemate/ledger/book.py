"""The book: every entry of `evidence/claims.toml` by id, and the virtual scenarios its checks may ask for.

It refuses an entry without a check that can be run, an entry that needs a record nobody has, and a fact without source and place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from racemate.evidence.arithmetic import ALLOWED
from racemate.evidence.check.claims import recomputed
from racemate.evidence.files import COLUMNS, read_record, read_toml
from racemate.evidence.finding import Finding, nearest, refuse
from racemate.evidence.library import Library, library
from racemate.evidence.record import Record
from racemate.evidence.synthesis import Pooled
from racemate.ledger.record import ClaimEntry, Document, Scenario, Virtual
from racemate.units import UnitError, parse

FILE = "evidence/claims.toml"
R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Book:
    """Documents by seed, entries by id, scenarios by name, and how many virtual people they take."""

    documents: Mapping[str, Document]
    entries: Mapping[str, ClaimEntry]
    scenarios: Mapping[str, Scenario]
    virtual: Virtual


def cited(known: Library | None = None) -> frozenset[str]:
    """Every source the ledger leans on, whether or not all of it reads; nothing where the evidence has no ledger."""
    evidence = known or library()
    path = evidence.root / "claims.toml"
    data, _ = read_toml(path, FILE) if path.is_file() else ({}, [])
    return frozenset(_words(data, under="")) & frozenset(evidence.sources)


def _words(data: object, under: str) -> Iterator[str]:
    """Every text under a key that names sources."""
    if isinstance(data, str) and under in ("source", "also", "needs"):
        yield data
    elif isinstance(data, list):
        for part in data:
            yield from _words(part, under)
    elif isinstance(data, dict):
        for key, part in data.items():
            yield from _words(part, str(key))


def read(known: Library | None = None) -> Book:
    """Read the book beside the other evidence.  Raises EvidenceError that lists every fault."""
    from racemate.ledger.checks import CHECKS

    evidence = known or library()
    path = evidence.root / "claims.toml"
    data, findings = (
        read_toml(path, FILE) if path.is_file() else ({}, [Finding(FILE, "the file", "nothing", "the ledger")])
    )
    tables = ("document", "claim", "scenario", "virtual")
    findings += [Finding(FILE, key, "a table nobody reads", nearest(key, tables)) for key in data if key not in tables]
    documents = list(_records(Document, data.get("document", []), "document", findings))
    entries = list(_records(ClaimEntry, data.get("claim", []), "claim", findings))
    scenarios = list(_records(Scenario, data.get("scenario", []), "scenario", findings))
    virtual, faults = read_record(Virtual, data.get("virtual", {}), FILE, "virtual")
    findings += faults
    findings += _twice("claim", (entry.id for entry in entries))
    findings += _twice("document", (document.seed for document in documents))
    findings += _twice("scenario", (scenario.name for scenario in scenarios))
    for entry in entries:
        findings += _misfits(entry, {document.seed for document in documents}, CHECKS, evidence)
    findings += [
        Finding(FILE, f"document.{one.seed}", repr(one.source), nearest(one.source, evidence.sources))
        for one in documents
        if one.source not in evidence.sources
    ]
    refuse(findings)
    assert virtual is not None
    return Book(
        {document.seed: document for document in documents},
        {entry.id: entry for entry in entries},
        {scenario.name: scenario for scenario in scenarios},
        virtual,
    )


def _records(model: type[R], tables: Iterable[Any], name: str, findings: list[Finding]) -> Iterator[R]:
    for number, table in enumerate(tables, 1):
        label = f"{name}[{number}] {table.get('id', table.get('name', ''))}".strip()
        record, faults = read_record(model, table, FILE, label)
        findings += faults
        if record is not None:
            yield record


def _twice(table: str, names: Iterable[str]) -> Iterator[Finding]:
    for name, times in Counter(names).items():
        if times > 1:
            yield Finding(FILE, f"{table}.{name}", f"{times} of that name", "each name once")


def _misfits(
    entry: ClaimEntry, seeds: Iterable[str], checks: Mapping[str, object], evidence: Library
) -> Iterator[Finding]:
    """What keeps one entry from being ruled upon."""
    seeds = set(seeds)
    if entry.seed not in seeds:
        yield Finding(FILE, f"{entry.id}.seed", repr(entry.seed), nearest(entry.seed, seeds))
    if entry.check not in checks:
        yield Finding(
            FILE, f"{entry.id}.check", f"{entry.check!r}, which no function carries out", nearest(entry.check, checks)
        )
    records = {*evidence.parameters, *evidence.trials, *evidence.sources}
    for name in entry.needs:
        if name not in records:
            yield Finding(FILE, f"{entry.id}.needs", repr(name), nearest(name, records))
    yield from _rows(entry, evidence)
    yield from _facts(entry, evidence)
    yield from _units(entry)


def _rows(entry: ClaimEntry, evidence: Library) -> Iterator[Finding]:
    shelves = {
        "trial": (evidence.trials, COLUMNS),
        "synthesis": (evidence.syntheses, tuple(Pooled.model_fields)),
        "anchor": (evidence.anchors, ()),
        "signal": (evidence.signals, ()),
    }
    for name, row in entry.row.items():
        records, columns = shelves[row.shelf]
        field = f"{entry.id}.row.{name}"
        if row.record not in records:
            yield Finding(FILE, f"{field}.{row.shelf}", repr(row.record), nearest(row.record, records))
        for column in sorted(set(row.where) - set(columns)):
            yield Finding(FILE, f"{field}.where", repr(column), nearest(column, columns))
        if name in entry.fact:
            yield Finding(FILE, f"{entry.id}.fact.{name}", "a row of the same name", "each name once")


def _facts(entry: ClaimEntry, evidence: Library) -> Iterator[Finding]:
    for name, fact in entry.fact.items():
        field = f"{entry.id}.fact.{name}"
        if not fact.doubtful and not (fact.source and fact.place):
            yield Finding(FILE, field, "no source and place", "both, or how = 'recalled' with a source")
        for source in fact.sources:
            if source not in evidence.sources:
                yield Finding(FILE, f"{field}.source", repr(source), nearest(source, evidence.sources))
        if fact.how == "derived" and not (isinstance(fact.arithmetic, str) and fact.arithmetic):
            yield Finding(FILE, f"{field}.arithmetic", "nothing, for a number 'derived'", ALLOWED)
        elif isinstance(fact.arithmetic, str) and fact.arithmetic and not isinstance(fact.value, tuple):
            yield from recomputed(FILE, f"{field}.arithmetic", fact.arithmetic, fact.value)


def _units(entry: ClaimEntry) -> Iterator[Finding]:
    for table, numbers in (("stated", entry.stated), ("bar", entry.bar), ("fact", entry.fact)):
        for name, number in numbers.items():
            try:
                parse(number.unit)
            except UnitError as error:
                yield Finding(
                    FILE, f"{entry.id}.{table}.{name}.unit", str(error), "a unit such as umol/L, percent or 1"
                )
