"""Numbers: the commands that ask about a number: `evidence` lists and filters, `evidence show` tells every claim and draws them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from racemate.cli.talk.screen import bold, columns, paragraph

if TYPE_CHECKING:
    from racemate.evidence.record import Claim
    from racemate.evidence.record import Parameter as Pooled

Row = dict[str, Any]
_VALUES = 40
"""Columns for what was claimed."""

Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")]

evidence = App(
    name="evidence", help="Search the numbers, or show one with every claim about it.", help_format="plaintext"
)


@evidence.default
def list_evidence(
    text: Annotated[
        str, Parameter(name=["--search", "--text"], help="Text to look for in names, labels, systems and notes.")
    ] = "",
    /,
    *,
    link: Annotated[str, Parameter(help="A link of the chain, such as occupancy.")] = "",
    drug: Annotated[str, Parameter(help="A drug, such as esketamine.")] = "",
    target: Annotated[str, Parameter(help="A receptor or transporter, such as kappa.")] = "",
    source: Annotated[str, Parameter(help="A source that a claim leans on, such as ebert-1997.")] = "",
    how: Annotated[str, Parameter(help="How a claim was read, such as table, derived or recalled.")] = "",
    doubtful: Annotated[bool, Parameter(negative="", help="Only numbers that nobody read in a source.")] = False,
    disagreements: Annotated[
        bool,
        Parameter(negative="", help="Only numbers whose claims differ by more than their spreads, the most first."),
    ] = False,
    json: Json = False,
) -> None:
    """List the numbers that meet every filter; ! marks those that nobody read in a source.

    First the numbers of the chain, with median and 95 % range of each prior; then those that no link reads, with what was claimed.
    """
    from racemate.report import numbers
    from racemate.report.run.folder import json_text, records

    found = records(
        numbers.evidence(
            text, link, doubtful, drug=drug, target=target, source=source, how=how, disagreements=disagreements
        )
    )
    if json:
        print(json_text(found), end="")
    elif disagreements:
        rows = [
            (one["name"], one["unit"], one["claims"], _short(one["ratio"]), f"{one['z']:.1f}", one["between"])
            for one in found
        ]
        print(columns(("name", "unit", "claims", "ratio", "z", "furthest apart"), rows))
    else:
        print("\n\n".join(_listed(found)))


def _listed(found: list[Row]) -> Iterator[str]:
    """The numbers of the chain, then those that no link reads."""
    read = [one for one in found if one["kind"] == "parameter"]
    unread = [one for one in found if one["kind"] == "quantity"]
    if read or not unread:
        rows = [
            (
                *(one["name"], _numbers(one["median"]), _range(one["low"], one["high"]), one["unit"], one["claims"]),
                *("!" if one["doubtful"] else "", one["label"]),
            )
            for one in read
        ]
        yield columns(("name", "median", "95 %", "unit", "claims", "", "label"), rows)
    if unread:
        rows = [
            (
                *(one["name"], shorten(_numbers(one["values"]), _VALUES, placeholder=" ..."), one["unit"]),
                *("!" if one["doubtful"] else "", one["label"]),
            )
            for one in unread
        ]
        yield columns(("no link reads", "claimed", "unit", "", "label"), rows)


@evidence.command(name="show")
def show_evidence(
    name: Annotated[str, Parameter(help="Name of a number, link.field.")],
    /,
    *,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"], help="Folder to draw claims and prior into.")] = None,
    force: Annotated[bool, Parameter(negative="", help="Replace a figure that is there.")] = False,
    json: Json = False,
) -> None:
    """Show one number: its prior and every claim about it, with source, place and system; --out draws them."""
    from racemate.report import numbers
    from racemate.report.run.folder import json_text, write_figure

    told = numbers.about(name)
    files: list[Path] = []
    if out is not None:
        from racemate.report.figure.number import draw

        files = write_figure(out, name, draw(name), force)
    if json:
        print(json_text({**told, "figure": list(map(str, files))}), end="")
    else:
        print(_told(name, told))
        print("\n".join(["", *map(str, files)]) if files else "", end="\n" if files else "")


def _told(name: str, told: Row) -> str:
    from racemate.evidence.library import library
    from racemate.evidence.record import Parameter as Pooled

    known = library()
    one = known.number(name)
    about = "; ".join(f"{field} {word}" for field, word in (("drug", one.drug), ("target", one.target)) if word)
    lines = [
        f"{bold(one.name)}  {one.label}" + (f" ({about})" if about else ""),
        _prior(one, told["prior"]) if isinstance(one, Pooled) else f"no link reads it; it bears on {told['link']}",
    ]
    rows = [
        (
            _claim(claim, one.unit),
            claim.how + (" !" if claim.doubtful else ""),
            claim.source,
            "; ".join(word for word in (claim.place, _system(claim)) if word),
        )
        for claim in one.claims
    ]
    lines += ["", columns(("claim", "how", "source", "place; system"), rows, "  ")]
    notes = [f"{claim.source or claim.how}: {claim.note}" for claim in one.claims if claim.note]
    if isinstance(one, Pooled) and one.prefer:
        notes.append(f"preferred: {one.prefer}")
    if notes:
        lines += ["", "Notes:", *(paragraph(f"- {line}", "  ") for line in notes)]
    cited = [known.sources[source].citation for source in one.sources if source in known.sources]
    lines += ["", "Sources:", *(paragraph(f"- {line}", "  ") for line in cited)] if cited else []
    lines += ["", "It stands in:", *(f"  {file}" for file in told["files"])]
    return "\n".join(lines)


def _prior(one: Pooled, prior: Row) -> str:
    ends = "" if prior["interval95"] is None else f", 95 % {_range(*prior['interval95'])}"
    median = f"median {_numbers(prior['median'])} {one.unit}{ends}"
    return f"prior: {prior['law']}, {median}; pooled by {one.pool}; differs by {one.vary}"


def _system(claim: Claim) -> str:
    return ", ".join(filter(None, (claim.species, claim.system, claim.population)))


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _numbers(value: Any) -> str:
    return ", ".join(f"{one:.4g}" for one in value) if isinstance(value, tuple | list) else f"{value:.4g}"


def _range(low: Any, high: Any) -> str:
    if low is None:
        return ""
    if isinstance(low, list):
        return ", ".join(_range(start, end) for start, end in zip(low, high, strict=True))
    return f"{low:.3g} to {high:.3g}"


def _claim(claim: Claim, unit: str) -> str:
    spread = claim.spread
    wide = f" ({spread.kind} {spread.value:g})" if spread.value is not None else ""
    ends = (
        f" ({spread.kind} {spread.low:g} to {spread.high:g})"
        if spread.low is not None and spread.high is not None
        else ""
    )
    return f"{_numbers(claim.value)} {claim.unit or unit}" + wide + ends + ("" if claim.pooled else " [beside]")
