"""Known: the commands that look things up: `trials`, `evidence`, `hypotheses`, `check` and `cite`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Parameter

from racemate.cli.screen import bold, columns, paragraph, tell

if TYPE_CHECKING:
    import pandas as pd

    from racemate.evidence.record import Claim

Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")]

trials = App(name="trials", help="List the trials, or show one.", help_format="plaintext")
evidence = App(
    name="evidence", help="Search the numbers, or show one with every claim about it.", help_format="plaintext"
)
hypotheses = App(name="hypotheses", help="List the cards, or show one.", help_format="plaintext")


@trials.default
def list_trials(*, json: Json = False) -> None:
    """List the trials of the evidence."""
    from racemate.report import known

    _table(known.trials(), ("id", "use", "people", "rows", "title"), json)


@trials.command(name="show")
def show_trial(trial: Annotated[str, Parameter(help="Id of a trial.")], /, *, json: Json = False) -> None:
    """Show one trial: what it does, what was published, why to be wary."""
    from racemate.evidence.library import library
    from racemate.report import words
    from racemate.report.run.folder import json_text, records
    from racemate.trial.published import observed, protocol_of

    record = library().trial(trial)
    protocol = protocol_of(record)
    seen = observed(protocol, record.observations)
    if json:
        head = record.model_dump(mode="json", exclude={"observations", "protocol"})
        told = protocol.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        print(json_text({**head, "protocol": told, "observed": records(seen)}), end="")
        return
    print(
        f"{bold(record.id)}  {record.title}\n{record.use}; {protocol.people} people; sources: {', '.join(record.sources)}\n"
    )
    for arm in protocol.conditions:
        doses = [
            f"{d.drug} {d.amount} {d.route}" + (f" over {d.over}" if d.over != "0 min" else "") + f", {d.schedule}"
            for d in arm.doses
        ]
        print(paragraph(f"{arm.name}: {'; '.join(doses) or 'no drug'}", "  "))
    rows = [
        (
            words.moment(r["time"], r["time_unit"]),
            words.quantity(r["outcome"], r["statistic"], r["population"] or ""),
            r["arm"],
            words.stated(r),
        )
        for r in records(seen)
    ]
    print("\n" + columns(("time", "published", "arm", "value"), rows, "  "))
    if record.warnings:
        print("\nBefore you believe it:\n" + "\n".join(paragraph(f"- {line}", "  ") for line in record.warnings))
    if protocol.patterns:
        print(
            "\nPatterns that a replication asks for:\n"
            + "\n".join(paragraph(f"- {p.name} [{p.source}, {p.place}]", "  ") for p in protocol.patterns)
        )


@evidence.default
def list_evidence(
    *,
    search: Annotated[
        str, Parameter(name=["--search", "--text"], help="Text to look for in names, labels and notes.")
    ] = "",
    link: Annotated[str, Parameter(help="A link of the chain, such as occupancy.")] = "",
    doubtful: Annotated[bool, Parameter(negative="", help="Only numbers that nobody read in a source.")] = False,
    json: Json = False,
) -> None:
    """List the numbers: median and 95 % range of each prior; ! marks those that nobody read in a source."""
    from racemate.report import known
    from racemate.report.run.folder import records

    found = known.evidence(search, link, doubtful)
    if json:
        return _table(found, (), json)
    rows = [
        (
            one["name"],
            _numbers(one["median"]),
            "" if one["low"] is None else f"{one['low']:.3g} to {one['high']:.3g}",
            one["unit"],
            one["claims"],
            "!" if one["doubtful"] else "",
            one["label"],
        )
        for one in records(found)
    ]
    print(columns(("name", "median", "95 %", "unit", "claims", "", "label"), rows))
    return None


@evidence.command(name="show")
def show_evidence(
    name: Annotated[str, Parameter(help="Name of a number, link.field.")], /, *, json: Json = False
) -> None:
    """Show one number: its prior and every claim about it, with source and place."""
    from racemate.evidence.library import library
    from racemate.report.run.folder import json_text

    known = library()
    one = known.parameter(name)
    prior = known.prior(name)
    if json:
        found = one.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        print(
            json_text(
                {**found, "prior": {"law": prior.law, "median": prior.median, "low": prior.low, "high": prior.high}}
            ),
            end="",
        )
        return
    print(
        f"{bold(one.name)}  {one.label}\nprior: {prior.law}, median {_numbers(prior.median)} {one.unit}; pooled by {one.pool}; differs by {one.vary}"
    )
    rows = [(_claim(claim, one.unit), claim.how, claim.source, claim.place, claim.note) for claim in one.claims]
    print("\n" + columns(("claim", "how", "source", "place", "note"), rows, "  "))
    cited = [known.sources[source].citation for source in one.sources if source in known.sources]
    print("\n" + "\n".join(paragraph(f"- {line}", "  ") for line in cited))


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
        f"racemate: {len(known.parameters)} numbers, {len(known.sources)} sources, {len(known.trials)} trials: nothing wrong"
    )
    return 0


def cite(
    run: Annotated[Path, Parameter(help="Folder that a run wrote with --out.")],
    /,
    *,
    format: Annotated[Literal["text", "bibtex", "csl-json"], Parameter(help="How to write the list.")] = "text",  # noqa: A002 the option's name
    json: Json = False,
) -> None:
    """List the sources of everything that a run touched: its trial, its cards, and every number they used."""
    from racemate.evidence.cite import bibtex, csl_json, plain
    from racemate.report.run.folder import read_manifest
    from racemate.report.run.manifest import changed, cited

    manifest = read_manifest(run)
    for line in changed(manifest):
        tell(f"racemate: {line}")
    write = {"text": plain, "bibtex": bibtex, "csl-json": csl_json}["csl-json" if json else format]
    print(write(cited(manifest)), end="")


def _table(found: pd.DataFrame, shown: tuple[str, ...], json: bool) -> None:
    from racemate.report.run.folder import json_text, records

    if json:
        print(json_text(records(found)), end="")
    else:
        print(columns(shown, [[str(row[name]) for name in shown] for row in records(found)]))


def _numbers(value: Any) -> str:
    return ", ".join(f"{one:.4g}" for one in value) if isinstance(value, tuple | list) else f"{value:.4g}"


def _claim(claim: Claim, unit: str) -> str:
    spread = claim.spread
    wide = f" ({spread.kind} {spread.value:g})" if spread.value is not None else ""
    ends = (
        f" ({spread.kind} {spread.low:g} to {spread.high:g})"
        if spread.low is not None and spread.high is not None
        else ""
    )
    return f"{_numbers(claim.value)} {claim.unit or unit}" + wide + ends + ("" if claim.pooled else " [beside]")
