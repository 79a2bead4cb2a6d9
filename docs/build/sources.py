"""One page per source: what it is, what of it was read, and everything that leans on it; and the table of sources."""

from collections import defaultdict

from mark import bullets, moment, number, section, spread_of, table, valued, wide, write
from place import PAGES, Atlas

from racemate import hypothesis
from racemate.evidence.library import Library
from racemate.evidence.record import Parameter, Source
from racemate.ledger import book

INDEX = "evidence/sources.md"
READ = {
    "full": "the whole text",
    "table": "some of its tables",
    "abstract": "its abstract",
    "transcription": "a copy of its content made by somebody else",
    "none": "nothing: it is known from other sources alone",
}
Row = tuple[str, ...]
Leaning = dict[str, list[tuple[str, Row]]]
"""By source: the kind of record, and what a table says of it (record, what, place, how)."""


def write_sources(atlas: Atlas) -> None:
    """Every source's page, and the table of sources with how much leans on each."""
    leaning: Leaning = defaultdict(list)
    for gather in (_parameters, _trials, _across, _scales):
        gather(atlas, leaning)
    _beliefs(leaning)
    _ledger(atlas.known, leaning)
    for source in atlas.known.sources.values():
        write(f"page/source/{source.id}.md", _page(source, leaning[source.id]))
    rows = (
        (
            atlas.to("source", source.id, INDEX),
            source.citation,
            _address(source),
            source.kind,
            source.seen,
            str(len(leaning[source.id])),
        )
        for source in sorted(atlas.known.sources.values(), key=lambda one: one.id)
    )
    write("sources.md", table(("source", "citation", "where", "kind", "read", "leans on it"), rows))


def _address(source: Source) -> str:
    if source.doi:
        return f"[{source.doi}](https://doi.org/{source.doi})"
    return f"[link]({source.url})" if source.url else ""


def _page(source: Source, leaning: list[tuple[str, Row]]) -> str:
    errata = source.errata
    facts = [
        *([f"DOI: {_address(source)}"] if source.doi else []),
        *([f"Address: <{source.url}>"] if source.url else []),
        *([f"Registered as {', '.join(source.registry)}"] if source.registry else []),
        f"Kind: {source.kind}",
        f"Read: {READ[source.seen]}",
        f"Errata: {'not looked for' if errata is None else f'looked for on {errata.looked_for}: {errata.found}'}",
        *([f"Note: {source.note}"] if source.note else []),
    ]
    parts = ""
    for kind in dict.fromkeys(kind for kind, _ in leaning):
        rows = [row for other, row in leaning if other == kind]
        parts += section(f"{kind} ({len(rows)})", table(("record", "what", "place", "how"), rows), 3)
    return (
        f"# {source.id}\n\n{source.citation}\n\nOne of the [sources](../../../../{INDEX}).\n\n{bullets(facts)}\n"
        + section("What leans on it", parts or "No number: it is named as background.")
    )


def _here(source: str) -> str:
    return f"{PAGES}/source/{source}.md"


def _parameters(atlas: Atlas, leaning: Leaning) -> None:
    for one in atlas.known.stated.values():
        shelf = "parameter" if isinstance(one, Parameter) else "quantity"
        for claim in one.claims:
            said = f"{valued(claim.value, claim.unit or one.unit)} {wide(claim.spread)}"
            for source in claim.sources:
                row = (atlas.to(shelf, one.name, _here(source)), f"{one.label}: {said}", claim.place, claim.how)
                leaning[source].append(("Claims about numbers", row))
    for one in atlas.known.parameters.values():
        between = one.between
        if between is not None and between.source:
            said = f"{one.label}: how people or studies differ"
            row = (atlas.to("parameter", one.name, _here(between.source)), said, between.place, between.how)
            leaning[between.source].append(("Claims about numbers", row))


def _trials(atlas: Atlas, leaning: Leaning) -> None:
    for trial in atlas.known.trials.values():
        rows = {row.source for row in trial.observations}
        for source in (one for one in trial.sources if one not in rows):
            leaning[source].append(("Trials", (atlas.to("trial", trial.id, _here(source)), trial.title, "", "named")))
        for row in trial.observations:
            here = _here(row.source)
            spread = spread_of(row.spread_kind, row.spread, row.low, row.high)
            what = (row.arm, row.outcome, row.statistic, moment(row.time, row.time_unit))
            said = f"{', '.join(filter(None, what))}: {valued(row.value, row.unit)} {spread}"
            record = atlas.to("trial", trial.id, here, row=row.line)
            leaning[row.source].append(("Rows of trials", (record, said, row.place, row.how)))


def _across(atlas: Atlas, leaning: Leaning) -> None:
    known = atlas.known
    for review in known.syntheses.values():
        for one in review.pooled:
            if source := one.source or review.sources[0]:
                said = f"{one.compare}, {one.outcome}: {valued(one.value, one.unit)} {wide(one.spread)}"
                row = (atlas.to("synthesis", review.id, _here(source)), said, one.place, one.how)
                leaning[source].append(("Pooled estimates", row))
        for study in review.studies:
            row = (atlas.to("synthesis", review.id, _here(study.source)), study.name, study.place, study.how)
            leaning[study.source].append(("Studies of a synthesis", row))
        told = {one.source or review.sources[0] for one in review.pooled} | {one.source for one in review.studies}
        for source in (one for one in review.sources if one not in told):
            leaning[source].append(
                ("Pooled estimates", (atlas.to("synthesis", review.id, _here(source)), review.title, "", "named"))
            )
    for anchor in known.anchors.values():
        if anchor.source:
            said = f"{anchor.who}: {anchor.outcome} {valued(anchor.value, anchor.unit)} {wide(anchor.spread)}"
            row = (atlas.to("anchor", anchor.id, _here(anchor.source)), said, anchor.place, anchor.how)
            leaning[anchor.source].append(("Anchors", row))
    for signal in known.signals.values():
        said = ", ".join(f"{name} {number(value)}" for name, value in signal.printed.items())
        row = (
            atlas.to("signal", signal.id, _here(signal.source)),
            f"{signal.drug}, {signal.event}: {said}",
            signal.place,
        )
        leaning[signal.source].append(("Signals", (*row, signal.how)))


def _scales(atlas: Atlas, leaning: Leaning) -> None:
    for scale in atlas.known.scales.values():
        for what, entry in scale.cited():
            if entry.source:
                row = (
                    atlas.to("scale", scale.name, _here(entry.source)),
                    what.replace("_", " "),
                    entry.place,
                    entry.how,
                )
                leaning[entry.source].append(("Rating scales", row))


def _beliefs(leaning: Leaning) -> None:
    for name in hypothesis.all_names():
        card = hypothesis.read(name)
        for source in dict.fromkeys(card.sources):
            link = f"[`{name}`](../../../../hypotheses.md#{name})"
            leaning[source].append(("Hypotheses", (link, card.claim, "", "named")))


def _ledger(known: Library, leaning: Leaning) -> None:
    read = book.read(known)
    for seed, document in read.documents.items():
        link = "[the ledger](../../../../ledger.md)"
        said = f"Seed {seed}: its assertions are ruled upon"
        leaning[document.source].append(("The ledger", (link, said, "", "transcription")))
    for entry in read.entries.values():
        link = f"[`{entry.id}`](../../../../ledger.md#{entry.id})"
        for name, fact in entry.fact.items():
            for source in fact.sources:
                said = f"{name.replace('_', ' ')}: {valued(fact.value, fact.unit)}"
                leaning[source].append(("The ledger", (link, said, fact.place, fact.how)))
