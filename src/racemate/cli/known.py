"""Known: the commands that look things up: `trials`, `hypotheses`, `check` and `cite`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Parameter

from racemate.cli.talk.screen import bold, columns, paragraph, tell, width

if TYPE_CHECKING:
    import pandas as pd

    from racemate.evidence.record import Source, Trial
    from racemate.trial.design.protocol import Protocol

Row = dict[str, Any]
_CONTROL = 26
"""Columns for what a trial was controlled with."""

Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")]

trials = App(name="trials", help="List the trials, or show one.", help_format="plaintext")
hypotheses = App(name="hypotheses", help="List the cards, or show one.", help_format="plaintext")


@trials.default
def list_trials(
    *,
    use: Annotated[
        Literal["calibration", "hold-out", "context"] | None, Parameter(help="Only trials of this use.")
    ] = None,
    table: Annotated[
        bool, Parameter(negative="", help="The feature matrix: drugs, routes, control, blinding, scales, days, rows.")
    ] = False,
    json: Json = False,
) -> None:
    """List the trials of the evidence; with --table what each does and how it was blinded."""
    from racemate.report import known
    from racemate.report.run.folder import records

    found = known.trials(use or "")
    if not table or json:
        return _table(found, ("id", "use", "people", "rows", "title"), json)
    print(_matrix(records(found)))
    return None


@trials.command(name="show")
def show_trial(
    trial: Annotated[str, Parameter(help="Id of a trial.")],
    /,
    *,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"], help="Folder to draw the timeline into.")] = None,
    force: Annotated[bool, Parameter(negative="", help="Replace a figure that is there.")] = False,
    json: Json = False,
) -> None:
    """Show one trial: its design over time, risk of bias, what was published, why to be wary; --out draws the design."""
    from racemate.evidence.library import library
    from racemate.report.run.folder import json_text, records, write_figure
    from racemate.trial.published import observed, protocol_of

    record = library().trial(trial)
    protocol = protocol_of(record)
    seen = records(observed(protocol, record.observations))
    files: list[Path] = []
    if out is not None:
        from racemate.report.figure.timeline import draw

        files = write_figure(out, record.id, draw(record), force)
    if json:
        head = record.model_dump(mode="json", exclude={"observations", "protocol"})
        told = protocol.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        print(json_text({**head, "protocol": told, "observed": seen, "figure": list(map(str, files))}), end="")
    else:
        print("\n".join([*_told(record, protocol, seen), *map(str, files)]))


@hypotheses.default
def list_hypotheses(*, json: Json = False) -> None:
    """List the cards."""
    from racemate.report import known

    _table(known.hypotheses(), ("name", "variants", "claim"), json)


@hypotheses.command(name="show")
def show_hypothesis(
    card: Annotated[str, Parameter(help="A card's name, name:variant, or file.")],
    /,
    *,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"], help="Write the card as one HTML page.")] = None,
    force: Annotated[bool, Parameter(negative="", help="Replace a file that is there.")] = False,
    json: Json = False,
) -> None:
    """Show one card: what it claims, its edges, what a dose must move, what would embarrass it."""
    from racemate import hypothesis
    from racemate.report.run.folder import json_text

    found = hypothesis.read(card)
    if out is not None:
        return _write_card(card, out, force)
    if json:
        print(json_text(found.model_dump(mode="json", by_alias=True)), end="")
        return None
    print(bold(found.name) + "\n" + paragraph(found.claim) + "\n")
    rows = []
    for edge in found.edges:
        belief = found.gains.get(edge)
        law = (
            ""
            if belief is None
            else f"{belief.stated.law}" + ("" if belief.stated.median is None else f", median {belief.stated.median:g}")
        )
        rows.append((edge, law, "" if belief is None else belief.source, "" if belief is None else belief.note))
    print(columns(("edge", "prior of its gain", "source", "why"), rows, "  "))
    print("\n" + paragraph(f"A dose of ketamine moves: {', '.join(found.moves)}"))
    print("\nEmbarrassed by:\n" + "\n".join(paragraph(f"- {one.what}", "  ") for one in found.embarrassed_by))
    if found.variants:
        print(f"\nVariants: {', '.join(f'{found.name.partition(chr(58))[0]}:{name}' for name in found.variants)}")
    return None


def _write_card(card: str, out: Path, force: bool) -> None:
    from racemate.model import bind
    from racemate.report.card import html
    from racemate.report.run.folder import write_file

    write_file(out, html(bind(card)).encode(), force)
    print(out)


def check(*, json: Json = False) -> int:
    """Check every number, source, trial, card and assertion; exit code 2 and a line per fault when something is wrong."""
    from racemate import ledger
    from racemate.evidence.library import evidence_root, library, read_library
    from racemate.report.known import faults
    from racemate.report.run.folder import json_text

    state = read_library(evidence_root().resolve())
    broken = faults(ledger.sources(state))
    if ledger_faults := ledger.faults(state):
        broken["ledger_reads"] = ledger_faults
    count = sum(map(len, broken.values()))
    if json:
        found = {rule: [vars(finding) for finding in findings] for rule, findings in broken.items()}
        print(json_text({"faults": count, "rules": found}), end="")
    else:
        for finding in dict.fromkeys(finding for findings in broken.values() for finding in findings):
            print(finding)
    if count:
        tell(f"racemate: {count} faults against {len(broken)} rules: {', '.join(broken)}")
        return 2
    known = library()
    tell(
        f"racemate: {len(known.parameters)} numbers, {len(known.quantities)} quantities, {len(known.sources)} sources, "
        f"{len(known.trials)} trials: nothing wrong"
    )
    return 0


def cite(
    what: Annotated[
        str, Parameter(help="Folder that a run wrote with --out, or a trial, a number or any other record.")
    ],
    /,
    *,
    format: Annotated[Literal["text", "bibtex", "csl-json"], Parameter(help="How to write the list.")] = "text",  # noqa: A002 the option's name
    json: Json = False,
) -> None:
    """List the sources of a trial or a number, or of everything that a run touched: its trial, its cards, and every number they used."""
    from racemate.evidence.cite import bibtex, csl_json, plain, sources_of
    from racemate.evidence.finding import EvidenceError, nearest
    from racemate.evidence.library import library

    write = {"text": plain, "bibtex": bibtex, "csl-json": csl_json}["csl-json" if json else format]
    known = library()
    if what not in known.names and not Path(what).exists():
        allowed = f"a folder that a run wrote with --out, or {nearest(what, known.names)}"
        raise EvidenceError("cite", "what", repr(what), allowed)
    print(write(sources_of(known, [what]) if what in known.names else _touched(Path(what))), end="")


def _touched(run: Path) -> tuple[Source, ...]:
    """The sources of a run; what has changed since is told."""
    from racemate.report.run.folder import read_manifest
    from racemate.report.run.manifest import changed, cited

    manifest = read_manifest(run)
    for line in changed(manifest):
        tell(f"racemate: {line}")
    return cited(manifest)


def _matrix(rows: Iterable[Row]) -> str:
    """The feature matrix of trials; ? stands where nobody found the answer."""
    head = ("id", "use", "n", "control", "blinded", "cross", "days", "rows", "recalled", "drugs by route; scales")
    cells = [
        (
            row["id"],
            row["use"],
            row["people"],
            shorten(row["control"] or "?", _CONTROL, placeholder="..."),
            row["blinded"] or "?",
            "yes" if row["crossover"] else "",
            f"{row['days']:.3g}",
            row["rows"],
            row["recalled"] or "",
            f"{row['drugs']} by {row['routes']}; {row['scales']}" if row["drugs"] else row["scales"],
        )
        for row in rows
    ]
    return columns(head, cells)


def _told(record: Trial, protocol: Protocol, seen: list[Row]) -> Iterator[str]:
    """One trial, part by part."""
    from racemate.report.design import bias, design
    from racemate.report.sketch import timeline

    sources = ", ".join(record.sources)
    yield f"{bold(record.id)}  {record.title}"
    yield f"{record.use}; {protocol.people} people; sources: {sources}\n"
    for arm in protocol.conditions:
        doses = [
            f"{d.drug} {d.amount} {d.route}" + (f" over {d.over}" if d.over != "0 min" else "") + f", {d.schedule}"
            for d in arm.doses
        ]
        yield paragraph(f"{arm.name}: {'; '.join(doses) or 'no drug'}", "  ")
    yield "\n" + "\n".join(timeline(design(protocol), width()))
    yield "\n" + columns(("risk of bias", ""), bias(record.bias, protocol.blinding), "  ")
    yield "\n" + columns(("time", "published", "arm", "value"), map(_published, seen), "  ")
    if record.warnings:
        yield "\nBefore you believe it:"
        yield from (paragraph(f"- {line}", "  ") for line in record.warnings)
    if protocol.patterns:
        yield "\nPatterns that a replication asks for:"
        yield from (paragraph(f"- {p.name} [{p.source}, {p.place}]", "  ") for p in protocol.patterns)


def _published(row: Row) -> tuple[str, str, str, str]:
    from racemate.report import words

    what = words.quantity(row["outcome"], row["statistic"], row["population"] or "")
    return words.moment(row["time"], row["time_unit"]), what, row["arm"], words.stated(row)


def _table(found: pd.DataFrame, shown: tuple[str, ...], json: bool) -> None:
    from racemate.report.run.folder import json_text, records

    if json:
        print(json_text(records(found)), end="")
    else:
        print(columns(shown, [[str(row[name]) for name in shown] for row in records(found)]))
